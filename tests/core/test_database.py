"""Transactions at the edge: committed before the answer, run again when PostgreSQL gives them up, 503 when it is away."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import DateTime, insert, select, text
from sqlalchemy.exc import DBAPIError, IntegrityError, ProgrammingError
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.core.errors import DatabaseUnavailable
from gencharge.core.http import edge, web
from gencharge.core.postgres import database as database_module
from gencharge.core.postgres.database import ATTEMPTS, Base, Database, Db, ResourceLocked, WriteConflict
from gencharge.core.settings import Settings
from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.core.values.ids import new_id
from gencharge.plans.models import PlanGroup

ABORT = "DO $$ BEGIN RAISE EXCEPTION 'try again' USING ERRCODE = '{}'; END $$"
NEW_WALLET = text("INSERT INTO wallets (user_id) VALUES (:user)")


async def has_wallet(stores: Stores, user: UUID) -> bool:
    row = await stores.database.fetch_row("SELECT 1 FROM wallets WHERE user_id = $1", user)
    return row is not None


@pytest.mark.parametrize("state", ["40001", "40P01"])
async def test_a_unit_that_postgresql_gives_up_is_run_again_as_a_whole(stores: Stores, state: str) -> None:
    user, runs = uuid4(), 0

    async def unit(db: AsyncSession) -> int:
        nonlocal runs
        runs += 1
        await db.execute(NEW_WALLET, {"user": user})
        if runs < 3:
            await db.execute(text(ABORT.format(state)))
        return runs

    assert await stores.database.run(unit) == 3
    assert await has_wallet(stores, user)


async def test_a_unit_is_tried_five_times_and_then_answered_with_503_and_nothing_changed(
    stores: Stores,
) -> None:
    user, runs = uuid4(), 0

    async def unit(db: AsyncSession) -> None:
        nonlocal runs
        runs += 1
        await db.execute(NEW_WALLET, {"user": user})
        await db.execute(text(ABORT.format("40001")))

    with pytest.raises(WriteConflict) as refused:
        await stores.database.run(unit)
    assert (runs, refused.value.status, refused.value.headers["Retry-After"]) == (ATTEMPTS, 503, "1")
    assert not await has_wallet(stores, user)


async def test_two_units_that_deadlock_both_succeed(stores: Stores) -> None:
    one, two = uuid4(), uuid4()
    async with stores.database.transaction() as db:
        for user in (one, two):
            await db.execute(NEW_WALLET, {"user": user})
    met = asyncio.Barrier(2)

    async def cross(first: UUID, second: UUID) -> None:
        alone = False

        async def unit(db: AsyncSession) -> None:
            nonlocal alone
            update = text("UPDATE wallets SET posted = posted + 1 WHERE user_id = :user")
            await db.execute(update, {"user": first})
            if not alone:
                alone = True
                await met.wait()
            await db.execute(update, {"user": second})

        await stores.database.run(unit)

    await asyncio.gather(cross(one, two), cross(two, one))
    async with stores.database.transaction() as db:
        rows = await db.execute(
            text("SELECT posted FROM wallets WHERE user_id IN (:one, :two)"), {"one": one, "two": two}
        )
        assert [row.posted for row in rows] == [2, 2]


async def test_the_fast_path_tries_again_and_gives_up_in_the_same_way(
    stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits: list[int] = []

    async def note(attempt: int) -> None:
        waits.append(attempt)

    monkeypatch.setattr(database_module, "back_off", note)
    with pytest.raises(WriteConflict):
        await stores.database.fetch_row(ABORT.format("40001"))
    assert waits == [1, 2, 3, 4]


async def test_errors_that_are_nobodys_absence_stay_what_they_are(stores: Stores) -> None:
    import asyncpg

    with pytest.raises(asyncpg.UndefinedTableError):
        await stores.database.fetch_row("SELECT * FROM nowhere")
    with pytest.raises(ProgrammingError):
        await stores.database.run(lambda db: db.execute(text("SELECT * FROM nowhere")))
    user = uuid4()

    async def twice(db: AsyncSession) -> None:
        for _ in range(2):
            await db.execute(NEW_WALLET, {"user": user})

    with pytest.raises(IntegrityError):
        await stores.database.run(twice)
    assert not await has_wallet(stores, user)


def tight(settings: Settings, **overrides: Any) -> Database:
    """A database with the smallest pools and little patience."""
    values = {
        "database_pool_size": 1,
        "database_fast_pool_size": 1,
        "database_pool_timeout_seconds": 0.3,
        "database_lock_timeout_ms": 100,
        "database_statement_timeout_ms": 300,
    }
    return Database(settings.model_copy(update=values | overrides))


async def test_exhausted_pools_answer_503_quickly_and_recover(settings: Settings) -> None:
    database = tight(settings)
    try:

        async def linger(db: AsyncSession) -> None:
            await db.execute(text("SELECT pg_sleep(0.25)"))
            await asyncio.sleep(0.4)

        busy = [asyncio.create_task(database.run(linger)) for _ in range(2)]
        await asyncio.sleep(0.05)
        with pytest.raises(DatabaseUnavailable):
            await database.run(lambda db: db.execute(text("SELECT 1")))
        await asyncio.gather(*busy)
        await database.run(lambda db: db.execute(text("SELECT 1")))

        slow = [asyncio.create_task(database.fetch_row("SELECT pg_sleep(0.29)")) for _ in range(4)]
        results = await asyncio.gather(*slow, return_exceptions=True)
        assert any(isinstance(result, DatabaseUnavailable) for result in results)
        assert not any(
            isinstance(result, Exception) and not isinstance(result, DatabaseUnavailable)
            for result in results
        )
        assert await database.fetch_row("SELECT 1") is not None
    finally:
        await database.close()


async def test_a_statement_that_takes_too_long_is_503_and_a_lock_that_does_is_409(
    settings: Settings, stores: Stores
) -> None:
    database, user = tight(settings), uuid4()
    try:
        with pytest.raises(DatabaseUnavailable):
            await database.run(lambda db: db.execute(text("SELECT pg_sleep(1)")))
        await stores.database.run(lambda db: db.execute(NEW_WALLET, {"user": user}))
        async with stores.database.transaction() as holder:
            await holder.execute(text("SELECT FROM wallets WHERE user_id = :user FOR UPDATE"), {"user": user})
            with pytest.raises(ResourceLocked):
                await database.fetch_row("SELECT FROM wallets WHERE user_id = $1 FOR UPDATE", user)
    finally:
        await database.close()


async def test_a_server_that_is_not_there_is_503_for_both_ways(settings: Settings, tmp_path: Path) -> None:
    database = tight(
        settings, database_url=f"postgresql://gencharge@/x_test?host={tmp_path}", dev_fixed_otp=""
    )
    try:
        with pytest.raises(DatabaseUnavailable):
            await database.run(lambda db: db.execute(text("SELECT 1")))
        with pytest.raises(DatabaseUnavailable):
            await database.fetch_row("SELECT 1")
    finally:
        await database.close()


@pytest.fixture
async def shop(settings: Settings, stores: Stores) -> FastAPI:
    """An application with two routes: one writes, one is aborted twice by PostgreSQL before it writes."""
    app = FastAPI()
    app.state.stores = stores
    web.install(app)
    router = web.router("shop")
    app.state.runs = 0

    @router.post("/write/{user}", status_code=201)
    async def write(user: UUID, db: Db) -> dict[str, bool]:
        await db.execute(NEW_WALLET, {"user": user})
        return {"written": True}

    @router.post("/contended/{user}")
    async def contended(user: UUID, db: Db, body: dict[str, int]) -> dict[str, int]:
        app.state.runs += 1
        await db.execute(NEW_WALLET, {"user": user})
        if app.state.runs <= body["conflicts"]:
            await db.execute(text(ABORT.format("40001")))
        return {"runs": app.state.runs}

    @router.post("/late/{user}")
    async def late(user: UUID, db: Db) -> dict[str, bool]:
        await db.execute(NEW_WALLET, {"user": user})
        await db.execute(text("ALTER TABLE nowhere ADD x int"))
        return {}

    app.router.routes.extend(router.routes)
    app.add_middleware(edge.Edge, settings=settings, rooms=frozenset({"shop"}))
    return app


async def test_the_commit_is_before_the_first_byte_of_the_answer(shop: FastAPI, stores: Stores) -> None:
    """Looked at from inside ASGI `send`: an ordinary client can't see the difference."""
    user, seen = uuid4(), []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start":
            seen.append((message["status"], await has_wallet(stores, user)))

    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "POST",
        "path": f"/v1/shop/write/{user}",
        "raw_path": b"",
        "query_string": b"",
        "headers": [],
        "scheme": "http",
        "server": ("testserver", 80),
        "client": ("127.0.0.1", 1),
        "root_path": "",
        "app": shop,
    }
    await shop(scope, receive, send)
    assert seen == [(201, True)]


async def test_a_request_is_run_again_with_its_body_until_it_commits_or_five_times_have_failed(
    shop: FastAPI, stores: Stores
) -> None:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=shop), base_url="http://x") as client:
        user = uuid4()
        answer = await client.post(f"/v1/shop/contended/{user}", json={"conflicts": 2})
        assert (answer.status_code, answer.json()) == (200, {"runs": 3})
        assert await has_wallet(stores, user)
        shop.state.runs = 0
        user = uuid4()
        answer = await client.post(f"/v1/shop/contended/{user}", json={"conflicts": 99})
        assert (answer.status_code, answer.json()["code"]) == (503, "write_conflict")
        assert shop.state.runs == ATTEMPTS
        assert not await has_wallet(stores, user)


async def test_what_fails_late_leaves_nothing_behind_and_tells_nothing(shop: FastAPI, stores: Stores) -> None:
    user = uuid4()
    transport = httpx.ASGITransport(app=shop)
    async with httpx.AsyncClient(transport=transport, base_url="http://x") as client:
        answer = await client.post(f"/v1/shop/late/{user}")
    assert (answer.status_code, answer.json()["code"]) == (500, "internal_error")
    assert "nowhere" not in answer.text
    assert not await has_wallet(stores, user)


async def test_rows_are_dated_by_the_held_clock_one_by_one_and_many_at_once(stores: Stores) -> None:
    past = datetime(2026, 8, 21, 6, 30, tzinfo=UTC)

    async def add(db: AsyncSession) -> list[datetime]:
        ids = [new_id() for _ in range(3)]
        with clock.at(past):
            db.add(PlanGroup(group_id=ids[0], name=str(ids[0])))
            await db.flush()
            await db.execute(insert(PlanGroup), [{"group_id": each, "name": str(each)} for each in ids[1:]])
        rows = select(PlanGroup.created_at).where(PlanGroup.group_id.in_(ids))
        return list((await db.scalars(rows)).all())

    assert await stores.database.run(add) == [past] * 3


async def test_without_a_held_clock_the_database_dates_a_row(db: AsyncSession) -> None:
    group = PlanGroup(group_id=new_id(), name="Dated by PostgreSQL")
    db.add(group)
    await db.flush()
    await db.refresh(group)
    present: datetime = (await db.scalars(text("SELECT clock_timestamp()"))).one()
    assert timedelta(0) <= present - group.created_at < timedelta(minutes=1)


def test_every_instant_that_postgresql_sets_by_default_follows_the_held_clock() -> None:
    # These two tables are written by SQL and by events.emit, which hand the held instant over themselves.
    undated = {
        f"{table.name}.{column.name}"
        for table in Base.metadata.sorted_tables
        for column in table.columns
        if isinstance(column.type, DateTime) and column.server_default is not None and column.default is None
    }
    assert undated == {"events.occurred_at", "deliveries.next_attempt_at"}


async def test_an_exception_carries_no_value_of_its_statement(stores: Stores) -> None:
    with pytest.raises(DBAPIError) as refused:
        async with stores.database.transaction() as db:
            await db.execute(text("SELECT 1 / 0, CAST(:name AS text)"), {"name": "Canary Person"})
    assert "Canary" not in str(refused.value)
    assert "hidden due to hide_parameters" in str(refused.value)
