"""A trail of these tests' own, and ways to write it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from pymongo.errors import AutoReconnect
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.api.main import create_app
from gencharge.audit import crud
from gencharge.audit import sealing_service as sealing
from gencharge.audit import service as audit
from gencharge.audit import verification_service as verification
from gencharge.core.events.events import Envelope
from gencharge.core.stores.stores import Stores
from gencharge.core.values.ids import SYSTEM_USER_ID, new_id
from gencharge.run.embedded import Mongo
from tests.conftest import database_of, test_settings
from tests.make.audit import CUSTOMER, OTHER_CLERK, Ask, TableFailed, TableMoved, envelope
from tests.make.factories import headers_for, know_roles, new_client
from tests.make.notifications import recharged


@pytest.fixture(scope="module")
def mongo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mongo]:
    """A MongoDB of this module's own, which a test may stop and kill."""
    server = Mongo(tmp_path_factory.mktemp("mongo"))
    server.start()
    server.wait_ready()
    yield server
    server.stop()


@pytest.fixture(scope="module")
async def database(servers: Path, worker_id: str) -> AsyncIterator[Stores]:
    name = database_of(servers, worker_id, "chain")
    stores = Stores.open(test_settings(servers, name))
    yield stores
    await stores.close()


@pytest.fixture
async def trail(database: Stores) -> Stores:
    """Stores with an empty audit trail."""
    try:
        await database.mongo.drop_database(database.settings.mongo_database)
    except AutoReconnect:
        # The driver cancels what is under way when its heartbeat gets no answer in time, as on a busy machine, and repeats reads only.
        await database.mongo.drop_database(database.settings.mongo_database)
    await as_owner(database, "TRUNCATE audit_anchors, audit_sealers")
    return database


async def as_owner(stores: Stores, statement: str) -> None:
    async def unit(db: AsyncSession) -> None:
        await db.execute(text("SET LOCAL ROLE NONE"))
        await db.execute(text(statement))

    await stores.database.run(unit)


async def write(stores: Stores, count: int) -> None:
    now = datetime.now(UTC)
    await audit.record(
        stores,
        [
            Envelope(new_id(), now, recharged(plan_name=f"P{n}"), f"r-{n}", "", "user", "u")
            for n in range(count)
        ],
    )


@pytest.fixture
async def sealed(trail: Stores) -> Stores:
    """Ten sealed entries, an anchor after 4, 8 and 10."""
    await write(trail, 10)
    assert await sealing.seal(trail, delay_seconds=0, batch=4) == 10
    assert (await verification.verify(trail)).ok
    return trail


def entries(stores: Stores) -> Any:
    return stores.documents[crud.COLLECTION]


async def move(stores: Stores, places: dict[int, int]) -> None:
    """Give entries each other's numbers, by way of numbers that nobody has."""
    for old in places:
        await entries(stores).update_one({"sequence": old}, {"$set": {"sequence": -old}})
    for old, new in places.items():
        await entries(stores).update_one({"sequence": -old}, {"$set": {"sequence": new}})


async def renumber(stores: Stores, sequences: range, *, by: int) -> None:
    for sequence in sequences:
        await entries(stores).update_one({"sequence": sequence}, {"$set": {"sequence": sequence + by}})


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


@pytest.fixture(scope="module")
async def trail_app(servers: Path, worker_id: str) -> AsyncIterator[FastAPI]:
    """An application whose trail holds these tests' entries only: twelve moves, then a failure and one of a user."""
    app = create_app(test_settings(servers, database_of(servers, worker_id, "auditlogs")))
    async with app.router.lifespan_context(app):
        stores: Stores = app.state.stores
        await stores.mongo.drop_database(stores.settings.mongo_database)
        moves = [
            envelope(
                TableMoved(
                    user_id=str(SYSTEM_USER_ID),
                    table_id=f"t-{number % 3}",
                    changes={"row": {"old": number, "new": number + 1}},
                    reason="9876543210 asked",
                ),
                number,
            )
            for number in range(12)
        ]
        failed = envelope(TableFailed(user_id=CUSTOMER, table_id="t-0"), 12, actor_id=OTHER_CLERK)
        own = envelope(
            TableMoved(user_id=CUSTOMER, table_id="t-9", changes={}),
            13,
            actor_kind="user",
            actor_id=CUSTOMER,
            request_id="r-13",
        )
        await audit.record(stores, [*reversed(moves), failed, own])
        await sealing.seal(stores, delay_seconds=0)
        await know_roles(app)
        yield app
        await stores.mongo.drop_database(stores.settings.mongo_database)


@pytest.fixture
async def http(trail_app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """A client of that application."""
    async with new_client(trail_app) as client:
        yield client


@pytest.fixture
def auditor(trail_app: FastAPI) -> dict[str, str]:
    """The headers of an admin who may read the trail."""
    return headers_for(trail_app.state.settings, new_id(), kind="admin", role="Manager")


@pytest.fixture
def ask(http: httpx.AsyncClient, auditor: dict[str, str]) -> Ask:
    async def run(**query: Any) -> Any:
        answer = await http.get("/v1/audit-logs", params=query, headers=auditor)
        assert answer.status_code == 200, answer.text
        return answer.json()

    return run
