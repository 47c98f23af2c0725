"""One meaning for a URL of PostgreSQL, whichever driver reads it."""

from __future__ import annotations

import pytest
from asyncpg.connect_utils import _parse_connect_dsn_and_args
from psycopg.conninfo import conninfo_to_dict
from pydantic import ValidationError

from gencharge.core import database_urls
from gencharge.core.settings import Settings

BOTH = "postgresql://u:p%40ss@/db?host=h1,h2&port=5511,5512&target_session_attrs=primary"


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("", ""),
        ("postgresql://u@h/db", "postgresql://u@h/db"),
        ("postgresql+asyncpg://u@h:5433/db?sslmode=require", "postgresql://u@h:5433/db?sslmode=require"),
        ("postgres://u@h/db", "postgresql://u@h/db"),
        ("postgresql:///db", "postgresql:///db"),
        ("postgresql://u@/db?host=%2Ftmp%2Fx", "postgresql://u@/db?host=%2Ftmp%2Fx"),
        ("postgresql://u:p%40ss@h1:5511,h2:5512/db", BOTH),
        ("postgresql+asyncpg://u:p%40ss@/db?host=h1:5511&host=h2:5512", BOTH),
        ("postgresql://u:p%40ss@/db?host=h1,h2&port=5511,5512", BOTH),
        (
            "postgresql://u@h1,h2/db?target_session_attrs=any",
            "postgresql://u@/db?host=h1,h2&port=5432,5432&target_session_attrs=any",
        ),
        (
            "postgresql://u@[::1]:5433,[::2]/db",
            "postgresql://u@/db?host=%3A%3A1,%3A%3A2&port=5433,5432&target_session_attrs=primary",
        ),
        (
            "postgresql://u@/db?host=h1,h2&port=5433",
            "postgresql://u@/db?host=h1,h2&port=5433,5433&target_session_attrs=primary",
        ),
    ],
)
def test_each_usual_form_becomes_the_one_that_all_drivers_read(written: str, meant: str) -> None:
    normal = database_urls.normal(written)
    assert normal == meant
    assert database_urls.normal(normal) == normal


@pytest.mark.parametrize(
    "written",
    [
        "postgresql://u:p%40ss@h1:5511,h2:5512/db",
        "postgresql+asyncpg://u:p%40ss@/db?host=h1:5511&host=h2:5512",
        "postgresql://u:p%40ss@/db?host=h1,h2&port=5511,5512",
    ],
)
def test_both_drivers_see_the_same_servers(written: str) -> None:
    normal = database_urls.normal(written)
    seen = conninfo_to_dict(normal)
    assert (seen["host"], seen["port"], seen["dbname"]) == ("h1,h2", "5511,5512", "db")
    assert (seen["user"], seen["password"]) == ("u", "p@ss")
    addresses, parameters, *_ = _parse_connect_dsn_and_args(
        dsn=normal,
        host=None,
        port=None,
        user=None,
        password=None,
        passfile=None,
        database=None,
        ssl=None,
        service=None,
        servicefile=None,
        direct_tls=None,
        server_settings=None,
        target_session_attrs=None,
        krbsrvname=None,
        gsslib=None,
    )
    assert addresses == [("h1", 5511), ("h2", 5512)]
    assert parameters.target_session_attrs.value == "primary"


@pytest.mark.parametrize(
    ("written", "problem"),
    [
        ("mysql://u@h/db", "begins with postgresql://"),
        ("h1:5432", "begins with postgresql://"),
        ("postgresql://u@h1:5432,h2:x/db", "ports from 1 to 65535"),
        ("postgresql://u@h1:0/db", "ports from 1 to 65535"),
        ("postgresql://u@h1,,h2/db", "a host in each place"),
        ("postgresql://u@/db?host=h1,h2,h3&port=1,2", "3 hosts have 2 ports"),
        ("postgresql://u@/db?host=h1:1,h2:2&port=1,2", "not in both"),
        ("postgresql://u@h1/db?host=h2", "not both"),
        ("postgresql://u@/db?host=h1,", "in each place of host="),
        ("postgresql://u@[::1/db", "IPv6"),
    ],
)
def test_what_has_no_one_meaning_is_refused_with_what_would_be_right(written: str, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        database_urls.normal(written)
    with pytest.raises(ValidationError, match="DATABASE_URL: ") as refused:
        Settings(_env_file=None, database_url=written)  # type: ignore[call-arg]
    assert problem in str(refused.value)


def test_a_replica_of_several_hosts_is_a_standby_if_there_is_one() -> None:
    settings = Settings(_env_file=None, database_replica_url="postgresql://u@h1,h2/db")  # type: ignore[call-arg]
    assert settings.replica_url.endswith("target_session_attrs=prefer-standby")


def test_a_worker_has_a_database_url_of_its_own() -> None:
    direct = "postgresql://u@direct/db"
    settings = Settings(_env_file=None, database_url="postgresql://u@pooler/db", worker_database_url=direct)  # type: ignore[call-arg]
    assert settings.postgres_url == "postgresql://u@pooler/db"
    assert settings.for_worker().postgres_url == direct
    assert settings.for_worker().for_worker().postgres_url == direct


def test_another_database_of_the_same_servers() -> None:
    url = database_urls.normal("postgresql://u@h1,h2/db")
    assert database_urls.with_database(url, "other") == url.replace("/db?", "/other?")
