"""A query that is the first thing of its transaction is sent by itself; within a transaction it is a part of it."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, insert, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge import wiring
from gencharge.core.events import outbox
from gencharge.core.events.events import EventRow
from gencharge.core.postgres import leases
from gencharge.core.postgres.database import Database
from gencharge.core.postgres.single import SingleQuery
from gencharge.core.values.ids import new_id
from tests.conftest import database_of, test_settings

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
# What the product's queues are asked for, beside how many rows and at which instant.
VALUES: dict[str, Any] = {
    "busy": ["JIO"],
    "topics": ["BellRang"],
    "listener_name": "ear",
    "endpoint": new_id(),
    "queued_before": NOON,
    "lease_seconds": 30.0,
}
RUNG = SingleQuery(
    select(*[text("count(*)")])
    .select_from(EventRow.__table__)
    .where(EventRow.topic == "BellRang", text("id = ANY(CAST(:ids AS uuid[]))"))
)


@pytest.fixture(scope="module")
async def database(servers: Path, worker_id: str) -> AsyncIterator[Database]:
    database = Database(test_settings(servers, database_of(servers, worker_id, "single")))
    yield database
    await database.close()


@contextmanager
def transactions(database: Database) -> Iterator[list[str]]:
    """Counts the transactions that sessions begin."""
    begun: list[str] = []

    def note(_connection: object) -> None:
        begun.append("begin")

    event.listen(database.engine.sync_engine, "begin", note)
    try:
        yield begun
    finally:
        event.remove(database.engine.sync_engine, "begin", note)


def add_event(row: dict[str, Any]) -> Any:
    return insert(EventRow).values(topic="BellRang", payload={}, context={}, **row)


async def test_alone_it_begins_no_transaction_and_gets_the_row(database: Database) -> None:
    row = {"user_id": new_id(), "id": new_id()}
    await database.run(lambda db: db.execute(add_event(row)))
    with transactions(database) as begun:
        for ids in ([row["id"]], [row["id"], new_id()], []):
            [count] = await database.run(lambda db, ids=ids: RUNG.fetch(db, {"ids": ids}))
            assert count == len(ids[:1])
    assert begun == []


async def test_within_a_transaction_it_sees_what_that_wrote_and_nobody_else_has(database: Database) -> None:
    row = {"user_id": new_id(), "id": new_id()}
    ids = {"ids": [row["id"]]}

    async def write_and_look(db: AsyncSession) -> None:
        await db.execute(add_event(row))
        assert list(await RUNG.fetch(db, ids)) == [1]
        assert list(await database.run(lambda other: RUNG.fetch(other, ids))) == [0]

    with transactions(database) as begun:
        await database.run(write_and_look)
    assert begun == ["begin"]


async def test_each_queue_of_the_product_finds_nothing_without_a_transaction(database: Database) -> None:
    assert wiring.ROOMS
    modules = [module for name, module in sys.modules.items() if name.startswith("gencharge.")]
    queues = [each for module in modules for each in vars(module).values() if isinstance(each, leases.Queue)]
    assert len(queues) > 12
    await database.run(lambda db: db.execute(text("DELETE FROM events")))
    with transactions(database) as begun:
        for queue in queues:
            rows = await database.run(lambda db, queue=queue: queue.take(db, limit=1, pinned=NOON, **VALUES))
            assert rows == []
    assert begun == []


async def test_the_relays_look_for_late_deliveries_needs_no_transaction(database: Database) -> None:
    with transactions(database) as begun:
        assert await database.run(lambda db: outbox.list_late(db, ["ear", "eye"])) == set()
    assert begun == []
