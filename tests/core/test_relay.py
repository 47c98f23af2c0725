"""The relay: nothing lost, nothing done twice, nobody held up; whatever dies, hangs or refuses on the way."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from pymongo.errors import ServerSelectionTimeoutError
from redis.exceptions import ConnectionError as RedisAway
from redis.exceptions import DataError
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.core import telemetry
from gencharge.core.events import outbox as statements
from gencharge.core.events.events import Envelope, Event, Inside, Outside, emit
from gencharge.core.events.relay import Relay
from gencharge.core.stores.stores import Stores
from gencharge.core.values import ids
from tests.conftest import database_of, test_settings

USER = str(ids.new_id())


@dataclass(frozen=True, slots=True, kw_only=True)
class BellRang(Event):
    """An event of these tests."""

    number: int
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DoorOpened(Event):
    """Another event of these tests."""

    number: int


@pytest.fixture(scope="module")
async def database(servers: Path, worker_id: str) -> AsyncIterator[Stores]:
    name = database_of(servers, worker_id, "relay")
    stores = Stores.open(test_settings(servers, name, outbox_max_attempts=3, outbox_lease_seconds=30))
    yield stores
    await stores.close()


@pytest.fixture
async def outbox(database: Stores) -> Stores:
    """Stores whose outbox is empty."""
    await sql(database, "TRUNCATE events, deliveries", as_owner=True)
    return database


async def sql(stores: Stores, statement: str, *, as_owner: bool = False, **parameters: Any) -> list[Any]:
    async def unit(db: AsyncSession) -> list[Any]:
        if as_owner:
            await db.execute(text("SET LOCAL ROLE NONE"))
        result = await db.execute(text(statement), parameters)
        return list(result.mappings()) if result.returns_rows else []  # type: ignore[attr-defined]

    return await stores.database.run(unit)


async def ring(stores: Stores, count: int, *, first: int = 0) -> None:
    rings = [BellRang(user_id=USER, number=number) for number in range(first, first + count)]
    await stores.database.run(lambda db: emit(db, *rings))


async def due_now(stores: Stores) -> None:
    await sql(stores, "UPDATE deliveries SET next_attempt_at = now() WHERE parked_at IS NULL")


async def leases_run_out(stores: Stores) -> None:
    await sql(
        stores, "UPDATE events SET leased_until = now() - interval '1 second' WHERE leased_until IS NOT NULL"
    )


async def counts(stores: Stores) -> tuple[int, int]:
    """How many events and deliveries are left."""
    rows = await sql(stores, "SELECT (SELECT count(*) FROM events) e, (SELECT count(*) FROM deliveries) d")
    return rows[0]["e"], rows[0]["d"]


@dataclass
class Recorder:
    """A listener outside of PostgreSQL that a test lets fail."""

    name: str = "recorder"
    topics: tuple[type[Event], ...] = (BellRang,)
    received: list[int] = field(default_factory=list)
    calls: list[list[int]] = field(default_factory=list)
    away: Exception | None = None
    poison: set[int] = field(default_factory=set)
    refusal: type[Exception] = ValueError

    def listener(self) -> Outside:
        return Outside(self.name, self.topics, self._receive)

    async def _receive(self, _stores: Any, batch: list[Envelope]) -> None:
        numbers = [envelope.event.number for envelope in batch]  # type: ignore[attr-defined]
        self.calls.append(numbers)
        if self.away is not None:
            raise self.away
        if self.poison & set(numbers):
            raise self.refusal(f"I don't like {self.poison & set(numbers)}, call 9876543210")
        self.received.extend(numbers)


async def test_events_arrive_in_order_once_and_leave_nothing_behind(outbox: Stores) -> None:
    recorder = Recorder()
    await ring(outbox, 20)
    await Relay(outbox, [recorder.listener()]).drain()
    assert recorder.received == list(range(20))
    assert await counts(outbox) == (0, 0)


async def test_an_event_of_a_transaction_that_rolls_back_never_happened(outbox: Stores) -> None:
    async def unit(db: AsyncSession) -> None:
        await emit(db, BellRang(user_id=USER, number=1))
        raise RuntimeError

    with pytest.raises(RuntimeError):
        await outbox.database.run(unit)
    assert await counts(outbox) == (0, 0)


async def test_an_event_carries_who_asked_from_where_under_which_id(outbox: Stores) -> None:
    got: list[Envelope] = []

    async def take(_stores: Any, batch: list[Envelope]) -> None:
        got.extend(batch)

    telemetry.set_context(telemetry.RequestContext("r-1", "203.0.113.9", "user", USER))
    try:
        await ring(outbox, 1)
    finally:
        telemetry.set_context(telemetry.RequestContext(""))
    await Relay(outbox, [Outside("recorder", (Event,), take)]).drain()
    assert (got[0].request_id, got[0].address, got[0].actor_kind, got[0].actor_id) == (
        "r-1",
        "203.0.113.9",
        "user",
        USER,
    )
    assert got[0].occurred_at.tzinfo is not None


async def test_a_listener_gets_the_topics_that_it_asked_for_only(outbox: Stores) -> None:
    bells, all_of_them = Recorder(), Recorder(name="all", topics=(Event,))
    await ring(outbox, 1)
    await outbox.database.run(lambda db: emit(db, DoorOpened(user_id=USER, number=7)))
    await Relay(outbox, [bells.listener(), all_of_them.listener()]).drain()
    assert bells.received == [0]
    assert all_of_them.received == [0, 7]


async def test_what_does_not_concern_an_inside_listener_is_not_written_down_for_it(outbox: Stores) -> None:
    taken, recorder = list[int](), Recorder()

    async def take(_db: AsyncSession, envelope: Envelope) -> None:
        taken.append(envelope.event.number)  # type: ignore[attr-defined]

    odd = Inside("odd", (BellRang,), take, lambda event: event.number % 2 == 1)
    await ring(outbox, 6)
    await sql(
        outbox,
        "INSERT INTO deliveries (user_id, event_id, listener, topic, payload, context, occurred_at)"
        " SELECT user_id, id, 'odd', topic, payload, context, occurred_at FROM events WHERE payload ->> 'number' = '4'",
    )
    await Relay(outbox, [recorder.listener(), odd]).drain()
    assert recorder.received == list(range(6))
    assert sorted(taken) == [1, 3, 4, 5], "what a worker of an earlier version wrote down is delivered"
    assert await counts(outbox) == (0, 0)


async def test_one_poisoned_event_is_parked_after_its_attempts_and_its_neighbours_arrive_at_once(
    outbox: Stores,
) -> None:
    recorder = Recorder(poison={13})
    relay = Relay(outbox, [recorder.listener()])
    await ring(outbox, 100)
    await relay.drain()
    assert sorted(recorder.received) == sorted(set(range(100)) - {13})
    assert len(recorder.calls) <= 16, "halving finds one bad event among a hundred in few calls"
    for _ in range(4):
        await due_now(outbox)
        await relay.drain()
    left = await sql(outbox, "SELECT attempts, parked_at, last_error FROM deliveries")
    assert len(left) == 1
    assert left[0]["attempts"] == 3
    assert left[0]["parked_at"] is not None
    assert "ValueError" in left[0]["last_error"]
    assert "9876543210" not in left[0]["last_error"], "an error text must not keep a phone number"
    assert recorder.received.count(13) == 0


async def test_a_refusal_by_redis_is_the_events_fault_and_an_absent_redis_is_not(outbox: Stores) -> None:
    recorder = Recorder(poison={1}, refusal=DataError)
    relay = Relay(outbox, [recorder.listener()])
    await ring(outbox, 3)
    await relay.drain()
    assert sorted(recorder.received) == [0, 2]
    assert (await sql(outbox, "SELECT attempts FROM deliveries"))[0]["attempts"] == 1
    recorder.poison = set()
    recorder.away = RedisAway("gone")
    await due_now(outbox)
    await relay.drain()
    assert (await sql(outbox, "SELECT attempts FROM deliveries"))[0]["attempts"] == 1


async def test_while_a_store_is_away_no_attempt_counts_and_nothing_is_parked(outbox: Stores) -> None:
    recorder = Recorder(away=ServerSelectionTimeoutError("no server"))
    relay = Relay(outbox, [recorder.listener()])
    await ring(outbox, 30)
    for _ in range(10):
        await due_now(outbox)
        await relay.drain()
    left = await sql(outbox, "SELECT attempts, parked_at FROM deliveries")
    assert [(row["attempts"], row["parked_at"]) for row in left] == [(0, None)] * 30
    recorder.away = None
    await due_now(outbox)
    await relay.drain()
    assert sorted(recorder.received) == list(range(30))
    assert await counts(outbox) == (0, 0)


async def test_a_store_that_is_away_is_probed_with_one_event_instead_of_being_flooded(outbox: Stores) -> None:
    recorder = Recorder(away=ServerSelectionTimeoutError("no server"))
    relay = Relay(outbox, [recorder.listener()])
    await ring(outbox, 50)
    await relay.deliver()
    recorder.calls.clear()
    await ring(outbox, 50, first=50)
    await due_now(outbox)
    await relay.deliver()
    assert [len(call) for call in recorder.calls] == [1]


async def test_a_store_that_goes_away_in_the_middle_of_a_batch_is_not_asked_event_by_event(
    outbox: Stores,
) -> None:
    recorder = Recorder(poison={0})

    async def hear_once(stores: Any, batch: list[Envelope]) -> None:
        try:
            await recorder._receive(stores, batch)
        finally:
            recorder.away = ServerSelectionTimeoutError("gone now")

    await ring(outbox, 100)
    await Relay(outbox, [Outside("recorder", (BellRang,), hear_once)]).deliver()
    assert len(recorder.calls) == 2
    assert {row["attempts"] for row in await sql(outbox, "SELECT attempts FROM deliveries")} == {0}


async def test_a_failing_listener_holds_up_nobody_else(outbox: Stores) -> None:
    bad, good = Recorder(name="bad", away=ServerSelectionTimeoutError("no server")), Recorder(name="good")
    await ring(outbox, 5)
    await Relay(outbox, [bad.listener(), good.listener()]).drain()
    assert good.received == [0, 1, 2, 3, 4]
    assert {row["listener"] for row in await sql(outbox, "SELECT listener FROM deliveries")} == {"bad"}


async def test_a_backlog_of_one_listener_is_not_in_the_way_of_anothers(outbox: Stores) -> None:
    bad, good = Recorder(name="bad", poison=set(range(600))), Recorder(name="good", poison={599})
    relay = Relay(outbox, [bad.listener(), good.listener()])
    await ring(outbox, 600)
    await relay.drain()
    await sql(
        outbox, "UPDATE deliveries SET next_attempt_at = now() - interval '1 hour' WHERE listener = 'bad'"
    )
    good.poison = set()
    await sql(outbox, "UPDATE deliveries SET next_attempt_at = now() WHERE listener = 'good'")
    bad.away = ServerSelectionTimeoutError("and away")
    await relay.deliver()
    assert 599 in good.received


async def test_a_relay_killed_between_hand_out_and_settling_loses_nothing(outbox: Stores) -> None:
    handed_out = asyncio.Event()
    effects: Counter[UUID] = Counter()

    async def hang_after(_stores: Any, batch: list[Envelope]) -> None:
        effects.update(envelope.id for envelope in batch)
        handed_out.set()
        await asyncio.Event().wait()

    async def take(_stores: Any, batch: list[Envelope]) -> None:
        effects.update(envelope.id for envelope in batch)

    await ring(outbox, 10)
    killed = asyncio.create_task(Relay(outbox, [Outside("recorder", (BellRang,), hang_after)]).deliver())
    await handed_out.wait()
    killed.cancel()
    with suppress(asyncio.CancelledError):
        await killed
    other = Relay(outbox, [Outside("recorder", (BellRang,), take)])
    assert not await other.deliver(), "the dead one's lease still holds"
    await leases_run_out(outbox)
    await other.drain()
    assert len(effects) == 10
    assert set(effects.values()) == {2}, "at least once: the ids are the key of the effect"
    assert await counts(outbox) == (0, 0)


async def test_a_relay_that_is_told_to_stop_finishes_its_batch_first(outbox: Stores) -> None:
    started, go_on = asyncio.Event(), asyncio.Event()

    async def slow(_stores: Any, _batch: list[Envelope]) -> None:
        started.set()
        await go_on.wait()

    await ring(outbox, 10)
    running = asyncio.create_task(Relay(outbox, [Outside("recorder", (BellRang,), slow)]).run())
    await started.wait()
    running.cancel()
    await asyncio.sleep(0)
    go_on.set()
    with suppress(asyncio.CancelledError):
        await running
    assert await counts(outbox) == (0, 0)


async def test_small_batches_leave_as_long_a_pause_as_they_took(
    outbox: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Beside a constant trickle the relay would else spend all its time on batches of one."""
    pauses: list[float] = []
    sleep = asyncio.sleep

    async def take(_stores: Any, _batch: list[Envelope]) -> None:
        await sleep(0.05)

    async def paused(seconds: float) -> None:
        if seconds:
            pauses.append(seconds)
        await sleep(0)

    poll = outbox.settings.outbox_poll_seconds
    relay = Relay(outbox, [Outside("recorder", (BellRang,), take)])
    monkeypatch.setattr(asyncio, "sleep", paused)
    assert not await relay._deliver_gathered()
    assert pauses == [], "who found nothing waits for the usual poll"
    await ring(outbox, 3)
    assert await relay._deliver_gathered()
    [pause] = pauses
    assert 0.05 <= pause <= poll
    await ring(outbox, outbox.settings.outbox_batch + 1)
    assert await relay._deliver_gathered()
    assert len(pauses) == 1, "there is more: at once"


async def test_two_relays_side_by_side_hand_out_500_events_once_each(outbox: Stores) -> None:
    small = Stores.open(outbox.settings.model_copy(update={"outbox_batch": 20}))
    recorder = Recorder()
    await ring(outbox, 500)
    try:
        await asyncio.gather(*(Relay(small, [recorder.listener()]).drain() for _ in range(2)))
    finally:
        await small.close()
    assert sorted(recorder.received) == list(range(500))
    assert max(len(call) for call in recorder.calls) <= 20, "a claim takes no more than its batch"
    assert await counts(outbox) == (0, 0)


async def _write(db: AsyncSession, envelope: Envelope) -> None:
    """An effect in PostgreSQL that is not idempotent."""
    await db.execute(
        text("UPDATE effects SET times = times + 1 WHERE number = :number"),
        {"number": envelope.event.number},  # type: ignore[attr-defined]
    )


@pytest.fixture
async def effects(outbox: Stores) -> None:
    await sql(outbox, "DROP TABLE IF EXISTS effects", as_owner=True)
    await sql(
        outbox,
        "CREATE TABLE effects AS SELECT n AS number, 0 AS times FROM generate_series(0, 499) n",
        as_owner=True,
    )


async def times(stores: Stores) -> Counter[int]:
    return Counter(row["times"] for row in await sql(stores, "SELECT times FROM effects"))


@pytest.mark.usefixtures("effects")
async def test_an_effect_in_postgresql_is_exactly_once_even_with_two_relays_and_stolen_leases(
    outbox: Stores,
) -> None:
    small = Stores.open(outbox.settings.model_copy(update={"outbox_batch": 25}))
    listeners = [Inside("ledger", (BellRang,), _write)]
    await ring(outbox, 500)

    async def steal() -> None:
        while (await counts(outbox)) != (0, 0):
            await leases_run_out(outbox)
            await due_now(outbox)
            await asyncio.sleep(0.01)

    async def deliver() -> None:
        relay = Relay(small, listeners)
        while (await counts(outbox)) != (0, 0):
            await relay.drain()

    try:
        await asyncio.wait_for(asyncio.gather(steal(), deliver(), deliver()), 30)
    finally:
        await small.close()
    assert await times(outbox) == {1: 500}


@pytest.mark.usefixtures("effects")
async def test_a_relay_that_is_second_to_settle_an_event_does_not_bring_it_back(outbox: Stores) -> None:
    claimed, go_on = asyncio.Event(), asyncio.Event()

    async def gate(_stores: Any, _batch: list[Envelope]) -> None:
        claimed.set()
        await go_on.wait()

    await ring(outbox, 1)
    listeners = [Outside("gate", (BellRang,), gate), Inside("ledger", (BellRang,), _write)]
    second = asyncio.create_task(Relay(outbox, listeners).deliver())
    await claimed.wait()
    async with outbox.database.transaction() as first:
        # What another relay does that took the event over: event forgotten, delivery written, effect done.
        event = (await first.execute(text("SELECT user_id, id FROM events"))).one()
        taken = await statements.take(first, [statements.Row(event.user_id, event.id, BellRang, None)])
        await statements.keep_for_later(
            first,
            list(taken.values()),
            listener="ledger",
            attempts=0,
            wait_seconds=30.0,
            parked=False,
            error="",
        )
        await first.execute(text("UPDATE effects SET times = times + 1 WHERE number = 0"))
        await first.execute(text("DELETE FROM deliveries"))
        go_on.set()
        waiting = "SELECT count(*) AS n FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
        async with asyncio.timeout(5):
            while (await sql(outbox, waiting, as_owner=True))[0]["n"] == 0:
                await asyncio.sleep(0.01)
    await second
    assert await counts(outbox) == (0, 0)
    assert (await sql(outbox, "SELECT times FROM effects WHERE number = 0"))[0]["times"] == 1


@pytest.mark.usefixtures("effects")
async def test_an_inside_listener_that_fails_leaves_no_half_effect_and_is_parked_alone(
    outbox: Stores,
) -> None:
    async def fail_on_three(db: AsyncSession, envelope: Envelope) -> None:
        await _write(db, envelope)
        if envelope.event.number == 3:  # type: ignore[attr-defined]
            raise ValueError("after the write")

    relay = Relay(outbox, [Inside("ledger", (BellRang,), fail_on_three)])
    await ring(outbox, 10)
    for _ in range(5):
        await relay.drain()
        await due_now(outbox)
    effects = await sql(outbox, "SELECT number, times FROM effects WHERE number < 10 ORDER BY number")
    assert [row["times"] for row in effects] == [0 if number == 3 else 1 for number in range(10)]
    left = await sql(outbox, "SELECT attempts, parked_at FROM deliveries")
    assert [(row["attempts"], row["parked_at"] is not None) for row in left] == [(3, True)]


@pytest.mark.usefixtures("effects")
async def test_what_an_inside_listener_announces_is_delivered_too_and_keeps_the_request_id(
    outbox: Stores,
) -> None:
    got: list[Envelope] = []

    async def open_door(db: AsyncSession, envelope: Envelope) -> None:
        await emit(db, DoorOpened(user_id=USER, number=envelope.event.number))  # type: ignore[attr-defined]

    async def take(_stores: Any, batch: list[Envelope]) -> None:
        got.extend(batch)

    telemetry.set_context(telemetry.RequestContext("r-2", "203.0.113.9", "user", USER))
    try:
        await ring(outbox, 1)
    finally:
        telemetry.set_context(telemetry.RequestContext(""))
    await Relay(
        outbox, [Inside("doors", (BellRang,), open_door), Outside("recorder", (DoorOpened,), take)]
    ).drain()
    assert [(envelope.request_id, envelope.actor_kind) for envelope in got] == [("r-2", "system")]


async def test_events_of_a_newer_version_are_left_alone_and_block_nothing(outbox: Stores) -> None:
    await sql(
        outbox,
        "INSERT INTO events (user_id, id, topic, payload, context)"
        " SELECT CAST(:user AS uuid), gen_random_uuid(), 'NotYetInvented', '{}', '{}' FROM generate_series(1, 600)",
        user=USER,
    )
    recorder = Recorder()
    await ring(outbox, 3)
    await Relay(outbox, [recorder.listener()]).drain()
    assert recorder.received == [0, 1, 2]
    left = await sql(outbox, "SELECT topic, leased_until FROM events")
    assert len(left) == 600
    assert all(row["leased_until"] is None for row in left), "its own worker must find it free"


async def test_deliveries_to_a_listener_of_a_newer_version_are_left_to_its_worker(outbox: Stores) -> None:
    recorder = Recorder(name="new", away=ServerSelectionTimeoutError("no server"))
    await ring(outbox, 1)
    await Relay(outbox, [recorder.listener()]).drain()
    await due_now(outbox)
    before = await sql(outbox, "SELECT next_attempt_at FROM deliveries")
    await Relay(outbox, [Recorder(name="old").listener()]).drain()
    assert await sql(outbox, "SELECT next_attempt_at FROM deliveries") == before


async def test_an_unreadable_event_is_parked_and_its_neighbours_arrive(outbox: Stores) -> None:
    await sql(
        outbox,
        "INSERT INTO events (user_id, id, topic, payload, context)"
        " VALUES (CAST(:user AS uuid), gen_random_uuid(), 'BellRang', '{\"wrong\": true}', '{}')",
        user=USER,
    )
    await ring(outbox, 3)
    recorder = Recorder()
    relay = Relay(outbox, [recorder.listener(), Inside("inside", (BellRang,), _nothing)])
    for _ in range(5):
        await relay.drain()
        await due_now(outbox)
    assert recorder.received == [0, 1, 2]
    left = await sql(outbox, "SELECT listener, parked_at FROM deliveries ORDER BY listener")
    assert [(row["listener"], row["parked_at"] is not None) for row in left] == [
        ("inside", True),
        ("recorder", True),
    ]


async def _nothing(_db: AsyncSession, _envelope: Envelope) -> None:
    return None


async def test_a_listener_that_hangs_is_cut_off_before_the_lease_runs_out(outbox: Stores) -> None:
    async def hang(_stores: Any, _batch: list[Envelope]) -> None:
        await asyncio.Event().wait()

    short = Stores.open(outbox.settings.model_copy(update={"outbox_lease_seconds": 0.5}))
    await ring(outbox, 2)
    try:
        await asyncio.wait_for(Relay(short, [Outside("recorder", (BellRang,), hang)]).deliver(), 5)
    finally:
        await short.close()
    assert await counts(outbox) == (0, 2)


async def test_the_running_relay_survives_a_database_that_comes_and_goes(outbox: Stores) -> None:
    recorder = Recorder()
    running = asyncio.create_task(Relay(outbox, [recorder.listener()]).run())
    try:
        await ring(outbox, 1)
        await _until(lambda: recorder.received == [0])
        await sql(
            outbox,
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()",
            as_owner=True,
        )
        for attempt in range(20):
            try:
                await ring(outbox, 1, first=1)
                break
            except Exception:
                assert attempt < 19
        await _until(lambda: recorder.received == [0, 1])
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def test_the_running_relay_hands_out_late_deliveries_of_each_listener_again_and_again(
    outbox: Stores,
) -> None:
    first = Recorder(name="first", away=ServerSelectionTimeoutError("no server"))
    second = Recorder(name="second", away=ServerSelectionTimeoutError("no server"))
    relay = Relay(outbox, [first.listener(), second.listener()])
    await ring(outbox, 3)
    await relay.drain()
    running = asyncio.create_task(Relay(outbox, [first.listener(), second.listener()]).run())
    try:
        for recorder in (
            first,
            second,
        ):  # one after the other: a look that found something is not the last one
            recorder.away = None
            await sql(
                outbox, f"UPDATE deliveries SET next_attempt_at = now() WHERE listener = '{recorder.name}'"
            )
            await _until(lambda recorder=recorder: sorted(recorder.received) == [0, 1, 2])
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    assert await sql(outbox, "SELECT listener FROM deliveries") == []


async def _until(condition: Any) -> None:
    async with asyncio.timeout(10):
        while not condition():
            await asyncio.sleep(0.02)


async def test_two_listeners_of_one_name_are_refused(outbox: Stores) -> None:
    with pytest.raises(ValueError, match="name of its own"):
        Relay(outbox, [Recorder().listener(), Recorder().listener()])
