"""Delivered events: stored with their batch's settling, unreadable to a thief, pruned, and changed for who is erased."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from pymongo.errors import ServerSelectionTimeoutError
from sqlalchemy import text

from gencharge.core.events import delivered, outbox
from gencharge.core.events.events import Envelope, Event, Outside, emit
from gencharge.core.events.relay import Relay
from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock, ids
from tests.conftest import database_of, test_settings

ASHA, RAVI = ids.new_id(), ids.new_id()
BEGINNING = datetime(2020, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class ParcelSent(Event):
    """An event of these tests."""

    number: int
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ParcelWeighed(Event):
    """An event of these tests that nobody can replay."""

    number: int


@dataclass
class Store:
    """A listener with a store that a test can take away."""

    away: bool = False
    numbers: list[int] = field(default_factory=list)

    async def deliver(self, _stores: Any, batch: list[Envelope]) -> None:
        if self.away:
            raise ServerSelectionTimeoutError("away")
        self.numbers += [envelope.event.number for envelope in batch]  # type: ignore[attr-defined]

    def listeners(self) -> list[Outside]:
        return [
            Outside("parcels", (ParcelSent,), self.deliver, replay=self.deliver),
            Outside("scales", (ParcelWeighed,), self.deliver),
        ]


@pytest.fixture(scope="module")
async def database(servers: Path, worker_id: str) -> AsyncIterator[Stores]:
    stores = Stores.open(test_settings(servers, database_of(servers, worker_id, "delivered")))
    yield stores
    await stores.close()


@pytest.fixture
async def empty(database: Stores) -> Stores:
    """Stores in which nothing was delivered yet."""
    await database.database.run(delivered.delete_all)
    return database


async def send(stores: Stores, count: int, user_id: UUID = ASHA, **fields: Any) -> None:
    parcels = [ParcelSent(user_id=str(user_id), number=number, **fields) for number in range(count)]
    await stores.database.run(lambda db: emit(db, *parcels))


async def rows(stores: Stores) -> list[Any]:
    """The rows that hold something, the oldest first."""

    async def unit(db: Any) -> list[Any]:
        query = "SELECT * FROM delivered_events WHERE events > 0 ORDER BY delivered_at"
        return list((await db.execute(text(query))).all())

    return await stores.database.run(unit)


async def payloads(stores: Stores, since: datetime = BEGINNING) -> list[dict[str, Any]]:
    return [event[3] async for batch in delivered.iterate(stores.database, since) for event in batch]


async def test_a_batch_is_one_row_with_what_can_be_replayed_and_whom_it_is_about(empty: Stores) -> None:
    store = Store()
    await send(empty, 3)
    await send(empty, 2, RAVI)
    await empty.database.run(lambda db: emit(db, ParcelWeighed(user_id=str(ASHA), number=9)))
    await Relay(empty, store.listeners()).drain()
    assert sorted(store.numbers) == [0, 0, 1, 1, 2, 9]
    [row] = await rows(empty)
    assert (row.events, set(row.users)) == (5, {ASHA, RAVI})
    assert sorted(payload["number"] for payload in await payloads(empty)) == [0, 0, 1, 1, 2]


async def test_a_stored_event_is_the_one_that_was_delivered(empty: Stores) -> None:
    seen = list[Envelope]()

    async def deliver(_stores: Any, batch: list[Envelope]) -> None:
        seen.extend(batch)

    await send(empty, 1, note="Grüße, ஆஷா")
    await Relay(empty, [Outside("one", (ParcelSent,), deliver, replay=deliver)]).drain()
    [batch] = [batch async for batch in delivered.iterate(empty.database, BEGINNING)]
    assert [outbox.read(stored).envelope for stored in batch] == seen


async def test_nobody_reads_it_without_the_data_key(empty: Stores) -> None:
    await send(empty, 50, note="Planted 4711")
    await Relay(empty, Store().listeners()).drain()
    [row] = await rows(empty)
    assert row.content.startswith("sealed:1:")
    assert "4711" not in row.content
    # Compressed: fifty events take less than one of them would as a row of `events`, times ten.
    assert len(row.content) < 50 * 100


async def test_with_0_days_nothing_is_stored_and_what_was_is_forgotten(empty: Stores) -> None:
    await send(empty, 1)
    await Relay(empty, Store().listeners()).drain()
    assert await rows(empty) != []
    off = Stores.open(empty.settings.model_copy(update={"backup_event_days": 0}))
    try:
        await send(empty, 1)
        await Relay(off, Store().listeners()).drain()
    finally:
        await off.close()
    assert await rows(empty) == []
    assert await empty.database.run(delivered.get_since) is None


async def test_a_relay_says_since_when_events_are_stored_before_there_is_one(empty: Stores) -> None:
    relay = Relay(empty, Store().listeners())
    await relay.drain()
    since = await empty.database.run(delivered.get_since)
    assert since is not None
    await send(empty, 1)
    await relay.drain()
    await Relay(empty, Store().listeners()).drain()
    assert await empty.database.run(delivered.get_since) == since


async def test_what_came_through_late_is_stored_again_at_that_time(empty: Stores) -> None:
    """The listener's effect is of that time: a backup in between does not have it."""
    store = Store(away=True)
    relay = Relay(empty, store.listeners())
    await send(empty, 2)
    await relay.drain()
    between = await empty.database.run(lambda db: db.scalar(text("SELECT clock_timestamp()")))
    assert await payloads(empty, between) == []
    store.away = False
    await empty.database.run(lambda db: db.execute(text("UPDATE deliveries SET next_attempt_at = now()")))
    await relay.drain()
    assert sorted(store.numbers) == [0, 1]
    assert sorted(payload["number"] for payload in await payloads(empty, between)) == [0, 1]


async def test_what_expired_goes_and_an_empty_row_says_since_when_the_rest_is_there(empty: Stores) -> None:
    relay = Relay(empty, Store().listeners())
    for _ in range(3):
        await send(empty, 1)
        await relay.drain()
    second = (await rows(empty))[1].delivered_at
    await empty.database.run(
        lambda db: db.execute(
            text(
                "UPDATE delivered_events SET delivered_at = delivered_at - interval '9 days' WHERE delivered_at <= :at"
            ),
            {"at": second},
        )
    )
    await empty.database.run(lambda db: delivered.prune(db, 8))
    assert len(await rows(empty)) == 1
    since = await empty.database.run(delivered.get_since)
    assert since is not None
    assert (second - since).days == 9
    with clock.later(days=30):
        await empty.database.run(lambda db: delivered.prune(db, 8))
        await empty.database.run(lambda db: delivered.prune(db, 8))
    assert await rows(empty) == []
    assert await empty.database.run(delivered.get_since) is not None
    assert await empty.database.run(lambda db: delivered.prune(db, 0)) == 0
    assert await empty.database.run(delivered.get_since) is None


async def test_the_events_of_one_customer_are_changed_and_nobody_elses(empty: Stores) -> None:
    relay = Relay(empty, Store().listeners())
    await send(empty, 2, note="mine")
    await send(empty, 2, RAVI, note="theirs")
    await relay.drain()
    await send(empty, 1, RAVI, note="alone")
    await relay.drain()

    def blank(topic: str, payload: dict[str, Any]) -> dict[str, Any]:
        assert topic == "ParcelSent"
        return payload | {"note": ""}

    assert await delivered.change_user(empty.database, ASHA, blank) == 1
    notes = [(payload["user_id"], payload["note"]) for payload in await payloads(empty)]
    assert sorted(notes) == sorted(
        [(str(ASHA), "")] * 2 + [(str(RAVI), "theirs")] * 2 + [(str(RAVI), "alone")]
    )
    assert await delivered.change_user(empty.database, ASHA, blank) == 0, "it is done"


async def test_many_batches_are_read_page_by_page_in_the_order_of_their_delivery(empty: Stores) -> None:
    relay = Relay(empty, Store().listeners())
    for number in range(45):
        parcel = ParcelSent(user_id=str(ASHA), number=number)
        await empty.database.run(lambda db, parcel=parcel: emit(db, parcel))  # type: ignore[misc]
        await relay.drain()
    assert [payload["number"] for payload in await payloads(empty)] == list(range(45))
