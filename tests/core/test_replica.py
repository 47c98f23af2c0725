"""What may be a moment old is read from a replica that keeps up, and from the primary whenever it does not."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator

import httpx
import pytest
from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge import wiring
from gencharge.api.main import create_app
from gencharge.core.http import web
from gencharge.core.postgres import replica
from gencharge.core.postgres.database import Database, get_db
from gencharge.core.postgres.replica import (
    FAILED,
    HEADER,
    Reading,
    ReadingDb,
    ReplicaLost,
    ReplicaNotUsed,
    get_reading_db,
    lag_of,
    open_for_reading,
)
from gencharge.core.settings import Settings
from gencharge.core.stores.stores import Stores
from tests.make.replica import StandIn

WHO = text("SELECT session_user::text")


@pytest.fixture(scope="module")
def module_stand_in(settings: Settings) -> Iterator[StandIn]:
    stand_in = StandIn(settings)
    yield stand_in
    stand_in.drop()


@pytest.fixture
def stand_in(module_stand_in: StandIn, settings: Settings) -> StandIn:
    module_stand_in.go_on()
    module_stand_in.be_of(settings.database_name)
    return module_stand_in


@pytest.fixture
async def reading(stand_in: StandIn, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Reading]:
    monkeypatch.setattr(replica, "DISTRUST_SECONDS", 0.2)
    primary = Database(stand_in.settings)
    reading = Reading(stand_in.settings, primary, name="test")
    yield reading
    await reading.close()
    await primary.close()


async def who(db: AsyncSession) -> str:
    return str(await db.scalar(WHO))


async def move_on(reading: Reading) -> None:
    """Let the primary write something."""
    await reading._primary.run(lambda db: db.execute(text("SELECT pg_logical_emit_message(true, 't', 't')")))


async def test_without_a_replica_everything_is_read_from_the_primary(settings: Settings) -> None:
    primary = Database(settings)
    reading = Reading(settings, primary, name="test")
    await reading.watch()
    assert (reading.has_replica, reading.is_used, reading.lag_seconds) == (False, False, None)
    assert await reading.run(who) == "gencharge"
    async with reading.transaction() as db:
        assert lag_of(db) is None
    with pytest.raises(ReplicaNotUsed, match="DATABASE_REPLICA_URL"):
        await reading.catch_up()
    await primary.close()


async def test_a_replica_that_keeps_up_is_read_from_and_says_how_old_it_is(
    reading: Reading, stand_in: StandIn
) -> None:
    assert await reading.run(who) == "gencharge", "nothing is known of it yet"
    await reading.measure()
    assert await reading.run(who) == stand_in.role
    async with reading.transaction() as db:
        lag = lag_of(db)
        assert lag is not None
        assert 0 <= lag < 2
        assert db.info["database"] is reading._primary, "data keys are the primary's"
    async with reading.transaction(primary_only=True) as db:
        assert await who(db) == "gencharge"


async def test_a_replica_that_stands_still_ages_and_is_left_when_it_is_too_old(
    reading: Reading, stand_in: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 1_000.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    await reading.measure()
    stand_in.stop_replaying()
    for _ in range(9):
        await move_on(reading)
        now += 1
        await reading.measure()
        assert reading.is_used
    assert reading.lag_seconds == 9
    now += 1.5
    assert not reading.is_used, "it ages between the measurements, too"
    assert await reading.run(who) == "gencharge"
    await reading.measure()
    assert "lags" in reading.problem
    stand_in.go_on()
    await reading.measure()
    assert (reading.lag_seconds, reading.problem) == (0, "")
    assert await reading.run(who) == stand_in.role


async def test_an_idle_primary_makes_no_lag(
    reading: Reading, stand_in: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 1_000.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    await reading.measure()
    now += 3_600
    await reading.measure()
    assert reading.lag_seconds == 0


async def test_a_position_that_the_replica_has_not_reached_proves_nothing(
    reading: Reading, stand_in: StandIn
) -> None:
    stand_in.stop_replaying()
    await move_on(reading)
    await reading.measure()
    assert (reading.lag_seconds, reading.is_used) == (None, False)


@pytest.mark.parametrize(
    ("act", "problem"),
    [
        ("promote", "takes writes"),
        ("run_ahead", "follows another one"),
        ("be_of", "of another database"),
        ("let_write", "must be for reading only"),
    ],
)
async def test_what_is_no_replica_of_ours_is_not_used(
    reading: Reading, stand_in: StandIn, act: str, problem: str
) -> None:
    await reading.measure()
    assert reading.is_used
    stand_in.be_of("another") if act == "be_of" else getattr(stand_in, act)()
    await reading.measure()
    await reading.measure()
    assert problem in reading.problem
    assert not reading.is_used
    assert await reading.run(who) == "gencharge"


async def test_a_replica_that_goes_away_in_the_middle_is_no_failure(
    reading: Reading, stand_in: StandIn
) -> None:
    await reading.measure()
    before = FAILED._value.get()
    seen: list[str] = []

    async def unit(db: AsyncSession) -> str:
        seen.append(await who(db))
        if len(seen) == 1:
            stand_in.go_away()
        return await who(db)

    assert await reading.run(unit) == "gencharge"
    assert seen == [stand_in.role, "gencharge"]
    assert FAILED._value.get() == before + 1
    assert not reading.is_used
    # Nobody is let in: no measurement, and no read either.
    await asyncio.sleep(0.25)
    assert reading.is_used, "it was well a moment ago"
    assert await reading.run(who) == "gencharge"
    stand_in.go_on()
    await asyncio.sleep(0.25)
    await reading.measure()
    assert await reading.run(who) == stand_in.role


async def test_nothing_can_be_written_there(reading: Reading) -> None:
    await reading.measure()
    with pytest.raises(ReplicaLost):
        async with reading.transaction() as db:
            await db.execute(text("UPDATE plans SET name = name"))


async def test_a_replica_on_another_machine_without_tls_is_told_of_once(
    reading: Reading, stand_in: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    alerts: list[str] = []
    monkeypatch.setattr(replica.log, "warning", lambda event, **values: alerts.append(event), raising=False)
    await reading.measure()
    assert not reading.is_open
    stand_in.be_far_away()
    for _ in range(3):
        await reading.measure()
    assert reading.is_open
    assert reading.is_used
    assert alerts == ["replica_not_encrypted"]


async def test_what_is_wrong_with_the_question_is_not_blamed_on_the_replica(reading: Reading) -> None:
    await reading.measure()
    with pytest.raises(ValueError, match="mine"):
        async with reading.transaction():
            raise ValueError("mine")
    assert reading.is_used


async def test_the_watcher_finds_out_by_itself(
    reading: Reading, stand_in: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replica, "MEASURE_SECONDS", 0.02)
    watching = asyncio.create_task(reading.watch())
    try:
        for act, is_used in ((stand_in.go_on, True), (stand_in.go_away, False), (stand_in.go_on, True)):
            act()
            async with asyncio.timeout(20):
                while reading.is_used is not is_used:
                    await asyncio.sleep(0.02)
                while replica.USED._value.get() != is_used:
                    await asyncio.sleep(0.02)
    finally:
        watching.cancel()
    assert reading.problem in ("", "lags, or has just been found")


async def test_a_command_waits_for_the_replica_or_says_why_not(stand_in: StandIn, settings: Settings) -> None:
    async with open_for_reading(stand_in.settings, name="test", on_replica=True) as database:
        assert await database.run(who) == stand_in.role
    async with open_for_reading(stand_in.settings, name="test", on_replica=False) as database:
        assert await database.run(who) == "gencharge"
    with pytest.raises(ReplicaNotUsed, match="no replica"):
        async with open_for_reading(settings, name="test", on_replica=True):
            pass
    stand_in.promote()
    hasty = stand_in.settings.model_copy(update={"database_replica_max_lag_seconds": 0.1})
    with pytest.raises(ReplicaNotUsed, match="takes writes"):
        async with open_for_reading(hasty, name="test", on_replica=True):
            pass
    stand_in.go_away()
    with pytest.raises(ReplicaNotUsed, match="does not answer"):
        async with open_for_reading(hasty, name="test", on_replica=True):
            pass


@pytest.fixture
async def served(stand_in: StandIn) -> AsyncIterator[tuple[FastAPI, httpx.AsyncClient]]:
    """An application with a replica, and one route that reads."""
    app = create_app(stand_in.settings)
    router: APIRouter = web.router("moments")
    calls: list[str] = []

    @router.get("")
    async def read_moment(db: ReadingDb) -> dict[str, str]:
        """Read."""
        calls.append(await who(db))
        if app.state.goes_away and len(calls) == 1:
            stand_in.go_away()
        return {"who": await who(db), "asked": " ".join(calls)}

    app.state.goes_away = False
    app.router.routes[:0] = router.routes
    async with app.router.lifespan_context(app):
        stores: Stores = app.state.stores
        async with asyncio.timeout(20):
            while not stores.reading.is_used:
                await asyncio.sleep(0.05)
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as client:
            yield app, client


async def test_an_answer_says_how_old_it_may_be(
    served: tuple[FastAPI, httpx.AsyncClient], stand_in: StandIn
) -> None:
    _, client = served
    answer = await client.get("/v1/moments")
    assert answer.json()["who"] == stand_in.role
    assert 0 <= float(answer.headers[HEADER]) < 10
    ready = (await client.get("/health/ready")).json()
    assert ready["stores"]["replica"]["status"] == "ok"
    assert ready["stores"]["replica"]["lag_seconds"] < 10


async def test_a_request_whose_replica_goes_away_is_answered_by_the_primary(
    served: tuple[FastAPI, httpx.AsyncClient], stand_in: StandIn
) -> None:
    app, client = served
    app.state.goes_away = True
    answer = await client.get("/v1/moments")
    assert answer.status_code == 200, answer.text
    assert answer.json() == {"who": "gencharge", "asked": f"{stand_in.role} gencharge"}
    assert HEADER not in answer.headers
    ready = await client.get("/health/ready")
    assert (ready.status_code, ready.json()["status"]) == (200, "degraded")
    assert ready.json()["stores"]["replica"]["problem"]


# Where the staff look at what happened. Whatever decides about money or rights reads from the primary, and so do the lists of what
# the staff themselves change: who has just changed a plan wants to see it.
FROM_REPLICA = {
    "/v1/analytics/transactions",
    "/v1/analytics/revenue",
    "/v1/analytics/current-active-plans",
    "/v1/analytics/cohorts",
    "/v1/analytics/segments",
    "/v1/analytics/forecast",
    "/v1/analytics/campaigns",
    "/v1/recharge/admin",
    "/v1/payments/admin",
    "/v1/wallet/admin/transactions",
}


def test_only_figures_and_long_lists_of_the_staff_are_read_from_the_replica() -> None:
    from gencharge.analytics.area_service import AREAS

    routes = [route for router in wiring.ROUTERS for route in router.routes if isinstance(route, APIRoute)]
    reading = [route for route in routes if web._asks_for(route.dependant, get_reading_db)]
    assert {route.path for route in reading} == FROM_REPLICA | {
        f"/v1/analytics/{area.name}" for area in AREAS
    }
    for route in reading:
        assert route.methods == {"GET"}
        assert not web._asks_for(route.dependant, get_db), "one request reads from one place"
        assert HEADER in route.responses[200]["headers"]
