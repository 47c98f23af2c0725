"""Settling new events: taking them out of the outbox, with the effect of the listeners that take a batch in that transaction.

Mostly nobody else has taken any of them, and no such listener refuses. Then they are deleted by key, and nothing of them comes back from
PostgreSQL: only those are read once more that become deliveries. If it is otherwise, that is undone, and each part is done by itself.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import RowMapping
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.core import telemetry
from gencharge.core.errors import Unavailable
from gencharge.core.events import delivery_spans, outbox
from gencharge.core.events.events import Envelope, InsideBatch, Listener
from gencharge.core.events.outbox import Row
from gencharge.core.events.refusals import NotYet, Refusal, report, report_parked
from gencharge.core.settings import Settings

Taken = Mapping[UUID, RowMapping]


class _OthersTookSome(Exception):
    """Another relay has settled some of these events."""


@dataclass(frozen=True, slots=True)
class Settlement:
    """A batch that was handed out. `batched`: listeners that take their events in this transaction; `late`: what others did not take."""

    batch: Sequence[Row]
    batched: Sequence[tuple[InsideBatch, Sequence[Row]]]
    late: Sequence[tuple[Listener, Refusal]]

    async def settle(self, db: AsyncSession, settings: Settings) -> None:
        """Take the events out of the outbox. Raises what a lost connection raises: then the whole batch is handed out again."""
        taken: Taken | None
        if self.batched:
            taken = await self._settle_whole(db)
        else:
            taken = await self._take_out(db, is_all_needed=False)
        if taken is None:
            taken = await self._settle_in_parts(db, settings)
        for listener, refusal in self.late:
            await _keep(db, listener, refusal, taken, settings)

    async def _settle_whole(self, db: AsyncSession) -> Taken | None:
        """Settle all of it; what becomes deliveries. None: it has to be done in parts, and nothing was done."""
        try:
            async with db.begin_nested():
                taken = await self._take_out(db, is_all_needed=True)
                for listener, rows in self.batched:
                    await _deliver(db, listener, rows)
        except Unavailable:
            raise
        except Exception:
            # A listener that refuses does so again in parts, which reports why.
            return None
        for listener, rows in self.batched:
            telemetry.EVENTS_DELIVERED.labels(listener.name).inc(len(rows))
        return taken

    async def _take_out(self, db: AsyncSession, *, is_all_needed: bool) -> Taken:
        """Delete the events, and return those that are late."""
        late = {row.id for _, refusal in self.late for row in refusal.rows}
        gone = await outbox.forget(db, [row for row in self.batch if row.id not in late])
        taken = await outbox.take(db, [row for row in self.batch if row.id in late]) if late else {}
        if is_all_needed and gone + len(taken) < len(self.batch):
            raise _OthersTookSome
        return taken

    async def _settle_in_parts(self, db: AsyncSession, settings: Settings) -> Taken:
        """The same, each listener's effect by itself, of the events that are still there."""
        taken = await outbox.take(db, self.batch)
        for listener, rows in self.batched:
            refusal = await _try(db, listener, [row for row in rows if row.id in taken])
            if refusal is not None:
                await _keep(db, listener, refusal, taken, settings)
        return taken


async def _deliver(db: AsyncSession, listener: InsideBatch, rows: Collection[Row]) -> None:
    envelopes = list[Envelope]()
    for row in rows:
        if row.envelope is None:
            raise row.problem or ValueError("unreadable")
        envelopes.append(row.envelope)
    with delivery_spans.batch(listener.name, envelopes) as traced:
        await listener.deliver(db, traced)


async def _try(db: AsyncSession, listener: InsideBatch, rows: list[Row]) -> Refusal | None:
    """Give `rows` to the listener in this transaction. If it fails, none of them has an effect: all become deliveries, and each is
    tried alone."""
    if not rows:
        return None
    try:
        async with db.begin_nested():
            await _deliver(db, listener, rows)
    except Unavailable:
        raise
    except Exception as error:
        report(listener, Refusal(rows, error))
        return Refusal(rows, NotYet())
    telemetry.EVENTS_DELIVERED.labels(listener.name).inc(len(rows))
    return None


async def _keep(
    db: AsyncSession,
    listener: Listener,
    refusal: Refusal,
    taken: Taken,
    settings: Settings,
) -> None:
    """Make deliveries of new events that a listener could not take, as far as this relay has taken them."""
    waits = isinstance(refusal.error, NotYet)
    counts = not (waits or refusal.away)
    parked = counts and settings.outbox_max_attempts <= 1
    await outbox.keep_for_later(
        db,
        [taken[row.id] for row in refusal.rows if row.id in taken],
        listener=listener.name,
        attempts=int(counts),
        wait_seconds=settings.outbox_lease_seconds if waits else 1.0,
        parked=parked,
        error="" if waits else refusal.reason,
    )
    if parked:
        report_parked(listener, refusal, len(refusal.rows))
