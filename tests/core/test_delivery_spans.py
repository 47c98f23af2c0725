"""An event is delivered in the trace of what announced it, also in a batch with others."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.core import telemetry
from gencharge.core.events import delivery_spans
from gencharge.core.events.events import Envelope, Event, Inside, Outside, emit
from gencharge.core.events.relay import Relay
from gencharge.core.stores.stores import Stores
from gencharge.core.tracing import spans
from gencharge.core.tracing.traceparent import Traceparent, parse
from gencharge.core.values import clock, ids
from tests.conftest import database_of, test_settings
from tests.make.collector import Collector, collector, tracing

USER = str(ids.new_id())


@dataclass(frozen=True, slots=True, kw_only=True)
class TorchLit(Event):
    """An event of these tests."""

    number: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class TorchSeen(Event):
    """What a listener of these tests announces in turn."""


@pytest.fixture(scope="module")
def there() -> Iterator[Collector]:
    with collector() as there:
        yield there


@pytest.fixture(scope="module")
async def stores(servers: Path, worker_id: str, there: Collector) -> AsyncIterator[Stores]:
    """The stores of a process that traces."""
    settings = test_settings(servers, database_of(servers, worker_id, "spans"), outbox_max_attempts=3)
    with tracing(settings, there):
        stores = Stores.open(settings)
        yield stores
        await stores.close()


@pytest.fixture(autouse=True)
def empty(there: Collector) -> None:
    there.spans.clear()


async def announce(stores: Stores, *happened: Event) -> None:
    """Announce as a request does, in a trace of its own."""
    before = telemetry.context()
    with spans.work("request", spans.Kind.SERVER, {}) as traceparent:
        telemetry.set_context(telemetry.RequestContext(request_id="r", traceparent=traceparent))
        await stores.database.run(lambda db: emit(db, *happened))
    telemetry.set_context(before)


async def test_a_request_its_events_and_their_events_are_one_trace(stores: Stores, there: Collector) -> None:
    async def notice(db: AsyncSession, envelope: Envelope) -> None:
        await emit(db, TorchSeen(user_id=USER))

    async def write(stores: Stores, batch: list[Envelope]) -> None:
        await stores.documents["lamps"].insert_many([{"_id": one.id} for one in batch])

    relay = Relay(
        stores,
        [Inside("noticing", (TorchLit,), notice), Outside("writing", (TorchSeen,), write)],
    )
    await announce(stores, TorchLit(user_id=USER))
    await relay.drain()
    written = there.wait_for("deliver TorchSeen to writing")
    noticed = there.wait_for("deliver TorchLit to noticing")
    request = there.wait_for("request")
    assert {one.trace_id for one in (request, noticed, written)} == {request.trace_id}
    assert (noticed.parent_id, written.parent_id) == (request.span_id, noticed.span_id)
    assert (noticed.kind, written.kind) == (5, 5)
    # The statements and commands of each stand below it, and the relay's own polling nowhere.
    assert {one.parent_id for one in there.named("insert lamps")} == {written.span_id}
    assert noticed.span_id in {one.parent_id for one in there.named("INSERT events")}
    assert {one.trace_id for one in there.spans} == {request.trace_id}


async def test_a_batch_stands_in_the_trace_of_each_of_its_events(stores: Stores, there: Collector) -> None:
    taken: list[Envelope] = []

    async def write(stores: Stores, batch: list[Envelope]) -> None:
        taken.extend(batch)
        await stores.documents["lamps"].insert_one({"_id": ids.new_id()})

    for number in range(3):
        await announce(stores, TorchLit(user_id=USER, number=number))
    await Relay(stores, [Outside("writing", (TorchLit,), write)]).drain()
    there.wait(lambda: len(there.named("deliver TorchLit to writing")) == 3)
    there.wait(lambda: len(there.named("request")) == 3)
    deliveries = there.named("deliver TorchLit to writing")
    requests = {one.span_id: one for one in there.named("request")}
    assert {one.parent_id for one in deliveries} == set(requests)
    assert all(one.trace_id == requests[one.parent_id].trace_id for one in deliveries)
    assert {one.attributes["messaging.batch.message_count"] for one in deliveries} == {3}
    # Each event knows its own delivery, for what it leads to.
    parents = [parse(one.traceparent) for one in taken]
    assert {f"{one.span_id:016x}" for one in parents if one} == {one.span_id for one in deliveries}
    [command] = there.named("insert lamps")
    [first] = [one for one in deliveries if one.span_id == command.parent_id]
    assert [one.links for one in deliveries if one is not first] == [[first.trace_id]] * 2


async def test_a_delivery_that_fails_is_marked_and_its_repeat_joins_the_trace(
    stores: Stores, there: Collector
) -> None:
    failures = iter([ValueError("canary"), None])

    async def once_in_two(db: AsyncSession, envelope: Envelope) -> None:
        if error := next(failures):
            raise error

    relay = Relay(stores, [Inside("trying", (TorchLit,), once_in_two)])
    await announce(stores, TorchLit(user_id=USER))
    await relay.drain()
    await stores.database.run(_make_due)
    await relay.drain()
    there.wait(lambda: len(there.named("deliver TorchLit to trying")) == 2)
    first, second = there.named("deliver TorchLit to trying")
    assert (first.failed, first.attributes["error.type"], second.failed) == (True, "ValueError", False)
    assert (first.trace_id, first.parent_id) == (second.trace_id, second.parent_id)
    assert b"canary" not in b"".join(there.bodies)


async def _make_due(db: AsyncSession) -> None:
    await db.execute(text("UPDATE deliveries SET next_attempt_at = now() - interval '1 second'"))


async def test_what_was_not_sampled_or_not_traced_stays_out(stores: Stores, there: Collector) -> None:
    async def nothing(stores: Stores, batch: list[Envelope]) -> None:
        await stores.documents["lamps"].insert_one({"_id": ids.new_id()})

    envelopes = [envelope(str(Traceparent(7, 8, sampled=False))), envelope("")]
    with delivery_spans.batch("writing", envelopes) as traced:
        assert traced == envelopes
        assert spans.current() is None
        await nothing(stores, traced)
    with spans.work("last", spans.Kind.INTERNAL, {}):
        pass
    there.wait_for("last")
    assert [one.name for one in there.spans] == ["last"]


def envelope(traceparent: str) -> Envelope:
    event = TorchLit(user_id=USER)
    return Envelope(ids.new_id(), clock.now(), event, "", "", "", "", traceparent=traceparent)


async def test_a_batch_that_is_cut_off_ends_its_spans(stores: Stores, there: Collector) -> None:
    async def batch() -> None:
        with delivery_spans.batch("writing", [envelope(str(Traceparent(7, 8, sampled=True)))] * 2):
            await asyncio.Event().wait()

    task = asyncio.create_task(batch())
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    there.wait(lambda: len(there.spans) == 2)
    assert {one.attributes["error.type"] for one in there.spans} == {"CancelledError"}


def test_while_tracing_is_off_a_batch_is_as_it_was(monkeypatch: Any) -> None:
    monkeypatch.setattr(spans, "tracer", None)
    envelopes = [envelope(str(Traceparent(7, 8, sampled=True)))]
    with delivery_spans.batch("writing", envelopes) as traced:
        assert traced == envelopes
