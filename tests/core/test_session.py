"""A session that is not as it was asked for is seen at once: refused in production, told of in development."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from sqlalchemy import text

from gencharge.core.postgres import session
from gencharge.core.postgres.database import Database, DatabaseReadOnly
from gencharge.core.settings import Environment, Settings
from gencharge.core.stores.stores import Stores
from gencharge.run import database_login
from tests.make.pooler import forgetful_proxy, pgbouncer, pgbouncer_version

needs_pgbouncer = pytest.mark.skipif(
    not (shutil.which("pgbouncer") or shutil.which("pgbouncer", path="/usr/sbin")),
    reason="PgBouncer is in no registry of Python packages; install it, and this runs",
)


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that another user can reach."""
    folder = Path(tempfile.mkdtemp(prefix="gencharge-pooler-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


def at(settings: Settings, url: str, **more: object) -> Settings:
    return settings.model_copy(update={"database_url": url, **more})


def in_production(settings: Settings, url: str) -> Settings:
    return at(settings, url, environment=Environment.PRODUCTION)


async def both_pools(settings: Settings) -> None:
    """Use a connection of each pool."""
    database = Database(settings)
    try:
        async with database.transaction() as db:
            await db.execute(text("SELECT 1"))
        await database.fetch_row("SELECT 1")
    finally:
        await database.close()


async def test_a_session_that_is_as_it_was_asked_for_is_used(settings: Settings) -> None:
    await both_pools(in_production(settings, settings.postgres_url))
    assert await database_login._session_problem(settings) is None


async def test_production_uses_no_session_whose_role_and_time_outs_were_dropped(settings: Settings) -> None:
    async with forgetful_proxy(settings) as url:
        with pytest.raises(session.SessionNotOurs):
            await both_pools(in_production(settings, url))
        database = Database(in_production(settings, url))
        with pytest.raises(session.SessionNotOurs):
            await database.fetch_row("SELECT 1")
        await database.close()
        # Nothing was sent but the question.
        await both_pools(at(settings, url))


async def test_the_start_says_what_was_dropped_and_what_to_do(settings: Settings) -> None:
    async with forgetful_proxy(settings) as url:
        problem = await database_login._session_problem(at(settings, url)) or ""
    role = settings.database_app_role
    assert f"role is gencharge, not {role}, lock_timeout is 0, not 2000" in problem
    assert "statement_timeout is 0, not 15000" in problem
    assert "docs/how-to/poolers.md" in problem


@pytest.mark.parametrize(
    ("actual", "asked", "fits"),
    [
        ("2s", "2000", True),
        ("1min", "60000", True),
        ("3150ms", "3150", True),
        ("3150ms", "15000", True),
        ("1d", "86400000", True),
        ("0", "2000", False),
        ("2001ms", "2000", False),
    ],
)
def test_a_time_out_may_be_shorter_and_not_longer_or_off(actual: str, asked: str, fits: bool) -> None:
    assert session._fits("lock_timeout", actual, asked) is fits


async def test_a_server_that_takes_no_writes_is_not_ready(stores: Stores, settings: Settings) -> None:
    await stores.database.ping()

    class Stale(Database):
        def connect_options(self, **more: str) -> dict[str, Any]:
            return super().connect_options(default_transaction_read_only="on", **more)

    database = Stale(settings)
    try:
        with pytest.raises(DatabaseReadOnly):
            await database.ping()
    finally:
        await database.close()


QUERY = (
    "SET role=gencharge_app; SET lock_timeout=2000; SET statement_timeout=15000; SET timezone=''UTC'';"
    " SET idle_in_transaction_session_timeout=30000; SET jit=off"
)


@needs_pgbouncer
async def test_pgbouncer_with_its_defaults_is_refused_in_one_line(
    settings: Settings, open_folder: Path
) -> None:
    async with pgbouncer(open_folder, settings, ignore=False) as url:
        problem = await database_login._session_problem(at(settings, url)) or ""
    assert "unsupported startup parameter" in problem
    assert "poolers.md" in problem


@needs_pgbouncer
async def test_pgbouncer_that_drops_the_role_is_refused(settings: Settings, open_folder: Path) -> None:
    async with pgbouncer(open_folder, settings) as url:
        problem = await database_login._session_problem(at(settings, url)) or ""
        assert "role is gencharge, not gencharge_app" in problem
        with pytest.raises(session.SessionNotOurs):
            await both_pools(in_production(settings, url))


@needs_pgbouncer
async def test_pgbouncer_as_documented_works_without_kept_statements(
    settings: Settings, open_folder: Path
) -> None:
    async with pgbouncer(open_folder, settings, connect_query=QUERY) as url:
        without = at(settings, url, database_statement_cache_size=0)
        assert await database_login._session_problem(without) is None
        first, second = (Database(without) for _ in range(2))
        for number in range(20):
            for database in (first, second):
                async with database.transaction() as db:
                    assert await db.scalar(text("SELECT :number"), {"number": str(number)}) == str(number)
                    assert await db.scalar(text("SELECT current_user")) == "gencharge_app"
                row = await database.fetch_row("SELECT $1::int AS number", number)
                assert row is not None
                assert row["number"] == number
        await first.close()
        await second.close()


@needs_pgbouncer
async def test_kept_statements_behind_an_old_pgbouncer_are_refused(
    settings: Settings, open_folder: Path
) -> None:
    async with pgbouncer(open_folder, settings, connect_query=QUERY) as url:
        one = await asyncpg.connect(url)
        assert await session.is_pooled(one)
        await one.close()
        problem = await database_login._session_problem(at(settings, url)) or ""
    # PgBouncer 1.21 keeps the statements of its clients apart.
    assert ("DATABASE_STATEMENT_CACHE_SIZE=0" in problem) is (pgbouncer_version() < (1, 21))


async def test_a_direct_connection_is_not_pooled(settings: Settings) -> None:
    one = await asyncpg.connect(settings.postgres_url)
    assert not await session.is_pooled(one)
    await one.close()
