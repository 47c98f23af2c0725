"""Which URLs of Redis are understood, and what is said of the others."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from gencharge.core import redis_urls
from gencharge.core.redis_urls import Watched
from gencharge.core.settings import Settings


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("redis://localhost:6379/0", None),
        ("rediss://user:p%40ss@cache.example.in", None),
        ("unix:///run/redis.sock?db=3", None),
        ("redis+sentinel://one,two:26380/main", Watched((("one", 26379), ("two", 26380)), "main")),
        (
            "rediss+sentinel://app:p%40ss@[::1]:1,b:2/ma%20in/7?sentinel_username=s&sentinel_password=w&ssl_ca_certs=/ca.pem",
            Watched(
                (("::1", 1), ("b", 2)), "ma in", 7, "app", "p@ss", "s", "w", tls=True, authority="/ca.pem"
            ),
        ),
        ("redis+sentinel://:secret@one/main/", Watched((("one", 26379),), "main", password="secret")),
    ],
)
def test_a_server_is_named_or_those_who_watch_it(url: str, expected: Watched | None) -> None:
    assert redis_urls.watched(url) == expected


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("localhost:6379", "begins with redis://"),
        ("http://localhost", "begins with redis://"),
        ("redis+cluster://one,two", "begins with redis://"),
        ("redis://one:6379,two:6379/0", "Redis Cluster is not supported"),
        ("redis://one:port/0", "a port from 1 to 65535"),
        ("redis+sentinel://one,two", "the name of the master is missing"),
        ("redis+sentinel://one:70000/main", "a port from 1 to 65535"),
        ("redis+sentinel://one:0/main", "a port from 1 to 65535"),
        ("redis+sentinel://one,,two/main", "hosts with a port"),
        ("redis+sentinel:///main", "hosts with a port"),
        ("redis+sentinel://one/main/x", "the number of the database"),
        ("redis+sentinel://one/main?ssl_ca_certs=/ca.pem", "ssl_ca_certs belongs to rediss"),
        ("redis+sentinel://one/main?db=3", "sentinels know no db"),
    ],
)
def test_any_other_url_is_refused_with_what_would_be_right(url: str, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        redis_urls.watched(url)
    with pytest.raises(ValidationError, match=f"REDIS_URL: .*{problem}"):
        Settings(_env_file=None, redis_url=url)  # type: ignore[call-arg]


def test_no_password_is_shown() -> None:
    shown = repr(redis_urls.watched("redis+sentinel://a:hidden@one/main?sentinel_password=hidden"))
    assert "hidden" not in shown
