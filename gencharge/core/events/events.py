"""Events: what rooms announce, kept in PostgreSQL with the change itself, delivered after it (an outbox).

    emit(db, PlanRecharged(...))      one row in `events`, in the sender's own transaction
    relay.deliver()                   claims a batch, hands it to every listener, forgets it

A *listener* with `outside=True` reaches beyond PostgreSQL (MongoDB, Redis, HTTP): it gets whole batches, at
least once, and keys its effect by the event's id. An `Inside` listener gets one event and a transaction, an
`InsideBatch` a batch and the transaction that settles it: their effect is exactly once. What a listener could not do becomes a row of `deliveries` with a back-off of its own,
so it holds up nobody else; after `outbox_max_attempts` it is parked for an admin to see. While a store is
away no attempt counts, so an outage of any length parks nothing.

An event of a topic that a worker does not know, and a delivery to a listener that it does not have, are left to
a worker of a newer version. Which listeners get an event is decided when it is handed out: deploy the workers
that have a new listener before the senders of what it listens to.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict, dataclass, fields
from datetime import date, datetime
from enum import Enum
from typing import Any, ClassVar
from uuid import UUID

import orjson
from sqlalchemy import DateTime, Index, SmallInteger, Text, func, insert, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from gencharge.core import telemetry
from gencharge.core.postgres.database import Base
from gencharge.core.values import clock
from gencharge.core.values.ids import new_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that happened. Fields are primitive (str, int, bool, None); names are in the past tense.

    `user_id` is the customer whose data changed, or `ids.SYSTEM_USER_ID`.
    """

    registry: ClassVar[dict[str, type[Event]]] = {}
    # False: a signal between rooms, about what another event has said already; the audit trail leaves it out.
    audited: ClassVar[bool] = True

    user_id: str

    def __init_subclass__(cls, **kwargs: Any) -> None:
        # slots=True makes a second class in the same place; the later one replaces the earlier. A class of another
        # place under the same name would take over the other's rows.
        other = Event.registry.get(cls.__name__)
        if other is not None and (other.__module__, other.__qualname__) != (cls.__module__, cls.__qualname__):
            raise TypeError(f"{cls.__module__} and {other.__module__} both have an event {cls.__name__}")
        Event.registry[cls.__name__] = cls

    @classmethod
    def topic(cls) -> str:
        """The event's name in the outbox."""
        return cls.__name__

    @classmethod
    def decode(cls, topic: str, payload: dict[str, Any]) -> Event:
        """The event of a row.

        A field that a newer version added and an older sender left out takes its default (TypeError if it has
        none); a field that this version does not know is left out. KeyError for an unknown topic.
        """
        kind = cls.registry[topic]
        known = {field.name for field in fields(kind)}
        return kind(**{name: value for name, value in payload.items() if name in known})


@dataclass(frozen=True, slots=True)
class Envelope:
    """An event with its id (the key of every effect), its instant (UTC), and who caused it."""

    id: UUID
    occurred_at: datetime
    event: Event
    request_id: str
    address: str
    actor_kind: str
    actor_id: str
    # Of what announced it; while it is delivered, of the delivery. Empty if nothing was traced.
    traceparent: str = ""


def _all(_event: Any) -> bool:
    return True


@dataclass(frozen=True, slots=True)
class Outside:
    """A listener whose effect is outside PostgreSQL: gets batches, at least once."""

    name: str
    topics: tuple[type[Event], ...]
    deliver: Callable[[Any, list[Envelope]], Awaitable[None]]  # (stores, batch)
    # Writes again into MongoDB what `deliver` wrote there, if an older backup was restored. It sends nothing and announces nothing, and what is
    # there stays as it is. Events of a listener that has none are not stored after their delivery (`core.events.delivered`).
    replay: Callable[[Any, list[Envelope]], Awaitable[None]] | None = None
    # Whether an event of these topics concerns it, decided by the event alone.
    concerns: Callable[[Any], bool] = _all


@dataclass(frozen=True, slots=True)
class Inside:
    """A listener whose effect is in PostgreSQL: gets one event in a transaction, exactly once."""

    name: str
    topics: tuple[type[Event], ...]
    deliver: Callable[[AsyncSession, Envelope], Awaitable[None]]
    # The same. An event that doesn't costs no row and no transaction.
    concerns: Callable[[Any], bool] = _all


@dataclass(frozen=True, slots=True)
class InsideBatch:
    """A listener whose effect is in PostgreSQL, and that takes many events by one statement: gets a batch in the transaction that takes
    these events out of the outbox, exactly once. Keep it short: nothing of the batch is settled before it is done."""

    name: str
    topics: tuple[type[Event], ...]
    deliver: Callable[[AsyncSession, list[Envelope]], Awaitable[None]]


Listener = Outside | Inside | InsideBatch


class EventRow(Base):
    """An event that waits to be handed out. Gone once every listener has it, or has a delivery of its own."""

    __tablename__ = "events"

    user_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    topic: Mapped[str] = mapped_column(Text)
    payload: Mapped[dict[str, Any]] = mapped_column(JSONB)
    context: Mapped[dict[str, Any]] = mapped_column(JSONB)
    occurred_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    leased_until: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))

    __table_args__ = (
        Index("ix_events_waiting", "id"),
        {"postgresql_with": {"autovacuum_vacuum_scale_factor": "0.02", "autovacuum_vacuum_cost_delay": "0"}},
    )


class DeliveryRow(Base):
    """One listener's copy of an event that it could not take yet."""

    __tablename__ = "deliveries"

    user_id: Mapped[UUID] = mapped_column(primary_key=True)
    event_id: Mapped[UUID] = mapped_column(primary_key=True)
    listener: Mapped[str] = mapped_column(Text, primary_key=True)
    topic: Mapped[str] = mapped_column(Text)
    payload: Mapped[dict[str, Any]] = mapped_column(JSONB)
    context: Mapped[dict[str, Any]] = mapped_column(JSONB)
    occurred_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    attempts: Mapped[int] = mapped_column(SmallInteger, server_default="0")
    next_attempt_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    last_error: Mapped[str] = mapped_column(Text, server_default="")
    parked_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))

    __table_args__ = (
        # Each listener's late deliveries are claimed by themselves: one's backlog is not in the others' way.
        Index("ix_deliveries_due", "listener", "next_attempt_at", postgresql_where=text("parked_at IS NULL")),
    )


def changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """What differs, for an event's `changes`: `{"price_paise": {"old": 19900, "new": 21900}}`.

    The audit trail keeps it, personal data masked. Values are written as JSON; a field that is in `after` only was
    set for the first time, one in `before` only was removed.
    """
    names = [*before, *(name for name in after if name not in before)]
    return {
        name: {"old": _plain(before.get(name)), "new": _plain(after.get(name))}
        for name in names
        if before.get(name) != after.get(name)
    }


def _plain(value: Any) -> Any:
    """A value as JSON has it: instants and ids as text, enumerations by value, sets in order."""
    if isinstance(value, Enum):
        return value.value
    if value is None or isinstance(value, str | int | float | bool):
        return value
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {str(key): _plain(part) for key, part in value.items()}
    if isinstance(value, set | frozenset):
        return sorted((_plain(part) for part in value), key=str)
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    return str(value)


def context_json() -> str:
    """The running request's context as an event row keeps it; with the instant that the clock is held at, which dates it."""
    context, held = telemetry.context(), clock.pinned()
    return orjson.dumps(context if held is None else {**asdict(context), "occurred_at": held}).decode()


async def emit(db: AsyncSession, *happened: Event) -> None:
    """Announce `happened` in the running transaction: delivered if and only if that commits."""
    if not happened:
        return
    context, held = asdict(telemetry.context()), clock.pinned()
    dated = {} if held is None else {"occurred_at": held}
    rows = [
        {
            **dated,
            "user_id": UUID(event.user_id),
            "id": new_id(),
            "topic": event.topic(),
            "payload": asdict(event),
            "context": context,
        }
        for event in happened
    ]
    await db.execute(insert(EventRow), rows)
