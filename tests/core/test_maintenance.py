"""What is closed answers 503 within two seconds and refuses writes; with another database in its place nothing of the old one is remembered."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import httpx
import psycopg
import pytest
from psycopg import sql

from gencharge.backups import crud
from gencharge.core.database_urls import with_database
from gencharge.core.postgres import maintenance
from gencharge.core.postgres.database import Database
from gencharge.core.postgres.maintenance import Maintenance, comment_of, journal_of
from gencharge.core.settings import Settings
from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.core.values.ids import new_id
from gencharge.operators.service import Operators
from gencharge.sessions import service as sessions
from gencharge.sessions.gate import Gate
from tests.make.factories import headers_for
from tests.make.processes import another_process, seconds_until

CLOSED = {"step": "closed", "closed": True}


def note(settings: Settings, journal: dict[str, Any] | None) -> None:
    comment = sql.Literal(comment_of(journal)) if journal is not None else sql.SQL("NULL")
    statement = sql.SQL("COMMENT ON DATABASE {} IS {}")
    with psycopg.connect(settings.migration_url, dbname="postgres", autocommit=True) as connection:
        connection.execute(statement.format(sql.Identifier(settings.database_name), comment))


def answers(client: httpx.AsyncClient, path: str, status: int) -> Callable[[], Awaitable[bool]]:
    async def asked() -> bool:
        return (await client.get(path)).status_code == status

    return asked


async def test_every_process_is_closed_within_two_seconds_and_open_again(settings: Settings) -> None:
    async with another_process(settings) as (_, one), another_process(settings) as (_, other):
        assert (await one.get("/v1/operators")).status_code == 200
        note(settings, CLOSED)
        try:
            began = time.monotonic()
            for client in (one, other):
                await seconds_until(answers(client, "/v1/operators", 503), at_most=2.0)
            assert time.monotonic() - began < 10
            refused = await one.get("/v1/operators", headers={"Accept-Language": "hi"})
            assert refused.json()["code"] == "maintenance"
            assert "रखरखाव" in refused.json()["detail"]
            assert refused.headers["Retry-After"] == "60"
            assert (await one.get("/health/live")).status_code == 200
            assert (await one.get("/health/ready")).status_code == 503
            assert (await one.post("/auth/login", json={})).json()["code"] == "maintenance"
        finally:
            note(settings, None)
        await seconds_until(answers(one, "/v1/operators", 200), at_most=2.0)


async def test_a_process_that_starts_while_it_is_closed_closes(settings: Settings) -> None:
    note(settings, CLOSED)
    try:
        async with another_process(settings) as (_, client):
            await seconds_until(answers(client, "/v1/operators", 503), at_most=2.0)
        waiting = asyncio.create_task(maintenance.wait_until_open(settings))
        await asyncio.sleep(1)
        assert not waiting.done()
    finally:
        note(settings, None)
    await asyncio.wait_for(waiting, 10)


async def test_a_step_of_a_restore_before_it_closes_closes_nothing(settings: Settings) -> None:
    note(settings, {"step": "filling", "closed": False})
    try:
        async with another_process(settings) as (_, client):
            await asyncio.sleep(1.2)
            assert (await client.get("/v1/operators")).status_code == 200
    finally:
        note(settings, None)


@pytest.mark.parametrize("comment", [None, "", "the shop", "gencharge restore {", "gencharge"])
def test_another_comment_is_no_journal(comment: str | None) -> None:
    assert journal_of(comment) == {}


def test_a_journal_is_read_as_it_was_written() -> None:
    assert journal_of(comment_of(CLOSED)) == CLOSED


async def test_another_database_in_its_place_is_noticed_and_nothing_of_the_old_one_is_remembered(
    settings: Settings,
) -> None:
    """The copy has the same versions of everything, and a cut-off of the sessions."""
    own = f"place_{settings.database_name}"
    aside, copy = f"aside_{own}", f"copy_{own}"
    url = settings.migration_url
    placed = settings.model_copy(update={"database_url": with_database(settings.postgres_url, own)})
    with crud.connected(url, "postgres", autocommit=True) as connection:
        for name in (own, copy, aside):
            crud.drop_database(connection, name)
        crud.end_sessions(connection, settings.database_name)
        for name in (own, copy):
            template = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
            connection.execute(template.format(sql.Identifier(name), sql.Identifier(settings.database_name)))
    token = headers_for(placed, new_id())
    try:
        async with another_process(placed) as (app, client):
            assert (await client.get("/v1/notifications", headers=token)).status_code == 200
            before: tuple[Stores, object, Gate] = (app.state.stores, Operators.of(app), Gate.of(app))
            database = Database(
                placed.model_copy(update={"database_url": with_database(settings.postgres_url, copy)})
            )
            later = clock.now() + timedelta(seconds=2)
            await database.run(lambda db: sessions.end_all_issued_before(db, later, reason="restored"))
            await database.close()
            crud.rename_databases(url, [(own, aside), (copy, own)])

            async def refused() -> bool:
                answer = await client.get("/v1/notifications", headers=token)
                return answer.status_code == 401 and answer.json()["code"] == "session_ended"

            await seconds_until(refused, at_most=8.0)

            async def replaced() -> bool:
                return app.state.stores is not before[0]

            # What it held before may hear of the cut-off, too, from the copy, and refuse while it is on its way out.
            await seconds_until(replaced, at_most=8.0)
            assert Operators.of(app) is not before[1]
            assert Gate.of(app) is not before[2]
            # A token states its instant in whole seconds: one of the cut-off's own second is refused, too.
            while clock.now() < later + timedelta(seconds=1):
                await asyncio.sleep(0.1)
            fresh = headers_for(placed, new_id())
            assert (await client.get("/v1/notifications", headers=fresh)).status_code == 200
    finally:
        with crud.connected(url, "postgres", autocommit=True) as connection:
            for name in (own, copy, aside):
                crud.drop_database(connection, name)


async def test_what_is_called_is_called_once_for_each_change(settings: Settings) -> None:
    calls = list[str]()

    async def on_close() -> None:
        calls.append("closed")

    watching = asyncio.create_task(Maintenance().watch(settings, on_close=on_close))
    try:
        note(settings, CLOSED)
        await asyncio.sleep(1.5)
        assert calls == ["closed"]
    finally:
        note(settings, None)
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)
