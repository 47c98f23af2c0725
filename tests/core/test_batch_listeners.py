"""A listener that takes a batch within the transaction that settles it: exactly once, whatever fails."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.core.events.events import Envelope, InsideBatch, Outside
from gencharge.core.events.relay import Relay
from gencharge.core.stores.stores import Stores
from tests.conftest import database_of, test_settings
from tests.core.test_relay import BellRang, counts, due_now, leases_run_out, ring, sql


@pytest.fixture(scope="module")
async def database(servers: Path, worker_id: str) -> AsyncIterator[Stores]:
    name = database_of(servers, worker_id, "batches")
    stores = Stores.open(test_settings(servers, name, outbox_max_attempts=3, outbox_lease_seconds=30))
    yield stores
    await stores.close()


@pytest.fixture
async def outbox(database: Stores) -> Stores:
    await sql(database, "TRUNCATE events, deliveries", as_owner=True)
    await sql(database, "DROP TABLE IF EXISTS rings", as_owner=True)
    await sql(database, "CREATE TABLE rings (number int)", as_owner=True)
    await sql(database, f"GRANT ALL ON rings TO {database.settings.database_app_role}", as_owner=True)
    return database


async def write(db: AsyncSession, batch: list[Envelope]) -> None:
    numbers = [envelope.event.number for envelope in batch]  # type: ignore[attr-defined]
    await db.execute(text("INSERT INTO rings SELECT unnest(CAST(:numbers AS int[]))"), {"numbers": numbers})
    if 13 in numbers:
        raise ValueError("not this one")


async def rings(stores: Stores) -> list[int]:
    return [row["number"] for row in await sql(stores, "SELECT number FROM rings ORDER BY number")]


BATCHED = InsideBatch("rings", (BellRang,), write)


async def test_a_batch_takes_effect_once_by_one_call(outbox: Stores) -> None:
    calls = []

    async def count(db: AsyncSession, batch: list[Envelope]) -> None:
        calls.append(len(batch))
        await write(db, batch)

    await ring(outbox, 10)
    await Relay(outbox, [InsideBatch("rings", (BellRang,), count)]).drain()
    assert await rings(outbox) == list(range(10))
    assert calls == [10]
    assert await counts(outbox) == (0, 0)


async def test_of_two_relays_that_hold_the_same_events_one_counts(outbox: Stores) -> None:
    first_is_in, other_is_done = [], []

    async def slow(_stores: Any, batch: list[Envelope]) -> None:
        """While the first relay is on its way, its lease runs out, and another one does it all."""
        if not first_is_in:
            first_is_in.append(batch)
            await leases_run_out(outbox)
            await Relay(outbox, [BATCHED]).drain()
            other_is_done.append(batch)

    await ring(outbox, 5)
    await Relay(outbox, [Outside("slow", (BellRang,), slow), BATCHED]).drain()
    assert other_is_done
    assert await rings(outbox) == list(range(5))


async def test_what_another_relay_has_settled_of_a_batch_counts_once_and_the_rest_too(outbox: Stores) -> None:
    async def lose_some(_stores: Any, batch: list[Envelope]) -> None:
        """While the relay is on its way, another one settles two of its events."""
        others = [envelope.id for envelope in batch[:2]]
        await sql(outbox, "DELETE FROM events WHERE id = ANY(:ids)", ids=others)

    await ring(outbox, 5)
    await Relay(outbox, [Outside("slow", (BellRang,), lose_some), BATCHED]).drain()
    assert await rings(outbox) == [2, 3, 4]
    assert await counts(outbox) == (0, 0)


async def test_of_two_batch_listeners_one_that_refuses_undoes_nothing_of_the_other(outbox: Stores) -> None:
    async def refuse(_db: AsyncSession, batch: list[Envelope]) -> None:
        raise ValueError(f"none of these {len(batch)}")

    async def away(_stores: Any, batch: list[Envelope]) -> None:
        raise ConnectionError(f"none of these {len(batch)}")

    await ring(outbox, 3)
    others = [Outside("away", (BellRang,), away), InsideBatch("refuses", (BellRang,), refuse)]
    await Relay(outbox, [*others, BATCHED]).deliver()
    assert await rings(outbox) == [0, 1, 2]
    left = await sql(outbox, "SELECT listener, count(*) AS events FROM deliveries GROUP BY 1 ORDER BY 1")
    assert [(row["listener"], row["events"]) for row in left] == [("away", 3), ("refuses", 3)]
    assert (await counts(outbox))[0] == 0


async def test_a_bad_event_is_parked_and_its_neighbours_count_once(outbox: Stores) -> None:
    relay = Relay(outbox, [BATCHED])
    await ring(outbox, 20)
    await relay.drain()
    assert await rings(outbox) == [], "the batch was undone as a whole"
    for _ in range(4):
        await sql(outbox, "UPDATE deliveries SET next_attempt_at = now() WHERE parked_at IS NULL")
        await relay.drain()
    assert await rings(outbox) == sorted(set(range(20)) - {13})
    left = await sql(outbox, "SELECT payload, attempts, parked_at FROM deliveries")
    assert [(row["payload"]["number"], row["attempts"]) for row in left] == [(13, 3)]
    assert left[0]["parked_at"] is not None


async def test_what_others_did_not_take_holds_up_no_batch(outbox: Stores) -> None:
    async def refuse(_stores: Any, batch: list[Envelope]) -> None:
        raise ValueError(f"none of these {len(batch)}")

    await ring(outbox, 3)
    await Relay(outbox, [Outside("refuses", (BellRang,), refuse), BATCHED]).drain()
    await due_now(outbox)
    assert await rings(outbox) == [0, 1, 2]
    assert (await counts(outbox))[1] == 3
