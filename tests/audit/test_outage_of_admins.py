"""Admin actions over HTTP, a thousand in `make soak`, while MongoDB is stopped: nobody waits, nothing is lost, the order stays."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from fastapi import FastAPI

from gencharge.api.main import create_app
from gencharge.audit import sealing_service as sealing
from gencharge.audit import verification_service as verification
from gencharge.audit.listeners import ENTRIES
from gencharge.core.events.relay import Relay
from gencharge.core.stores.stores import Stores
from gencharge.run.embedded import Mongo
from tests.audit.test_outage import drained, due_now, noticed
from tests.conftest import database_of, test_settings
from tests.factories import headers_for, know_roles, make_admin, new_client

# Half of what a request that asked MongoDB would wait for it.
SLOW_SECONDS = 1.5


@pytest.fixture
async def app(mongo: Mongo, servers: Path, worker_id: str) -> AsyncIterator[FastAPI]:
    """An application with that MongoDB and an empty PostgreSQL database."""
    mongo.start()
    mongo.wait_ready()
    name = database_of(servers, worker_id, "outageofadmins")
    but = {"mongo_url": mongo.url, "mongo_timeout_ms": 3_000, "access_token_expire_minutes": 5}
    app = create_app(test_settings(servers, name, **but))
    async with app.router.lifespan_context(app):
        await know_roles(app)
        yield app


async def act(app: FastAPI, count: int) -> tuple[list[str], float]:
    """Change one offer type `count` times, each change after the one before; request ids, and the longest wait."""
    stores: Stores = app.state.stores
    admin = await stores.database.run(make_admin)
    headers = headers_for(app.state.settings, admin)
    longest = 0.0
    done: list[str] = []
    async with new_client(app) as client:
        made = await client.post("/v1/offers/types", json={"name": "Festive"}, headers=headers)
        assert made.status_code == 201, made.text
        path = f"/v1/offers/types/{made.json()['offer_type_id']}"
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


@pytest.mark.parametrize("actions", [200, pytest.param(1_000, marks=pytest.mark.soak)])
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
    found = await entries.find({"action": "offer_type_updated"}).sort("sequence", 1).to_list()
    assert [entry["request_id"] for entry in found] == done
    assert [entry["changes"]["description"]["new"] for entry in found] == [
        f"Version {n}" for n in range(actions)
    ]
    assert {entry["actor"]["kind"] for entry in found} == {"admin"}
    assert await entries.count_documents({"sealed": False}) == 0
    report = await verification.verify(stores)
    assert report.ok, report.lines
    assert report.entries == report.head.sequence >= actions
