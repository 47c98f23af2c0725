"""The relay: takes events out of the outbox and hands them to their listeners.

Three steps for each batch, so that no network call is made inside a transaction: claim (a lease, core.postgres.leases),
hand out, settle. A relay that dies leaves a lease that runs out; another one hands the batch out again.

    fresh   events, in the order of their ids, to all listeners side by side; what one of them could not take
            becomes a delivery of its own, and the event is forgotten
    late    deliveries, each listener's by themselves, with a growing pause between attempts

A listener whose store is away is not called for fresh events again until one late delivery, sent as a probe,
comes through. A batch that is refused for another reason is halved until the bad event is alone.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.core import telemetry
from gencharge.core.errors import Unavailable
from gencharge.core.events import delivered, delivery_spans, outbox
from gencharge.core.events.delivered import DeliveredLog
from gencharge.core.events.events import Inside, InsideBatch, Listener, Outside
from gencharge.core.events.outbox import Row
from gencharge.core.events.refusals import NotYet, Refusal, report, report_parked
from gencharge.core.events.repetition import repeat
from gencharge.core.events.settling import Settlement
from gencharge.core.stores.stores import Stores

MAX_WAIT_SECONDS: Final = 30.0
AWAY_WAIT_SECONDS: Final = 5.0
_LATE_POLL_SECONDS: Final = 1.0


class StoreUnavailable(Unavailable):
    """The listener's store did not answer the last time."""


class Relay:
    """Hands out events until it is cancelled. Any number may run side by side."""

    def __init__(self, stores: Stores, listeners: Sequence[Listener]) -> None:
        names = [listener.name for listener in listeners]
        if len(set(names)) != len(names):
            raise ValueError("each listener needs a name of its own")
        self._stores = stores
        self._listeners = tuple(listeners)
        self._away: set[str] = set()
        self._log = DeliveredLog(stores, listeners)

    async def run(self) -> None:
        """Deliver what comes; poll less often when there is nothing; survive any store's absence.

        When cancelled, batches under way are finished first, for at most 5 s.
        """
        poll = self._stores.settings.outbox_poll_seconds
        late = max(poll, _LATE_POLL_SECONDS)
        # Unlike gather, a group waits for all of them when it is cancelled.
        async with asyncio.TaskGroup() as group:
            group.create_task(repeat(self._deliver_gathered, pause=poll))
            due = {listener.name: asyncio.Event() for listener in self._listeners}
            group.create_task(repeat(partial(self._look_for_late, due), pause=late))
            for listener in self._listeners:
                # One that is slow holds up nobody else.
                step = partial(self._deliver_late, listener)
                group.create_task(repeat(step, pause=late, due=due[listener.name]))

    async def drain(self, *, rounds: int = 10_000) -> None:
        """Deliver until nothing is left that is due now."""
        for _ in range(rounds):
            if not await self.deliver():
                return

    async def deliver(self) -> bool:
        """Hand out one batch of new events and one of each listener's late deliveries. True if any went through."""
        fresh = await self._deliver_fresh()
        due = await self._list_late()
        behind = [listener for listener in self._listeners if listener.name in due]
        late = await asyncio.gather(*(self._deliver_late(listener) for listener in behind))
        return fresh > 0 or any(late)

    async def _list_late(self) -> set[str]:
        """The listeners with late deliveries that are due. Mostly there are none, so that one query asks for all."""
        names = [listener.name for listener in self._listeners]
        return await self._stores.database.run(lambda db: outbox.list_late(db, names))

    async def _look_for_late(self, due: Mapping[str, asyncio.Event]) -> bool:
        for name in await self._list_late():
            due[name].set()
        return False

    async def _deliver_gathered(self) -> bool:
        """Hand out one batch. If it was small, pause for as long as it took: many small ones cost more than their events do."""
        settings, began = self._stores.settings, time.monotonic()
        count = await self._deliver_fresh()
        if 0 < count < settings.outbox_batch:
            await asyncio.sleep(min(settings.outbox_poll_seconds, time.monotonic() - began))
        return count > 0

    async def _deliver_fresh(self) -> int:
        """Hand out one batch; how many events it had."""
        await self._log.begin()
        size, lease = self._stores.settings.outbox_batch, self._stores.settings.outbox_lease_seconds
        batch = await self._stores.database.run(lambda db: outbox.claim(db, batch=size, lease_seconds=lease))
        if not batch:
            return 0
        shares = [(one, [row for row in batch if row.concerns(one)]) for one in self._listeners]
        outside = [(listener, rows) for listener, rows in shares if rows and isinstance(listener, Outside)]
        inside = [(listener, rows) for listener, rows in shares if rows and isinstance(listener, Inside)]
        batched = [(one, rows) for one, rows in shares if rows and isinstance(one, InsideBatch)]
        refused = await asyncio.gather(*(self._hand_out_fresh(listener, rows) for listener, rows in outside))

        late: list[tuple[Listener, Refusal]] = [
            (listener, refusal)
            for (listener, _), refusals in zip(outside, refused, strict=True)
            for refusal in refusals
        ]
        # Written down as a delivery first, so that its effect and its disappearance are one transaction.
        late += [(listener, Refusal(rows, NotYet())) for listener, rows in inside]
        replayable = await self._log.batch_of(batch)

        settlement = Settlement(batch, batched, late)

        async def settle(db: AsyncSession) -> None:
            await delivered.add(db, replayable)
            await settlement.settle(db, self._stores.settings)

        await self._stores.database.run(settle)
        for one, rows in inside:
            for row in rows:
                await self._deliver_inside(one, row)
        return len(batch)

    async def _hand_out_fresh(self, listener: Outside, rows: list[Row]) -> list[Refusal]:
        if listener.name in self._away:
            return [Refusal(rows, StoreUnavailable())]
        return await self._hand_out(listener, rows)

    async def _deliver_late(self, listener: Listener) -> bool:
        probing = listener.name in self._away
        settings = self._stores.settings
        size, lease = 1 if probing else settings.outbox_batch, settings.outbox_lease_seconds
        rows = await self._stores.database.run(
            lambda db: outbox.claim_late(db, listener.name, batch=size, lease_seconds=lease)
        )
        if not rows:
            return False
        if not isinstance(listener, Outside):
            for row in rows:
                await self._deliver_inside(listener, row)
            return True
        refusals = await self._hand_out(listener, rows)
        refused = {row.id for refusal in refusals for row in refusal.rows}
        done = [row for row in rows if row.id not in refused]
        # It was stored when it was new, which may be before a backup that does not have what the listener has made of it only now.
        replayable = await self._log.batch_of(done, listener)

        async def settle(db: AsyncSession) -> None:
            await delivered.add(db, replayable)
            if done:
                await db.execute(outbox.FORGET_LATE, {"listener": listener.name, **outbox.keys(done)})
            for refusal in refusals:
                await self._postpone(db, listener, refusal, away=refusal.away)

        await self._stores.database.run(settle)
        return listener.name not in self._away

    async def _deliver_inside(self, listener: Inside | InsideBatch, row: Row) -> None:
        async def unit(db: AsyncSession) -> bool:
            taken = await db.execute(
                outbox.TAKE_LATE, {"user": row.user_id, "id": row.id, "listener": listener.name}
            )
            if taken.first() is None:
                return False
            if row.envelope is None:
                raise row.problem or ValueError("unreadable")
            if isinstance(listener, InsideBatch):
                await listener.deliver(db, [row.envelope])
            else:
                await listener.deliver(db, row.envelope)
            return True

        before = telemetry.context()
        try:
            with delivery_spans.one(listener.name, row) as traceparent:
                telemetry.set_context(_context_of(row, traceparent))
                if await self._stores.database.run(unit):
                    telemetry.EVENTS_DELIVERED.labels(listener.name).inc()
        except Exception as error:
            refusal = Refusal([row], error)
            report(listener, refusal)
            # Its only store is PostgreSQL. If that is away, writing this down fails as well, and nothing counts.
            await self._stores.database.run(
                partial(self._postpone, listener=listener, refusal=refusal, away=False)
            )
        finally:
            telemetry.set_context(before)

    async def _hand_out(self, listener: Outside, rows: list[Row]) -> list[Refusal]:
        """Give `rows` to the listener; what it did not take, with the reasons.

        A listener brings time-outs of its own; one that hangs is cut off well before the lease runs out.
        """
        refusals = [Refusal([row], row.problem) for row in rows if row.problem is not None]
        readable = [row for row in rows if row.envelope is not None]
        waiting = deque([readable] if readable else [])
        until = time.monotonic() + self._stores.settings.outbox_lease_seconds * 0.8
        away = False
        while waiting:
            part = waiting.popleft()
            try:
                envelopes = [row.envelope for row in part if row.envelope]
                with delivery_spans.batch(listener.name, envelopes) as traced:
                    async with asyncio.timeout(max(0.0, until - time.monotonic())):
                        await listener.deliver(self._stores, traced)
            except Exception as error:
                refusal = Refusal(part, error)
                if refusal.away:
                    away = True
                    refusal = Refusal([*part, *(row for rest in waiting for row in rest)], error)
                    waiting.clear()
                elif len(part) > 1:
                    middle = len(part) // 2
                    waiting.extendleft((part[middle:], part[:middle]))
                    continue
                refusals.append(refusal)
            else:
                telemetry.EVENTS_DELIVERED.labels(listener.name).inc(len(part))
        for refusal in refusals:
            report(listener, refusal)
        if away:
            self._away.add(listener.name)
        elif readable:
            self._away.discard(listener.name)
        return refusals

    async def _postpone(self, db: AsyncSession, listener: Listener, refusal: Refusal, *, away: bool) -> None:
        result = await db.execute(
            outbox.POSTPONE,
            {
                "listener": listener.name,
                "error": refusal.reason,
                "away": away,
                "away_wait": AWAY_WAIT_SECONDS,
                "max_wait": MAX_WAIT_SECONDS,
                "max_attempts": self._stores.settings.outbox_max_attempts,
                **outbox.keys(refusal.rows),
            },
        )
        parked = sum(1 for (parked_at,) in result if parked_at is not None)
        if parked:
            report_parked(listener, refusal, parked)


def _context_of(row: Row, traceparent: str) -> telemetry.RequestContext:
    """What a listener announces in turn belongs to the same request, but the system did it."""
    if row.envelope is None:
        return telemetry.RequestContext(request_id="", traceparent=traceparent)
    envelope = row.envelope
    return telemetry.RequestContext(
        request_id=envelope.request_id, address=envelope.address, traceparent=traceparent
    )
