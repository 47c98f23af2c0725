"""The relay: takes events out of the outbox and hands them to their listeners.

Three steps for each batch, so that no network call is made inside a transaction: claim (a lease, SKIP LOCKED),
hand out, settle. A relay that dies leaves a lease that runs out; another one hands the batch out again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.core import document_db, redis_client, telemetry
from gencharge.core.errors import Unavailable
from gencharge.core.events import Envelope, Event, Inside, Listener, Outside
from gencharge.core.stores import Stores

log = telemetry.get_logger(__name__)
MAX_WAIT_SECONDS: Final = 30.0

_CLAIM = text("""
    UPDATE events SET leased_until = now() + make_interval(secs => :lease)
    FROM (SELECT user_id, id FROM events WHERE leased_until IS NULL OR leased_until < now()
          ORDER BY id LIMIT :batch FOR UPDATE SKIP LOCKED) AS due
    WHERE events.user_id = due.user_id AND events.id = due.id
    RETURNING events.user_id, events.id, topic, payload, context, occurred_at
""")
_FORGET = text("""
    DELETE FROM events USING unnest(CAST(:users AS uuid[]), CAST(:ids AS uuid[])) AS done(user_id, id)
    WHERE events.user_id = done.user_id AND events.id = done.id
""")
_KEEP_FOR_LATER = text("""
    INSERT INTO deliveries (user_id, event_id, listener, topic, payload, context, occurred_at,
                            attempts, next_attempt_at, last_error)
    SELECT user_id, id, :listener, topic, payload, context, occurred_at, 1, now() + interval '1 second', :error
    FROM events JOIN unnest(CAST(:users AS uuid[]), CAST(:ids AS uuid[])) AS late(user_id, id) USING (user_id, id)
    ON CONFLICT DO NOTHING
""")
_CLAIM_LATE = text("""
    UPDATE deliveries SET next_attempt_at = now() + make_interval(secs => :lease)
    FROM (SELECT user_id, event_id, listener FROM deliveries
          WHERE parked_at IS NULL AND next_attempt_at <= now()
          ORDER BY next_attempt_at LIMIT :batch FOR UPDATE SKIP LOCKED) AS due
    WHERE deliveries.user_id = due.user_id AND deliveries.event_id = due.event_id AND deliveries.listener = due.listener
    RETURNING deliveries.user_id, deliveries.event_id AS id, deliveries.listener, topic, payload, context, occurred_at
""")
_FORGET_LATE = text("""
    DELETE FROM deliveries USING unnest(CAST(:users AS uuid[]), CAST(:ids AS uuid[])) AS done(user_id, id)
    WHERE deliveries.user_id = done.user_id AND deliveries.event_id = done.id AND listener = :listener
""")
# A store that is away does not count as an attempt: an outage of any length parks nothing.
_POSTPONE = text("""
    UPDATE deliveries SET
        attempts = least(attempts + 1, 1000),
        next_attempt_at = now() + make_interval(secs => least(:max_wait, power(2, least(attempts, 10)))),
        last_error = :error,
        parked_at = CASE WHEN NOT :away AND attempts + 1 >= :max_attempts THEN now() END
    FROM unnest(CAST(:users AS uuid[]), CAST(:ids AS uuid[])) AS late(user_id, id)
    WHERE deliveries.user_id = late.user_id AND deliveries.event_id = late.id AND listener = :listener
    RETURNING parked_at
""")


@dataclass(frozen=True, slots=True)
class Row:
    """A claimed row of the outbox."""

    user_id: UUID
    envelope: Envelope


class Relay:
    """Hands out events until it is cancelled. Any number may run side by side."""

    def __init__(self, stores: Stores, listeners: Sequence[Listener]) -> None:
        names = [listener.name for listener in listeners]
        if len(set(names)) != len(names):
            raise ValueError("each listener needs a name of its own")
        self._stores = stores
        self._listeners = listeners

    async def run(self) -> None:
        """Deliver what comes; poll less often when there is nothing; survive any store's absence."""
        pause = self._stores.settings.outbox_poll_seconds
        while True:
            try:
                busy = await self.deliver()
            except Unavailable:
                busy = False
                await asyncio.sleep(1)
            except Exception:
                busy = False
                log.exception("relay_failed")
                await asyncio.sleep(1)
            if not busy:
                await asyncio.sleep(pause)

    async def drain(self, *, rounds: int = 10_000) -> None:
        """Deliver until nothing is left that is due now."""
        for _ in range(rounds):
            if not await self.deliver():
                return

    async def deliver(self) -> bool:
        """Hand out one batch of new events and one of late deliveries. True if there was any."""
        fresh = await self._deliver_fresh()
        late = await self._deliver_late()
        return fresh or late

    async def _deliver_fresh(self) -> bool:
        rows = await self._claim(_CLAIM)
        if not rows:
            return False
        batch = [row for _, row in rows]
        failures: list[tuple[Listener, list[Row], BaseException]] = []
        inside: list[tuple[Inside, Row]] = []
        for listener in self._listeners:
            wanted = [row for row in batch if isinstance(row.envelope.event, listener.topics)]
            if not wanted:
                continue
            if isinstance(listener, Outside):
                failures.extend((listener, *failed) for failed in await self._hand_out(listener, wanted))
            else:
                inside.extend((listener, row) for row in wanted)
        for listener, row in inside:
            # Written down as a delivery first, so that its effect and its disappearance are one transaction.
            failures.append((listener, [row], _NotYet()))

        async def settle(db: AsyncSession) -> None:
            for listener, failed, error in failures:
                await db.execute(
                    _KEEP_FOR_LATER, {"listener": listener.name, "error": _reason(error), **_keys(failed)}
                )
            await db.execute(_FORGET, _keys(batch))

        await self._stores.database.run(settle)
        for listener, row in inside:
            await self._deliver_inside(listener, row)
        return True

    async def _deliver_late(self) -> bool:
        rows = await self._claim(_CLAIM_LATE)
        by_name = {listener.name: listener for listener in self._listeners}
        for name in dict.fromkeys(name for name, _ in rows):
            listener = by_name.get(name)
            mine = [row for other, row in rows if other == name]
            if listener is None:
                continue  # a listener of a newer version: its own worker takes it
            if isinstance(listener, Inside):
                for row in mine:
                    await self._deliver_inside(listener, row)
                continue
            failures = await self._hand_out(listener, mine)
            await self._settle_late(listener, mine, failures)
        return bool(rows)

    async def _settle_late(
        self, listener: Outside, mine: list[Row], failures: list[tuple[list[Row], BaseException]]
    ) -> None:
        failed_ids = {row.envelope.id for rows, _ in failures for row in rows}
        done = [row for row in mine if row.envelope.id not in failed_ids]

        async def settle(db: AsyncSession) -> None:
            if done:
                await db.execute(_FORGET_LATE, {"listener": listener.name, **_keys(done)})
            for rows, error in failures:
                await self._postpone(db, listener, rows, error)

        await self._stores.database.run(settle)

    async def _deliver_inside(self, listener: Inside, row: Row) -> None:
        async def unit(db: AsyncSession) -> None:
            taken = await db.execute(
                text(
                    "DELETE FROM deliveries WHERE user_id = :user AND event_id = :id AND listener = :listener"
                    " AND parked_at IS NULL"
                ),
                {"user": row.user_id, "id": row.envelope.id, "listener": listener.name},
            )
            if taken.rowcount:  # type: ignore[attr-defined]
                await listener.deliver(db, row.envelope)

        try:
            await self._stores.database.run(unit)
            telemetry.EVENTS_DELIVERED.labels(listener.name).inc()
        except Unavailable:
            raise
        except Exception as error:
            reason = error
            log.warning(
                "delivery_failed", listener=listener.name, event_id=str(row.envelope.id), error=_reason(error)
            )
            telemetry.EVENTS_FAILED.labels(listener.name).inc()
            await self._stores.database.run(lambda db: self._postpone(db, listener, [row], reason))

    async def _hand_out(self, listener: Outside, rows: list[Row]) -> list[tuple[list[Row], BaseException]]:
        """Give `rows` to the listener; what it refused, with the reason.

        When a batch fails for another reason than a store that is away, each event is tried alone, so that one
        bad event does not hold up its neighbours.
        """
        try:
            await listener.deliver(self._stores, [row.envelope for row in rows])
        except Exception as error:
            telemetry.EVENTS_FAILED.labels(listener.name).inc(len(rows))
            log.warning("delivery_failed", listener=listener.name, events=len(rows), error=_reason(error))
            if len(rows) == 1 or _is_away(error):
                return [(rows, error)]
            refused = []
            for row in rows:
                refused.extend(await self._hand_out(listener, [row]))
            return refused
        telemetry.EVENTS_DELIVERED.labels(listener.name).inc(len(rows))
        return []

    async def _postpone(
        self, db: AsyncSession, listener: Listener, rows: list[Row], error: BaseException
    ) -> None:
        settings = self._stores.settings
        result = await db.execute(
            _POSTPONE,
            {
                "listener": listener.name,
                "error": _reason(error),
                "away": _is_away(error),
                "max_wait": MAX_WAIT_SECONDS,
                "max_attempts": settings.outbox_max_attempts,
                **_keys(rows),
            },
        )
        parked = sum(1 for (parked_at,) in result if parked_at is not None)
        if parked:
            telemetry.EVENTS_PARKED.labels(listener.name).inc(parked)
            log.error("delivery_parked", listener=listener.name, events=parked, error=_reason(error))

    async def _claim(self, statement: Any) -> list[tuple[str, Row]]:
        settings = self._stores.settings
        parameters = {"lease": settings.outbox_lease_seconds, "batch": settings.outbox_batch}

        async def unit(db: AsyncSession) -> list[Any]:
            return list((await db.execute(statement, parameters)).mappings())

        claimed = await self._stores.database.run(unit)
        # An event of a newer version waits for a worker that knows it; the lease keeps it from being asked for at once.
        rows = [(row.get("listener", ""), _row(row)) for row in claimed if row["topic"] in Event.registry]
        return sorted(rows, key=lambda named: named[1].envelope.id)


class _NotYet(Exception):
    """Not handed out yet."""


def _row(row: Any) -> Row:
    context = row["context"]
    occurred_at: datetime = row["occurred_at"]
    return Row(
        user_id=row["user_id"],
        envelope=Envelope(
            id=row["id"],
            occurred_at=occurred_at,
            event=Event.decode(row["topic"], row["payload"]),
            request_id=context.get("request_id", ""),
            address=context.get("address", ""),
            actor_kind=context.get("actor_kind", "system"),
            actor_id=context.get("actor_id", ""),
        ),
    )


def _keys(rows: Sequence[Row]) -> dict[str, Any]:
    return {"users": [row.user_id for row in rows], "ids": [row.envelope.id for row in rows]}


def _reason(error: BaseException) -> str:
    return telemetry.scrub(f"{type(error).__name__}: {error}")[:500]


def _is_away(error: BaseException) -> bool:
    return (
        document_db.is_away(error) or redis_client.is_away(error) or isinstance(error, Unavailable | _NotYet)
    )
