"""What happens while MongoDB is away arrives once, in order, when it is back."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from pymongo.errors import ConnectionFailure
from sqlalchemy import text

from gencharge.api.main import create_app
from gencharge.audit import sealing_service as sealing
from gencharge.audit import service as audit
from gencharge.audit import verification_service as verification
from gencharge.audit.listeners import ENTRIES
from gencharge.core.events.events import Envelope, Outside
from gencharge.core.events.relay import Relay
from gencharge.core.stores.stores import Stores
from gencharge.core.vault.vault import Vault
from gencharge.notifications import listeners as notifications
from gencharge.notifications.models import from_document
from gencharge.recharge.events import PlanRecharged
from gencharge.run.embedded import Mongo
from tests.conftest import database_of, test_settings
from tests.make.audit import (
    LISTENERS,
    drained,
    due_now,
    recharge,
    scalar,
)
from tests.make.factories import headers_for, know_roles, make_admin, new_client

# Half of what a request that asked MongoDB would wait for it.
SLOW_SECONDS = 1.5


@pytest.fixture
async def app(mongo: Mongo, servers: Path, worker_id: str) -> AsyncIterator[FastAPI]:
    """An application with that MongoDB and an empty PostgreSQL database."""
    mongo.start()
    mongo.wait_ready()
    name = database_of(servers, worker_id, "outageofadmins")
    overrides = {"mongo_url": mongo.url, "mongo_timeout_ms": 3_000, "access_token_expire_minutes": 5}
    app = create_app(test_settings(servers, name, **overrides))
    async with app.router.lifespan_context(app):
        await know_roles(app)
        yield app


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
    recharge_ids = sorted(event.recharge_id for event in happened)
    vault = Vault.of_database(stores.database)
    documents = await stores.documents["notices"].find().to_list()
    notices = [await from_document(vault, document) for document in documents]
    entries = await stores.documents["audit_entries"].find().sort("_id", 1).to_list()
    assert sorted(str(notice.data["recharge_id"]) for notice in notices) == recharge_ids
    assert sorted(entry["object"]["id"] for entry in entries) == recharge_ids
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
    assert await scalar(own, "SELECT count(*) FROM events WHERE topic = 'PlanRecharged'") == 20
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


async def act(app: FastAPI, count: int) -> tuple[list[str], float]:
    """Change one offer type `count` times, each change after the one before; request ids, and the longest wait."""
    stores: Stores = app.state.stores
    admin = await stores.database.run(make_admin)
    headers = headers_for(app.state.settings, admin)
    longest = 0.0
    done: list[str] = []
    async with new_client(app) as client:
        created = await client.post("/v1/offers/types", json={"name": "Festive"}, headers=headers)
        assert created.status_code == 201, created.text
        path = f"/v1/offers/types/{created.json()['offer_type_id']}"
        for number in range(count):
            request_id = f"action-{number}"
            started = time.perf_counter()
            answer = await client.patch(
                path,
                json={"description": f"Version {number}"},
                headers=headers | {"X-Request-ID": request_id},
            )
            longest = max(longest, time.perf_counter() - started)
            assert answer.status_code == 200, answer.text
            done.append(request_id)
    return done, longest


@pytest.mark.parametrize("actions", [60, pytest.param(1_000, marks=pytest.mark.soak)])
async def test_admin_actions_while_mongodb_is_away_succeed_at_once_and_arrive_in_order(
    app: FastAPI, mongo: Mongo, actions: int
) -> None:
    stores: Stores = app.state.stores
    await stores.mongo.drop_database(stores.settings.mongo_database)
    relay = Relay(stores, [ENTRIES])
    await relay.drain()
    mongo.stop()
    over = asyncio.Event()

    async def keep_trying() -> None:
        while not over.is_set():
            await relay.drain()
            await due_now(stores)
            await asyncio.sleep(0.2)

    worker = asyncio.create_task(keep_trying())
    try:
        done, longest = await act(app, actions)
    finally:
        over.set()
        await worker
    assert longest < SLOW_SECONDS, "no request waited for MongoDB"
    mongo.start()
    mongo.wait_ready()
    await noticed(stores)
    await drained(stores, relay)
    while await sealing.seal(stores, delay_seconds=0):
        pass
    entries = stores.documents["audit_entries"]
    updates = await entries.find({"action": "offer_type_updated"}).sort("sequence", 1).to_list()
    assert [entry["request_id"] for entry in updates] == done
    assert [entry["changes"]["description"]["new"] for entry in updates] == [
        f"Version {n}" for n in range(actions)
    ]
    assert {entry["actor"]["kind"] for entry in updates} == {"admin"}
    assert await entries.count_documents({"sealed": False}) == 0
    report = await verification.verify(stores)
    assert report.ok, report.lines
    assert report.entries == report.head.sequence >= actions
