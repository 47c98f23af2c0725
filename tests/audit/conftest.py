"""A trail of these tests' own, and ways to write it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.audit import crud
from gencharge.audit import sealing_service as sealing
from gencharge.audit import service as audit
from gencharge.audit import verification_service as verification
from gencharge.core.events.events import Envelope
from gencharge.core.stores.stores import Stores
from gencharge.core.values.ids import new_id
from gencharge.run.embedded import Mongo
from tests.conftest import database_of, test_settings
from tests.notifications.test_templates import recharged


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
