"""The spans of deliveries: each event's in the trace of what announced it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace

from gencharge.core.events.events import Envelope
from gencharge.core.events.outbox import Row
from gencharge.core.tracing import spans


def one(listener: str, row: Row) -> AbstractContextManager[str]:
    """The delivery of one event. Gives the traceparent for what is done within it; empty if tracing is off."""
    parent = row.envelope.traceparent if row.envelope is not None else ""
    return spans.work(_name(listener, row.kind.topic()), spans.Kind.CONSUMER, {}, parent=parent)


@contextmanager
def batch(listener: str, envelopes: Sequence[Envelope]) -> Iterator[list[Envelope]]:
    """The delivery of a batch: a span in the trace of each of its events that is recorded, all of the same length.

    Gives the events, each with the traceparent of its delivery. What the listener calls for the whole batch stands in the
    first of the traces, and the other spans link to that one.
    """
    if spans.tracer is None:
        yield list(envelopes)
        return
    traced = list[Envelope]()
    begun = list[spans.Span]()
    for envelope in envelopes:
        span = spans.continued(
            _name(listener, envelope.event.topic()), spans.Kind.CONSUMER, envelope.traceparent
        )
        if span is None:
            traced.append(envelope)
            continue
        traced.append(replace(envelope, traceparent=str(span.traceparent)))
        span.attributes["messaging.batch.message_count"] = len(envelopes)
        if begun:
            span.link = begun[0].traceparent
        begun.append(span)
    with spans.running(begun[0] if begun else None):
        try:
            yield traced
        except BaseException as error:
            for span in begun:
                spans.end(span, type(error).__name__)
            raise
    for span in begun:
        spans.end(span)


def _name(listener: str, topic: str) -> str:
    return f"deliver {topic} to {listener}"
