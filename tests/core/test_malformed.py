"""What is refused whatever the route: repeated headers and parameters, NUL characters, foreign hosts."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest

from gencharge.core.http.malformed import Hosts, problem_of
from gencharge.core.settings import Environment, Settings


def verdict(
    settings: Settings,
    *,
    path: str = "/v1/plans",
    query: bytes = b"",
    headers: Iterable[tuple[bytes, bytes]] = (),
) -> Any:
    """The problem's code, its fields and their codes; None if the request is fine."""
    entries = [(b"host", b"127.0.0.1:8000"), *headers]
    scope = {"path": path, "query_string": query, "headers": entries}
    problem = problem_of(scope, dict(entries), Hosts(settings))
    if problem is None:
        return None
    return problem.code(), [(entry["field"], entry["code"]) for entry in problem.errors or ()]


@pytest.mark.parametrize(
    ("query", "errors"),
    [
        (b"limit=1&limit=1", [("query.limit", "repeated")]),
        (b"limit=1&cursor=a&%6Cimit=2", [("query.limit", "repeated")]),
        (b"a=1&a=&b=2&b", [("query.a", "repeated"), ("query.b", "repeated")]),
        (b"search=a%00b", [("query.search", "text")]),
        (b"a%00=1&c=%00", [("query.a", "text"), ("query.c", "text")]),
    ],
)
def test_repeated_parameters_and_nul_characters_are_refused(
    settings: Settings, query: bytes, errors: list[tuple[str, str]]
) -> None:
    assert verdict(settings, query=query) == ("validation_failed", errors)


@pytest.mark.parametrize("query", [b"", b"limit=1", b"limit=1&cursor=limit", b"a=b=c&d=&e=%26a", b"&&"])
def test_ordinary_queries_pass(settings: Settings, query: bytes) -> None:
    assert verdict(settings, query=query) is None


def test_a_nul_character_in_the_path_is_refused(settings: Settings) -> None:
    assert verdict(settings, path="/v1/recharge/by-key/a\0b") == ("validation_failed", [("path", "text")])


@pytest.mark.parametrize("name", ["Idempotency-Key", "Authorization", "Content-Type", "Host"])
def test_headers_of_which_one_would_be_ignored_may_come_once(settings: Settings, name: str) -> None:
    entry = (name.lower().encode(), b"same")
    assert verdict(settings, headers=[entry, entry]) == (
        "bad_request",
        [(f"header.{name}", "repeated")],
    )


def test_headers_that_are_lists_may_come_again(settings: Settings) -> None:
    entries = [(name, b"a") for name in (b"accept", b"cookie", b"if-none-match", b"x-forwarded-for")]
    assert verdict(settings, headers=[*entries, *entries]) is None


@pytest.mark.parametrize(
    ("overrides", "host", "admitted"),
    [
        ({"environment": Environment.DEVELOPMENT}, "localhost:8000", True),
        ({"environment": Environment.DEVELOPMENT}, "LocalHost", True),
        ({"environment": Environment.DEVELOPMENT}, "app.localhost:8000", True),
        ({"environment": Environment.DEVELOPMENT}, "127.0.0.1:8000", True),
        ({"environment": Environment.DEVELOPMENT}, "[::1]:8000", True),
        ({"environment": Environment.DEVELOPMENT}, "192.168.1.7", True),
        ({"environment": Environment.DEVELOPMENT, "host": "box.lan"}, "box.lan:8000", True),
        # A page of evil.example that had its name point to 127.0.0.1 (DNS rebinding).
        ({"environment": Environment.DEVELOPMENT}, "evil.example:8000", False),
        ({"environment": Environment.DEVELOPMENT}, "127.0.0.1.evil.example", False),
        ({"environment": Environment.DEVELOPMENT}, "", False),
        ({"allowed_hosts": ["api.example.in"]}, "api.example.in", True),
        ({"allowed_hosts": ["api.example.in"]}, "API.example.in:443", True),
        ({"allowed_hosts": ["api.example.in"]}, "api.example.in.:443", True),
        ({"allowed_hosts": ["api.example.in"]}, "evil.example", False),
        ({"allowed_hosts": ["api.example.in"]}, "127.0.0.1", False),
        ({"allowed_hosts": ["*"], "environment": Environment.DEVELOPMENT}, "evil.example", True),
        ({"environment": Environment.PRODUCTION}, "any.example", True),
    ],
)
def test_only_known_hosts_are_answered(
    settings: Settings, overrides: dict[str, Any], host: str, admitted: bool
) -> None:
    hosts = Hosts(settings.model_copy(update=overrides))
    assert hosts.admit(host.encode(), "/v1/plans") is admitted
    assert hosts.admit(host.encode(), "/v1/plans") is admitted, "the second time, too"


def test_probes_and_prometheus_may_call_a_process_by_its_address(settings: Settings) -> None:
    own = {"allowed_hosts": ["api.example.in"], "environment": Environment.PRODUCTION}
    production = settings.model_copy(update=own)
    assert verdict(production, path="/health/ready") is None
    assert verdict(production, path="/metrics") is None
    assert verdict(production) == ("host_not_allowed", [])
    # Without a token anybody may read them there, so a page of another site could.
    development = production.model_copy(update={"environment": Environment.DEVELOPMENT})
    assert verdict(development, path="/health/ready") is None
    assert verdict(development, path="/metrics") == ("host_not_allowed", [])
