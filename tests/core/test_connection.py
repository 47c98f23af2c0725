"""Statements are bounded at our end: a server that stands still is a 503, and all is well once it goes on."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import asyncpg
import pytest
from asyncpg.prepared_stmt import PreparedStatement
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, ProgrammingError
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.core.errors import DatabaseUnavailable
from gencharge.core.postgres import connection as module
from gencharge.core.postgres import session
from gencharge.core.postgres.connection import LONG_STATEMENT_SECONDS, BoundedConnection
from gencharge.core.postgres.database import Database, read_one_snapshot
from gencharge.core.settings import Settings
from gencharge.core.sockets import socket_folder
from tests.make.frozen_line import FrozenLine
from tests.make.processes import within

BOUND = 0.6
ONE = text("SELECT 1")


def socket_of(settings: Settings) -> str:
    """The path of PostgreSQL's socket."""
    return str(socket_folder(settings.data_dir) / ".s.PGSQL.5432")


@pytest.fixture
async def line(settings: Settings) -> AsyncIterator[FrozenLine]:
    async with FrozenLine(socket_of(settings)) as line:
        yield line


@pytest.fixture
async def database(settings: Settings, line: FrozenLine) -> AsyncIterator[Database]:
    """Over the line, with one connection for each of the two ways, and little patience."""
    name = settings.postgres_url.partition("?")[0].rpartition("/")[2]
    values: dict[str, Any] = {
        "database_url": f"postgresql://gencharge@127.0.0.1:{line.port}/{name}",
        "database_pool_size": 1,
        "database_fast_pool_size": 1,
        "database_pool_timeout_seconds": 0.5,
    }
    database = Database(settings.model_copy(update=values), command_seconds=BOUND)
    yield database
    await database.close()


async def test_the_first_look_at_a_new_connection_waits_once_for_a_server_that_stands_still(
    settings: Settings, line: FrozenLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It once waited as long again for the ROLLBACK, so that a sign-in was answered after 7 s."""
    name = settings.postgres_url.partition("?")[0].rpartition("/")[2]
    connection = await asyncpg.connect(
        f"postgresql://gencharge@127.0.0.1:{line.port}/{name}",
        connection_class=BoundedConnection,
        command_timeout=BOUND,
    )
    prepare = asyncpg.Connection.prepare

    async def frozen(self: Any, *arguments: Any, **named: Any) -> Any:
        line.freeze()
        return await prepare(self, *arguments, **named)

    monkeypatch.setattr(BoundedConnection, "prepare", frozen)
    async with within(1.5 * BOUND):
        with pytest.raises(TimeoutError):
            await session.differences(connection, {})
    assert connection.is_closed()


Way = Callable[[Database], Awaitable[object]]


async def _fast(database: Database) -> object:
    return await database.fetch_row("SELECT 1")


async def _session(database: Database) -> object:
    return await database.run(lambda db: db.execute(ONE))


@pytest.mark.parametrize("way", [_fast, _session])
async def test_a_connection_that_swallows_packets_is_503_in_time_and_well_after_the_thaw(
    database: Database, line: FrozenLine, way: Way
) -> None:
    await way(database)
    line.freeze()
    began_at = time.monotonic()
    with pytest.raises(DatabaseUnavailable, match="not known whether") as given_up:
        await way(database)
    assert given_up.value.status == 503
    # The connection is gone, so the next caller waits for a new one, not for that.
    with pytest.raises(DatabaseUnavailable):
        await way(database)
    assert time.monotonic() - began_at < 2 * BOUND + 2
    line.thaw()
    await way(database)


async def test_a_server_that_freezes_before_the_commit_is_503_and_its_outcome_unknown(
    database: Database, line: FrozenLine
) -> None:
    async def unit(db: AsyncSession) -> None:
        await db.execute(ONE)
        line.freeze()

    began_at = time.monotonic()
    with pytest.raises(DatabaseUnavailable, match="not known whether"):
        await database.run(unit)
    assert time.monotonic() - began_at < BOUND + 2
    line.thaw()
    await _session(database)


async def test_a_request_that_is_cancelled_while_the_server_stands_still_gives_its_place_back(
    database: Database, line: FrozenLine
) -> None:
    await _fast(database)
    line.freeze()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.1):
            await _fast(database)
    line.thaw()
    assert await _fast(database) is not None


async def test_statements_on_one_snapshot_may_take_long_and_the_next_ones_not(database: Database) -> None:
    async def long(db: AsyncSession) -> str:
        await read_one_snapshot(db)
        await db.execute(text(f"SELECT pg_sleep({BOUND + 0.3})"))
        timeout: str = (await db.execute(text("SHOW statement_timeout"))).scalar_one()
        return timeout

    assert await database.run(long) == f"{LONG_STATEMENT_SECONDS // 3600}h"
    async with database.engine.connect() as connection:
        driver = (await connection.get_raw_connection()).driver_connection
        assert driver._config.command_timeout == BOUND
    with pytest.raises(DatabaseUnavailable):
        await database.run(lambda db: db.execute(text("SELECT pg_sleep(2)")))
    await _session(database)


@pytest.mark.parametrize("way", [_fast, _session])
async def test_an_answer_that_asyncpg_cannot_place_is_503_and_the_connection_goes(
    database: Database, line: FrozenLine, way: Way, monkeypatch: pytest.MonkeyPatch
) -> None:
    await way(database)
    error = asyncpg.InternalClientError("cannot switch to state 12; another operation (2) is in progress")

    async def fail(*_: object, **__: object) -> None:
        raise error

    with monkeypatch.context() as broken:
        broken.setattr(BoundedConnection, "fetchrow", fail)
        broken.setattr(PreparedStatement, "fetch", fail)
        with pytest.raises(DatabaseUnavailable, match="not known whether"):
            await way(database)
    before = line.connections
    await way(database)
    assert line.connections == before + 1


async def test_other_errors_keep_the_connection(database: Database, line: FrozenLine) -> None:
    await _session(database)
    with pytest.raises(ProgrammingError) as wrong:
        await database.run(lambda db: db.execute(text("SELECT * FROM nowhere")))
    assert isinstance(wrong.value, DBAPIError)
    assert not module.is_given_up(wrong.value)
    before = line.connections
    await _session(database)
    assert line.connections == before


async def test_tcp_gives_a_connection_up_whose_packets_nobody_acknowledges(database: Database) -> None:
    async with database.engine.connect() as connection:
        driver = (await connection.get_raw_connection()).driver_connection
        assert isinstance(driver, BoundedConnection)
        line = driver._transport.get_extra_info("socket")
        assert line.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == module.UNACKNOWLEDGED_MS


async def test_a_statement_ends_at_the_server_before_we_give_it_up(settings: Settings) -> None:
    for command_seconds, expected in ((2.0, "1800ms"), (None, "15s")):
        database = Database(settings, command_seconds=command_seconds)
        try:
            row = await database.fetch_row("SHOW statement_timeout")
            assert row == (expected,)
        finally:
            await database.close()


async def test_a_transaction_may_take_an_hour_at_both_ends_and_the_next_one_on_the_connection_may_not(
    settings: Settings,
) -> None:
    database = Database(settings, command_seconds=2.0)

    async def bounds(*, is_long: bool) -> tuple[str, float]:
        async with database.transaction() as db:
            if is_long:
                await module.allow_long_statements(db)
            driver = (await (await db.connection()).get_raw_connection()).driver_connection
            assert isinstance(driver, BoundedConnection)
            return await db.scalar(text("SHOW statement_timeout")), driver._config.command_timeout

    try:
        assert await bounds(is_long=False) == ("1800ms", 2.0)
        assert await bounds(is_long=True) == ("1h", LONG_STATEMENT_SECONDS + module.MARGIN_SECONDS)
        assert await bounds(is_long=False) == ("1800ms", 2.0)
    finally:
        await database.close()
