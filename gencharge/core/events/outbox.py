"""The outbox's statements: claim, settle, postpone. What they are for is in `core.relay`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import ARRAY, RowMapping, Text, any_, bindparam, text
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.core.events.events import DeliveryRow, Envelope, Event, EventRow, InsideBatch, Listener
from gencharge.core.postgres import leases
from gencharge.core.postgres.single import SingleQuery

_KNOWN = any_(bindparam("topics", type_=ARRAY(Text)))
_NEW = leases.LeasedQueue(
    EventRow,
    EventRow.topic == _KNOWN,
    order=EventRow.id,
    lease=EventRow.leased_until,
    returning=[
        EventRow.user_id,
        EventRow.id,
        EventRow.topic,
        EventRow.payload,
        EventRow.context,
        EventRow.occurred_at,
    ],
)
_LATE = leases.LeasedQueue(
    DeliveryRow,
    DeliveryRow.listener == bindparam("listener_name", type_=Text),
    DeliveryRow.parked_at.is_(None),
    DeliveryRow.next_attempt_at <= leases.NOW,
    DeliveryRow.topic == _KNOWN,
    order=DeliveryRow.next_attempt_at,
    lease=DeliveryRow.next_attempt_at,
    returning=[
        DeliveryRow.user_id,
        DeliveryRow.event_id,
        DeliveryRow.topic,
        DeliveryRow.payload,
        DeliveryRow.context,
        DeliveryRow.occurred_at,
    ],
)
# Another relay may hold the same events when a lease ran out. The first to forget them counts; the other finds nothing.
FORGET = text("""
    DELETE FROM events USING unnest(CAST(:users AS uuid[]), CAST(:ids AS uuid[])) AS done(user_id, id)
    WHERE events.user_id = done.user_id AND events.id = done.id
""")
TAKE = text(f"{FORGET.text} RETURNING events.user_id, events.id, topic, payload, context, occurred_at")
# An instant inside CASE is refused by a sharded PostgreSQL; an interval is not.
KEEP_FOR_LATER = text("""
    INSERT INTO deliveries (user_id, event_id, listener, topic, payload, context, occurred_at,
                            attempts, next_attempt_at, last_error, parked_at)
    SELECT user_id, id, :listener, topic, CAST(payload AS jsonb), CAST(context AS jsonb), occurred_at, :attempts,
           now() + make_interval(secs => :wait), :error, now() + CASE WHEN :parked THEN interval '0 seconds' END
    FROM unnest(CAST(:users AS uuid[]), CAST(:ids AS uuid[]), CAST(:topics AS text[]), CAST(:payloads AS text[]),
                CAST(:contexts AS text[]), CAST(:instants AS timestamptz[]))
        AS late(user_id, id, topic, payload, context, occurred_at)
    ON CONFLICT DO NOTHING
""")
FORGET_LATE = text("""
    DELETE FROM deliveries USING unnest(CAST(:users AS uuid[]), CAST(:ids AS uuid[])) AS done(user_id, id)
    WHERE deliveries.user_id = done.user_id AND deliveries.event_id = done.id AND listener = :listener
""")
# SKIP LOCKED, by one customer's key: if another relay delivers it at this moment, that one does it.
TAKE_LATE = text("""
    DELETE FROM deliveries WHERE (user_id, event_id, listener) IN (
        SELECT user_id, event_id, listener FROM deliveries
        WHERE user_id = :user AND event_id = :id AND listener = :listener AND parked_at IS NULL
        FOR UPDATE SKIP LOCKED)
    RETURNING event_id
""")
POSTPONE = text("""
    UPDATE deliveries SET
        attempts = least(attempts + CASE WHEN :away THEN 0 ELSE 1 END, 1000),
        next_attempt_at = now() + make_interval(secs => CASE WHEN :away THEN CAST(:away_wait AS float8)
            ELSE least(CAST(:max_wait AS float8), power(2, least(attempts, 10))) END),
        last_error = :error,
        parked_at = now() + CASE WHEN NOT :away AND attempts + 1 >= :max_attempts THEN interval '0 seconds' END
    FROM unnest(CAST(:users AS uuid[]), CAST(:ids AS uuid[])) AS late(user_id, id)
    WHERE deliveries.user_id = late.user_id AND deliveries.event_id = late.id AND listener = :listener
    RETURNING parked_at
""")


UNPARK = text("""
    UPDATE deliveries SET parked_at = NULL, attempts = 0, next_attempt_at = now()
    WHERE user_id = :user AND event_id = :id AND listener = :listener AND parked_at IS NOT NULL
    RETURNING event_id
""")


# Few rows in ordinary times: it is asked for after a restore.
_WAITING = text("""
    SELECT (SELECT count(user_id) FROM events WHERE topic = ANY(CAST(:topics AS text[])))
        + (SELECT count(user_id) FROM deliveries WHERE listener = :listener AND topic = ANY(CAST(:topics AS text[])))
""")
# One look into the index for each listener: a backlog of millions costs no more than one row.
_WITH_LATE = SingleQuery(
    text("""
    SELECT array_agg(known.listener) FROM unnest(CAST(:listeners AS text[])) AS known(listener)
    WHERE EXISTS (
      SELECT FROM deliveries WHERE deliveries.listener = known.listener AND parked_at IS NULL AND next_attempt_at <= now())
""")
)


@dataclass(frozen=True, slots=True)
class Row:
    """A claimed row. `envelope` is None if this version can't read the event; `problem` says why."""

    user_id: UUID
    id: UUID
    kind: type[Event]
    envelope: Envelope | None
    problem: Exception | None = None
    # As PostgreSQL has it: user_id, id, topic, payload, context, occurred_at.
    stored: tuple[Any, ...] = field(default=(), repr=False, compare=False)

    def concerns(self, listener: Listener) -> bool:
        """Whether the listener gets it, when it is new. One that can't be read is kept for those that may have to do with it."""
        if not issubclass(self.kind, listener.topics):
            return False
        return (
            isinstance(listener, InsideBatch)
            or self.envelope is None
            or listener.concerns(self.envelope.event)
        )


async def claim(db: AsyncSession, *, batch: int, lease_seconds: float) -> list[Row]:
    """Lease up to `batch` new events that this version knows, in the order of their ids."""
    claimed = await _NEW.claim(db, limit=batch, lease_seconds=lease_seconds, topics=list(Event.registry))
    return sorted((read(tuple(row)) for row in claimed), key=lambda row: row.id)


async def claim_late(db: AsyncSession, listener: str, *, batch: int, lease_seconds: float) -> list[Row]:
    """Lease up to `batch` late deliveries of a listener that are due. Their `next_attempt_at` is the lease."""
    claimed = await _LATE.claim(
        db, limit=batch, lease_seconds=lease_seconds, topics=list(Event.registry), listener_name=listener
    )
    return sorted((read(tuple(row)) for row in claimed), key=lambda row: row.id)


async def list_late(db: AsyncSession, listeners: Sequence[str]) -> set[str]:
    """Those of these listeners that have late deliveries which are due now."""
    (late,) = await _WITH_LATE.fetch(db, {"listeners": list(listeners)})
    return set(late or ())


async def count_waiting(db: AsyncSession, listener: str, topics: Sequence[str]) -> int:
    """How many events of these topics a listener has still to get: new ones, and late or parked deliveries to it."""
    return int(await db.scalar(_WAITING, {"listener": listener, "topics": list(topics)}) or 0)


async def forget(db: AsyncSession, rows: Sequence[Row]) -> int:
    """Delete events that every listener has; how many were still there."""
    if not rows:
        return 0
    return int((await db.execute(FORGET, keys(rows))).rowcount)  # type: ignore[attr-defined]


async def take(db: AsyncSession, rows: Sequence[Row]) -> dict[UUID, RowMapping]:
    """Delete events that become deliveries; those that were still there, by id."""
    return {row["id"]: row for row in (await db.execute(TAKE, keys(rows))).mappings()}


async def keep_for_later(
    db: AsyncSession,
    rows: Sequence[RowMapping],
    *,
    listener: str,
    attempts: int,
    wait_seconds: float,
    parked: bool,
    error: str,
) -> None:
    """Make deliveries of a listener out of events that `take` has deleted in this transaction."""
    if not rows:
        return
    values = {
        "users": [row["user_id"] for row in rows],
        "ids": [row["id"] for row in rows],
        "topics": [row["topic"] for row in rows],
        "payloads": [orjson.dumps(row["payload"]).decode() for row in rows],
        "contexts": [orjson.dumps(row["context"]).decode() for row in rows],
        "instants": [row["occurred_at"] for row in rows],
    }
    about = {
        "listener": listener,
        "attempts": attempts,
        "wait": wait_seconds,
        "parked": parked,
        "error": error,
    }
    await db.execute(KEEP_FOR_LATER, values | about)


def read(stored: tuple[Any, ...]) -> Row:
    """A row as PostgreSQL has it. KeyError for a topic that this version does not know."""
    user_id, row_id, topic, payload, context, occurred_at = stored
    kind = Event.registry[topic]
    try:
        envelope = Envelope(
            id=row_id,
            occurred_at=occurred_at,
            event=Event.decode(topic, payload),
            request_id=context.get("request_id", ""),
            address=context.get("address", ""),
            actor_kind=context.get("actor_kind", "system"),
            actor_id=context.get("actor_id", ""),
            traceparent=context.get("traceparent", ""),
        )
    except (TypeError, AttributeError) as problem:
        return Row(user_id, row_id, kind, None, problem, stored)
    return Row(user_id, row_id, kind, envelope, None, stored)


def keys(rows: Sequence[Row]) -> dict[str, Any]:
    """The parameters that name `rows` in the statements above."""
    return {"users": [row.user_id for row in rows], "ids": [row.id for row in rows]}


async def unpark(db: AsyncSession, user_id: UUID, event_id: UUID, listener: str) -> bool:
    """Have a parked delivery tried again, with all of its attempts. False if it is not parked (any more)."""
    values = {"user": user_id, "id": event_id, "listener": listener}
    return await db.scalar(UNPARK, values) is not None
