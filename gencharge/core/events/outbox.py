"""The outbox's statements: claim, settle, postpone. What they are for is in `core.relay`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import text

from gencharge.core.events.events import Envelope, Event

# MATERIALIZED: a subquery with LIMIT and SKIP LOCKED may be run once for each row of a join, and then claims more.
CLAIM = text("""
    WITH due AS MATERIALIZED (
        SELECT user_id, id FROM events
        WHERE topic = ANY(CAST(:topics AS text[])) AND (leased_until IS NULL OR leased_until < now())
        ORDER BY id LIMIT :batch FOR UPDATE SKIP LOCKED)
    UPDATE events SET leased_until = now() + make_interval(secs => :lease) FROM due
    WHERE events.user_id = due.user_id AND events.id = due.id
    RETURNING events.user_id, events.id, topic, payload, context, occurred_at
""")
# Another relay may hold the same events when a lease ran out. The first to settle counts; the others find nothing.
HOLD = text("""
    SELECT events.user_id, events.id
    FROM events JOIN unnest(CAST(:users AS uuid[]), CAST(:ids AS uuid[])) AS mine(user_id, id) USING (user_id, id)
    ORDER BY events.id FOR UPDATE OF events
""")
FORGET = text("""
    DELETE FROM events USING unnest(CAST(:users AS uuid[]), CAST(:ids AS uuid[])) AS done(user_id, id)
    WHERE events.user_id = done.user_id AND events.id = done.id
""")
KEEP_FOR_LATER = text("""
    INSERT INTO deliveries (user_id, event_id, listener, topic, payload, context, occurred_at,
                            attempts, next_attempt_at, last_error, parked_at)
    SELECT user_id, id, :listener, topic, payload, context, occurred_at,
           :attempts, now() + make_interval(secs => :wait), :error, CASE WHEN :parked THEN now() END
    FROM events JOIN unnest(CAST(:users AS uuid[]), CAST(:ids AS uuid[])) AS late(user_id, id) USING (user_id, id)
    ON CONFLICT DO NOTHING
""")
CLAIM_LATE = text("""
    WITH due AS MATERIALIZED (
        SELECT user_id, event_id FROM deliveries
        WHERE listener = :listener AND parked_at IS NULL AND next_attempt_at <= now()
          AND topic = ANY(CAST(:topics AS text[]))
        ORDER BY next_attempt_at LIMIT :batch FOR UPDATE SKIP LOCKED)
    UPDATE deliveries SET next_attempt_at = now() + make_interval(secs => :lease) FROM due
    WHERE deliveries.user_id = due.user_id AND deliveries.event_id = due.event_id AND listener = :listener
    RETURNING deliveries.user_id, deliveries.event_id AS id, topic, payload, context, occurred_at
""")
FORGET_LATE = text("""
    DELETE FROM deliveries USING unnest(CAST(:users AS uuid[]), CAST(:ids AS uuid[])) AS done(user_id, id)
    WHERE deliveries.user_id = done.user_id AND deliveries.event_id = done.id AND listener = :listener
""")
# SKIP LOCKED: when another relay is at it, that one does it.
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
        parked_at = CASE WHEN NOT :away AND attempts + 1 >= :max_attempts THEN now() END
    FROM unnest(CAST(:users AS uuid[]), CAST(:ids AS uuid[])) AS late(user_id, id)
    WHERE deliveries.user_id = late.user_id AND deliveries.event_id = late.id AND listener = :listener
    RETURNING parked_at
""")


@dataclass(frozen=True, slots=True)
class Row:
    """A claimed row. `envelope` is None if this version can't read the event; `problem` says why."""

    user_id: UUID
    id: UUID
    kind: type[Event]
    envelope: Envelope | None
    problem: Exception | None = None


def read(found: Any) -> Row:
    """The row of a claim's result."""
    kind = Event.registry[found["topic"]]
    context = found["context"]
    try:
        envelope = Envelope(
            id=found["id"],
            occurred_at=found["occurred_at"],
            event=Event.decode(found["topic"], found["payload"]),
            request_id=context.get("request_id", ""),
            address=context.get("address", ""),
            actor_kind=context.get("actor_kind", "system"),
            actor_id=context.get("actor_id", ""),
        )
    except (TypeError, AttributeError) as problem:
        return Row(found["user_id"], found["id"], kind, None, problem)
    return Row(found["user_id"], found["id"], kind, envelope)


def keys(rows: Sequence[Row]) -> dict[str, Any]:
    """The parameters that name `rows` in the statements above."""
    return {"users": [row.user_id for row in rows], "ids": [row.id for row in rows]}
