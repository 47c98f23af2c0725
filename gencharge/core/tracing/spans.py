"""Spans: what took how long, within what. Recorded at our own doors, and only within a trace that is sampled.

    tracer is None             tracing is off; a door looks at this and does nothing else
    begin(...) -> Beginning    a request, a job or an event: continues a trace or begins one
    child(...) -> Span | None  a statement or a call, if what is running is recorded

A span's name and attributes say what kind of thing was done: templates, names of statements, numbers of results. They
never say with whose data: no ids of people, numbers, addresses, names or tokens (`core.tracing.otlp` masks them once more).
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import Context, ContextVar, copy_context
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from gencharge.core.tracing.sampling import Sampler
from gencharge.core.tracing.traceparent import Traceparent, parse

Value = str | int | bool
# The first status of HTTP by which a server refuses.
_REFUSED: Final = 400


class Kind(IntEnum):
    """A span's side, as OTLP numbers it."""

    INTERNAL = 1
    SERVER = 2
    CLIENT = 3
    PRODUCER = 4
    CONSUMER = 5


class Span:
    """One thing that was done. Instants are nanoseconds since 1970, UTC. `link`: another trace that has to do with it."""

    __slots__ = (
        "attributes",
        "ended_at",
        "error",
        "kind",
        "link",
        "name",
        "parent_id",
        "span_id",
        "started_at",
        "trace_id",
    )

    def __init__(
        self, trace_id: int, span_id: int, parent_id: int, name: str, kind: Kind, attributes: dict[str, Value]
    ) -> None:
        self.trace_id = trace_id
        self.span_id = span_id
        self.parent_id = parent_id
        self.name = name
        self.kind = kind
        self.attributes = attributes
        self.link: Traceparent | None = None
        # What went wrong, as a class or a status; never a message, which may quote what was sent.
        self.error = ""
        self.ended_at = 0
        self.started_at = time.time_ns()

    @property
    def traceparent(self) -> Traceparent:
        """What names this span as a parent."""
        return Traceparent(self.trace_id, self.span_id, sampled=True)


@dataclass(frozen=True, slots=True)
class Tracer:
    """What a process that traces has: who decides, who takes what has ended, and whether callers' traces are continued."""

    sampler: Sampler
    take: Callable[[Span], None]
    continues_incoming: bool = False


# None: tracing is off. Set by `core.tracing.lifecycle`.
tracer: Tracer | None = None
_current: ContextVar[Span | None] = ContextVar("span", default=None)
# A generator of its own: code that seeds the global one must not give two traces the same id.
_random: Final = random.Random()  # noqa: S311 - ids, not secrets


def current() -> Span | None:
    """The span that is running, if it is recorded."""
    return None if tracer is None else _current.get()


def begin(
    name: str, kind: Kind, attributes: dict[str, Value], *, parent: Traceparent | None = None
) -> tuple[Span | None, str]:
    """Begin what continues `parent`, or a trace of its own, and make it what is running.

    The span, None if the trace is not recorded; and the traceparent of what is done within it, empty if tracing is off.
    """
    if tracer is None:
        return None, ""
    trace_id = parent.trace_id if parent is not None else _random.getrandbits(128) or 1
    span_id = _random.getrandbits(64) or 1
    sampled = tracer.sampler.samples(trace_id, parent)
    span = None
    if sampled:
        span = Span(trace_id, span_id, 0 if parent is None else parent.span_id, name, kind, attributes)
    _current.set(span)
    return span, str(Traceparent(trace_id, span_id, sampled))


def detached() -> Context | None:
    """For a task that works for many: this context without what is running. None, which is this context, if tracing is off."""
    if tracer is None:
        return None
    context = copy_context()
    context.run(_current.set, None)
    return context


def child(name: str, kind: Kind, attributes: dict[str, Value]) -> Span | None:
    """Begin a span within what is running; None if that is not recorded. It is not what is running: it has no children."""
    parent = current()
    if parent is None:
        return None
    return Span(parent.trace_id, _random.getrandbits(64) or 1, parent.span_id, name, kind, attributes)


def continued(name: str, kind: Kind, stored: str) -> Span | None:
    """Begin a span that continues a stored traceparent; None if there is none, or if its trace is not recorded."""
    parent = parse(stored)
    if tracer is None or parent is None or not tracer.sampler.samples(parent.trace_id, parent):
        return None
    return Span(parent.trace_id, _random.getrandbits(64) or 1, parent.span_id, name, kind, {})


@contextmanager
def running(span: Span | None) -> Iterator[None]:
    """Let `span` be what is running."""
    before = _current.get()
    _current.set(span)
    try:
        yield
    finally:
        _current.set(before)


def end(span: Span, error: str = "") -> None:
    """End a span and hand it on. `error`: a class or a status."""
    span.ended_at = time.time_ns()
    span.error = span.error or error
    if tracer is not None:
        tracer.take(span)


def name_of_call(method: str, party: str, path: str) -> str:
    """Such as `GET gateway /orders`: only the first part of the path, because ids, references and dates follow."""
    return f"{method} {party} /{path.partition('?')[0].lstrip('/').partition('/')[0]}"


def answered(span: Span | None, status: int | None, error: str = "") -> None:
    """Note how a call over HTTP ended: with a status, or with an error. The other side's refusals are errors, too."""
    if span is None:
        return
    if status is not None:
        span.attributes["http.response.status_code"] = status
    span.error = error or (str(status) if status is not None and status >= _REFUSED else "")


@contextmanager
def call(name: str, attributes: dict[str, Value]) -> Iterator[Span | None]:
    """A call of another party, as a child of what is running. What is raised is its error."""
    span = child(name, Kind.CLIENT, attributes)
    if span is None:
        yield None
        return
    try:
        yield span
    except BaseException as error:
        end(span, type(error).__name__)
        raise
    end(span)


@contextmanager
def work(name: str, kind: Kind, attributes: dict[str, Value], *, parent: str = "") -> Iterator[str]:
    """A unit of work that continues the trace of a stored traceparent, or begins one. What is raised is its error.

    Gives the traceparent for what is done within it; empty if tracing is off.
    """
    if tracer is None:
        yield ""
        return
    before = _current.get()
    span, traceparent = begin(name, kind, attributes, parent=parse(parent))
    if span is None:
        try:
            yield traceparent
        finally:
            _current.set(before)
        return
    try:
        yield traceparent
    except BaseException as error:
        end(span, type(error).__name__)
        raise
    else:
        end(span)
    finally:
        _current.set(before)
