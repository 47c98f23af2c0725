"""Spans: who is whose parent, what is not recorded, and what it costs while tracing is off."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from gencharge.core.tracing import spans
from gencharge.core.tracing.sampling import Sampler
from gencharge.core.tracing.spans import Kind, Span
from gencharge.core.tracing.traceparent import Traceparent, parse

ALL, NONE = Sampler(1 << 64, True), Sampler(0, True)


@pytest.fixture
def taken() -> Iterator[list[Span]]:
    """What was recorded."""
    taken: list[Span] = []
    spans.tracer = spans.Tracer(ALL, taken.append)
    yield taken
    spans.tracer = None


def test_a_call_is_a_child_of_the_work_around_it(taken: list[Span]) -> None:
    with spans.work("job", Kind.CONSUMER, {}) as traceparent, spans.call("GET x", {"a": 1}) as call:
        assert call is not None
    inner, outer = taken
    assert (inner.trace_id, inner.parent_id) == (outer.trace_id, outer.span_id)
    assert (outer.parent_id, outer.kind, inner.kind) == (0, Kind.CONSUMER, Kind.CLIENT)
    assert outer.started_at <= inner.started_at <= inner.ended_at <= outer.ended_at
    assert parse(traceparent) == outer.traceparent
    assert spans.current() is None


def test_work_continues_what_was_stored(taken: list[Span]) -> None:
    stored = Traceparent(7, 8, sampled=True)
    with spans.work("event", Kind.CONSUMER, {}, parent=str(stored)):
        pass
    assert (taken[0].trace_id, taken[0].parent_id) == (7, 8)
    with spans.work("event", Kind.CONSUMER, {}, parent="nonsense"):
        pass
    assert (taken[1].parent_id, taken[1].trace_id == 7) == (0, False)


def test_what_was_not_sampled_stays_so(taken: list[Span]) -> None:
    stored = str(Traceparent(7, 8, sampled=False))
    with spans.work("event", Kind.CONSUMER, {}, parent=stored) as traceparent:
        assert spans.current() is None
        with spans.call("GET x", {}) as call:
            assert call is None
    assert taken == []
    # The trace goes on, so that what comes later is not recorded, either.
    passed_on = parse(traceparent)
    assert passed_on is not None
    assert (passed_on.trace_id, passed_on.sampled) == (7, False)


def test_unsampled_work_within_a_trace_hides_it_and_gives_it_back(taken: list[Span]) -> None:
    with spans.work("outer", Kind.INTERNAL, {}):
        outer = spans.current()
        with spans.work("inner", Kind.INTERNAL, {}, parent=str(Traceparent(7, 8, sampled=False))):
            assert spans.current() is None
        assert spans.current() is outer


@pytest.mark.parametrize("error", [ValueError("secret"), asyncio.CancelledError()])
def test_what_is_raised_is_named_by_its_class(taken: list[Span], error: BaseException) -> None:
    with (
        pytest.raises(type(error)),
        spans.work("job", Kind.INTERNAL, {}),
        spans.call("GET x", {}),
    ):
        raise error
    assert [span.error for span in taken] == [type(error).__name__] * 2
    assert spans.current() is None


async def test_tasks_that_run_side_by_side_keep_their_own(taken: list[Span]) -> None:
    async def one(name: str) -> None:
        with spans.work(name, Kind.INTERNAL, {}):
            await asyncio.sleep(0)
            with spans.call(f"of {name}", {}):
                await asyncio.sleep(0)

    await asyncio.gather(*(one(str(number)) for number in range(20)))
    own = {span.name: span for span in taken}
    for number in range(20):
        assert own[f"of {number}"].parent_id == own[str(number)].span_id
    assert len({span.trace_id for span in taken}) == 20


def test_seeding_the_global_generator_makes_no_two_traces_one(taken: list[Span]) -> None:
    import random

    for _ in range(2):
        random.seed(1)
        with spans.work("job", Kind.INTERNAL, {}):
            pass
    assert taken[0].trace_id != taken[1].trace_id


def test_without_a_tracer_there_is_nothing() -> None:
    assert spans.tracer is None
    assert spans.begin("x", Kind.SERVER, {}) == (None, "")
    assert spans.child("x", Kind.CLIENT, {}) is None
    with spans.work("x", Kind.INTERNAL, {}, parent=str(Traceparent(7, 8, True))) as traceparent:
        assert (traceparent, spans.current()) == ("", None)
        with spans.call("x", {}) as call:
            assert call is None


def test_a_process_that_samples_nothing_records_nothing(taken: list[Span]) -> None:
    spans.tracer = spans.Tracer(NONE, taken.append)
    span, traceparent = spans.begin("x", Kind.SERVER, {})
    assert span is None
    assert traceparent.endswith("-00")
    assert spans.child("y", Kind.CLIENT, {}) is None
