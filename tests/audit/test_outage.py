"""One event all the way, with a MongoDB of its own that is stopped, killed and started: nothing lost, nothing twice."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from pymongo.errors import ConnectionFailure
from sqlalchemy import text

from gencharge.audit import sealing_service as sealing
from gencharge.audit import service as audit
from gencharge.audit import verification_service as verification
from gencharge.audit.listeners import ENTRIES
from gencharge.core.events.events import Envelope, Outside, emit
from gencharge.core.events.relay import Relay
from gencharge.core.stores.stores import Stores
from gencharge.core.values.ids import new_id
from gencharge.notifications import listeners as notifications
from gencharge.recharge.events import PlanRecharged
from gencharge.run.embedded import Mongo
from tests.conftest import database_of, test_settings
from tests.notifications.test_templates import recharged

USER = str(new_id())
LISTENERS = (notifications.NOTICES, ENTRIES)


@pytest.fixture
async def own(mongo: Mongo, servers: Path, worker_id: str) -> AsyncIterator[Stores]:
    """Stores with that MongoDB and an empty PostgreSQL database."""
    name = database_of(servers, worker_id, "outage")
    mongo.start()
    mongo.wait_ready()
    # The server is found missing in 0.3 s instead of 2, so that the tests are short.
    stores = Stores.open(
        test_settings(servers, name, mongo_url=mongo.url, mongo_timeout_ms=300, outbox_batch=100)
    )
    await stores.mongo.drop_database(name)
    yield stores
    await stores.close()


async def recharge(stores: Stores, count: int) -> list[PlanRecharged]:
    happened = [recharged(user_id=USER, plan_name=f"Plan {number}") for number in range(count)]
    await stores.database.run(lambda db: emit(db, *happened))
    return happened


async def scalar(stores: Stores, statement: str) -> Any:
    return await stores.database.run(lambda db: db.scalar(text(statement)))


async def due_now(stores: Stores) -> None:
    await stores.database.run(lambda db: db.execute(text("UPDATE deliveries SET next_attempt_at = now()")))


async def drained(stores: Stores, relay: Relay) -> None:
    """Deliver until nothing waits: a client may need a moment to notice that its server is back."""
    async with asyncio.timeout(15):
        while True:
            await due_now(stores)
            await relay.drain()
            waiting = await scalar(
                stores, "SELECT (SELECT count(*) FROM events) + (SELECT count(*) FROM deliveries)"
            )
            if waiting == 0:
                return
            await asyncio.sleep(0.1)


async def noticed(stores: Stores) -> None:
    """The client has noticed that its server is back."""
    async with asyncio.timeout(15):
        while True:
            try:
                await stores.mongo.admin.command("ping")
            except ConnectionFailure:
                await asyncio.sleep(0.1)
            else:
                return


async def leases_run_out(stores: Stores) -> None:
    await stores.database.run(
        lambda db: db.execute(text("UPDATE events SET leased_until = now() - interval '1 s'"))
    )


async def arrived(stores: Stores, happened: list[PlanRecharged]) -> None:
    """Every event has exactly one notice and one entry, and the outbox is empty."""
    wanted = sorted(event.recharge_id for event in happened)
    notices = await stores.documents["notices"].find().to_list()
    entries = await stores.documents["audit_entries"].find().sort("_id", 1).to_list()
    assert sorted(notice["data"]["recharge_id"] for notice in notices) == wanted
    assert sorted(entry["object"]["id"] for entry in entries) == wanted
    in_order = [event.recharge_id for event in happened]
    assert [entry["object"]["id"] for entry in entries] == in_order, "ids keep the order of what happened"
    assert await scalar(stores, "SELECT count(*) FROM events") == 0
    assert await scalar(stores, "SELECT count(*) FROM deliveries") == 0


async def test_what_happened_while_mongodb_was_stopped_arrives_once_when_it_is_back(
    own: Stores, mongo: Mongo
) -> None:
    before = await recharge(own, 3)
    relay = Relay(own, LISTENERS)
    await relay.drain()
    mongo.stop()
    during = await recharge(own, 30)
    for _ in range(3):
        await relay.drain()
        await due_now(own)
    assert await scalar(own, "SELECT count(*) FROM events") == 0
    assert await scalar(own, "SELECT count(*) FROM deliveries") == 60
    assert await scalar(own, "SELECT max(attempts) FROM deliveries") == 0, "an outage is no attempt"
    assert await scalar(own, "SELECT count(parked_at) FROM deliveries") == 0
    mongo.start()
    mongo.wait_ready()
    after = await recharge(own, 2)
    await drained(own, relay)
    await arrived(own, before + during + after)


async def test_late_entries_are_chained_when_they_come(own: Stores, mongo: Mongo) -> None:
    relay = Relay(own, [ENTRIES])
    late = await recharge(own, 2)
    mongo.stop()
    await relay.drain()
    mongo.start()
    mongo.wait_ready()
    await noticed(own)
    early = await recharge(own, 2)
    # Another relay never saw the store away: the newer events overtake the late deliveries.
    await Relay(own, [ENTRIES])._deliver_fresh()
    assert await sealing.seal(own, delay_seconds=0) == 2
    await due_now(own)
    await relay.drain()
    assert await sealing.seal(own, delay_seconds=0) == 2
    entries = await own.documents["audit_entries"].find().sort("sequence", 1).to_list()
    assert [entry["object"]["id"] for entry in entries] == [event.recharge_id for event in (*early, *late)]
    assert [entry["sequence"] for entry in entries] == [1, 2, 3, 4]
    report = await verification.verify(own)
    assert report.ok, report.lines
    assert report.entries == 4


async def test_a_relay_killed_between_hand_out_and_settling_makes_nothing_twice(own: Stores) -> None:
    handed_out = asyncio.Event()

    async def record_and_hang(stores: Any, batch: list[Envelope]) -> None:
        await audit.record(stores, batch)
        await notifications.write_notices(stores, batch)
        handed_out.set()
        await asyncio.Event().wait()

    happened = await recharge(own, 20)
    victim = asyncio.create_task(Relay(own, [Outside("both", (PlanRecharged,), record_and_hang)]).deliver())
    await handed_out.wait()
    victim.cancel()
    with suppress(asyncio.CancelledError):
        await victim
    assert await own.documents["notices"].count_documents({}) == 20, "the effect was there before the death"
    assert await scalar(own, "SELECT count(*) FROM events") == 20
    await leases_run_out(own)
    await Relay(own, LISTENERS).drain()
    await arrived(own, happened)


async def test_two_relays_race_over_500_events_while_mongodb_is_killed_and_started(
    own: Stores, mongo: Mongo
) -> None:
    small = Stores.open(own.settings.model_copy(update={"outbox_batch": 20}))
    happened = await recharge(own, 500)
    done = asyncio.Event()

    async def deliver() -> None:
        relay = Relay(small, LISTENERS)
        while not done.is_set():
            await relay.drain()
            await asyncio.sleep(0.01)

    async def strike() -> None:
        while await own.documents["audit_entries"].estimated_document_count() < 40:
            await asyncio.sleep(0)
        await asyncio.to_thread(mongo.kill)
        await leases_run_out(own)  # as if one of the two had died with it
        await asyncio.to_thread(_start, mongo)
        async with asyncio.timeout(25):
            while await scalar(
                own, "SELECT (SELECT count(*) FROM events) + (SELECT count(*) FROM deliveries)"
            ):
                await due_now(own)
                await asyncio.sleep(0.1)
        done.set()

    try:
        await asyncio.gather(deliver(), deliver(), strike())
    finally:
        done.set()
        await small.close()
    await noticed(own)
    await arrived(own, happened)
    assert await sealing.seal(own, delay_seconds=0) == 500
    assert (await verification.verify(own)).ok


def _start(mongo: Mongo) -> None:
    mongo.start()
    mongo.wait_ready()


async def test_while_mongodb_is_away_the_sealing_job_waits_and_fails_nothing(
    own: Stores, mongo: Mongo
) -> None:
    from gencharge.audit import jobs

    mongo.stop()
    await jobs.seal(own)
    mongo.start()
    mongo.wait_ready()
    await recharge(own, 1)
    await drained(own, Relay(own, LISTENERS))
    assert await sealing.seal(own, delay_seconds=0) == 1
