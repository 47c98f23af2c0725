"""Claims of rows that are due: shared by any number of workers, each row leased by one of them at a time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Text, bindparam, insert, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.core.events.events import DeliveryRow, EventRow
from gencharge.core.postgres import leases
from gencharge.core.stores.stores import Stores
from gencharge.core.values.ids import new_id
from tests.conftest import database_of, test_settings

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
LEASE_SECONDS = 30.0


@pytest.fixture(scope="module")
async def database(servers: Path, worker_id: str) -> AsyncIterator[Stores]:
    stores = Stores.open(test_settings(servers, database_of(servers, worker_id, "leases")))
    yield stores
    await stores.close()


@pytest.fixture
async def queue(database: Stores) -> Stores:
    """Stores whose queues are empty."""

    async def empty(db: AsyncSession) -> None:
        await db.execute(text("SET LOCAL ROLE NONE"))
        await db.execute(text("TRUNCATE events, deliveries"))

    await database.database.run(empty)
    return database


async def add_rows(stores: Stores, count: int) -> list[UUID]:
    """Rows of many owners; their ids, in order."""
    ids = sorted(new_id() for _ in range(count))
    rows = [
        {"user_id": new_id(), "id": row_id, "topic": "BellRang", "payload": {}, "context": {}}
        for row_id in ids
    ]
    await stores.database.run(lambda db: db.execute(insert(EventRow), rows))
    return ids


def queue_of(order: Any) -> leases.LeasedQueue:
    return leases.LeasedQueue(
        EventRow,
        EventRow.topic == "BellRang",
        order=order,
        lease=EventRow.leased_until,
        returning=[EventRow.id],
    )


FORWARD, BACKWARD = queue_of(EventRow.id), queue_of(EventRow.id.desc())


async def claim(
    db: AsyncSession, *, limit: int, now: datetime = NOON, descending: bool = False
) -> list[UUID]:
    rows = await (BACKWARD if descending else FORWARD).claim(
        db, limit=limit, lease_seconds=LEASE_SECONDS, pinned=now
    )
    return sorted(row_id for (row_id,) in rows)


async def test_a_claim_leases_the_first_rows_and_no_more_than_its_limit(queue: Stores) -> None:
    ids = await add_rows(queue, 5)
    assert await queue.database.run(lambda db: claim(db, limit=3)) == ids[:3]
    assert await queue.database.run(lambda db: claim(db, limit=3)) == ids[3:]
    assert await queue.database.run(lambda db: claim(db, limit=3)) == []


async def test_a_leased_row_is_due_again_when_its_lease_has_run_out_and_not_before(queue: Stores) -> None:
    ids = await add_rows(queue, 1)
    end = NOON + timedelta(seconds=LEASE_SECONDS)
    assert await queue.database.run(lambda db: claim(db, limit=1)) == ids
    assert await queue.database.run(lambda db: claim(db, limit=1, now=end - timedelta(seconds=1))) == []
    assert await queue.database.run(lambda db: claim(db, limit=1, now=end)) == ids


async def test_a_worker_that_dies_before_it_commits_leases_nothing(queue: Stores) -> None:
    ids = await add_rows(queue, 2)

    async def die(db: AsyncSession) -> None:
        assert await claim(db, limit=2) == ids
        raise RuntimeError("the worker dies")

    with pytest.raises(RuntimeError, match="the worker dies"):
        await queue.database.run(die)
    assert await queue.database.run(lambda db: claim(db, limit=2)) == ids


async def test_a_worker_that_read_the_same_candidates_waits_for_the_other_and_takes_the_next_ones(
    queue: Stores,
) -> None:
    ids = await add_rows(queue, 4)
    async with queue.database.transaction() as first:
        assert await claim(first, limit=2) == ids[:2]
        second = asyncio.create_task(queue.database.run(lambda db: claim(db, limit=2)))
        await until_somebody_waits(queue)
    assert await second == ids[2:]


async def test_a_row_that_ended_while_a_claim_waited_for_it_is_not_claimed(queue: Stores) -> None:
    ids = await add_rows(queue, 2)
    async with queue.database.transaction() as first:
        await first.execute(text("UPDATE events SET topic = 'DoorOpened' WHERE id = :row"), {"row": ids[0]})
        second = asyncio.create_task(queue.database.run(lambda db: claim(db, limit=2)))
        await until_somebody_waits(queue)
    assert await second == ids[1:]


async def test_eight_racing_workers_share_the_rows_and_none_is_leased_twice(queue: Stores) -> None:
    ids = await add_rows(queue, 200)
    claimed = list[UUID]()

    async def worker() -> None:
        while batch := await queue.database.run(lambda db: claim(db, limit=7)):
            claimed.extend(batch)

    await asyncio.gather(*(worker() for _ in range(8)))
    # One that was outrun four times in a row stopped early; what it left is there for the others and for the next claim.
    await worker()
    assert sorted(claimed) == ids


async def test_workers_that_read_in_opposite_orders_do_not_lock_each_other_out(queue: Stores) -> None:
    for _ in range(15):
        ids = await add_rows(queue, 40)

        async def worker(descending: bool) -> list[UUID]:
            # Not `run`, which would try again after a deadlock.
            async with queue.database.transaction() as db:
                return await claim(db, limit=40, descending=descending)

        batches = await asyncio.gather(*(worker(descending=number % 2 == 0) for number in range(4)))
        assert sorted(row_id for batch in batches for row_id in batch) == ids


async def test_a_key_of_several_types_names_its_row(queue: Stores) -> None:
    user, event = new_id(), new_id()
    rows = [
        {
            "user_id": user,
            "event_id": event,
            "listener": name,
            "topic": "BellRang",
            "payload": {},
            "context": {},
            "occurred_at": NOON,
            "next_attempt_at": NOON,
        }
        for name in ("ear", "eye")
    ]
    await queue.database.run(lambda db: db.execute(insert(DeliveryRow), rows))

    deliveries = leases.LeasedQueue(
        DeliveryRow,
        DeliveryRow.listener == bindparam("name", type_=Text),
        order=DeliveryRow.next_attempt_at,
        lease=DeliveryRow.next_attempt_at,
        changes={DeliveryRow.attempts: DeliveryRow.attempts + 1},
    )

    async def claim_of_ear(db: AsyncSession) -> Sequence[Any]:
        return await deliveries.claim(db, limit=5, lease_seconds=LEASE_SECONDS, pinned=NOON, name="ear")

    [(delivery,)] = await queue.database.run(claim_of_ear)
    assert (delivery.listener, delivery.attempts) == ("ear", 1)
    assert delivery.next_attempt_at == NOON + timedelta(seconds=LEASE_SECONDS)
    assert await queue.database.run(claim_of_ear) == []
    other = await queue.database.run(
        lambda db: db.scalar(select(DeliveryRow.next_attempt_at).where(DeliveryRow.listener == "eye"))
    )
    assert other == NOON


async def test_rows_that_are_taken_change_once_however_many_workers_ask(queue: Stores) -> None:
    ids = await add_rows(queue, 30)

    marked = leases.Queue(
        EventRow,
        EventRow.topic == "BellRang",
        order=EventRow.id,
        changes={EventRow.topic: "DoorOpened"},
        returning=[EventRow.id],
    )

    async def mark(db: AsyncSession) -> list[UUID]:
        return [row_id for (row_id,) in await marked.take(db, limit=30)]

    batches = await asyncio.gather(*(queue.database.run(mark) for _ in range(6)))
    assert sorted(row_id for batch in batches for row_id in batch) == ids


async def test_the_instant_is_the_databases_own_unless_a_test_holds_the_clock(queue: Stores) -> None:
    assert await queue.database.run(lambda db: leases.read_instant(db, NOON)) == NOON

    async def difference(db: AsyncSession) -> float:
        present = await leases.read_instant(db)
        database_time: datetime | None = await db.scalar(text("SELECT clock_timestamp()"))
        assert database_time is not None
        return (database_time - present).total_seconds()

    assert 0 <= await queue.database.run(difference) < 5


async def until_somebody_waits(stores: Stores) -> None:
    """Return when a session of this database waits for a lock."""
    query = text(
        "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
    )

    async def waiting(db: AsyncSession) -> int | None:
        await db.execute(text("SET LOCAL ROLE NONE"))
        return await db.scalar(query)

    async with asyncio.timeout(10):
        while not await stores.database.run(waiting):
            await asyncio.sleep(0.01)
