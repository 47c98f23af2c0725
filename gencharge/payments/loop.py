"""The keeper: a loop in the worker that leaves no payment, refund or webhook without an end.

Rows are the truth, a lease makes any number of workers safe, and a worker that dies leaves leases that run out. Payments
that are open are asked about with growing pauses for a day; refunds are sent, and asked about until they have ended;
webhooks that named what was not known are tried again for a day.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from datetime import timedelta
from typing import Final

from gencharge.core import telemetry
from gencharge.core.errors import Unavailable
from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.payments import crud, queue_crud, refunds_service, status_checks_service
from gencharge.payments.context import Desk
from gencharge.payments.gateway import CallFailed
from gencharge.payments.models import Payment, PaymentStatus, Refund

AT_A_TIME: Final = 16
POLL_SECONDS: Final = 0.5
# Nobody has tried to pay for so long: given up. The gateway is asked on, for a capture that comes late counts.
ABANDONED_AFTER: Final = timedelta(minutes=30)
ASKED_FOR: Final = timedelta(hours=24)
# What is authorized and not captured, the gateway lets go after five days.
AUTHORIZED_FOR: Final = timedelta(days=6)
_TROUBLE_SECONDS: Final = 1.0
log = telemetry.get_logger(__name__)


class Keeper:
    """One per worker process. `run` until cancelled, or `drain` in a test."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        # Longer than all calls that one row can take together.
        self._lease_seconds = 4 * desk.settings.payment_timeout_seconds + 10

    async def run(self) -> None:
        """Keep until cancelled; what is under way is then left to its lease."""
        try:
            while True:
                try:
                    moved = await self.turn()
                except Exception as error:
                    if not isinstance(error, Unavailable):
                        log.exception("keeping_failed")
                    await asyncio.sleep(_TROUBLE_SECONDS)
                else:
                    if not moved:
                        await asyncio.sleep(POLL_SECONDS)
        finally:
            await self._desk.gateway.close()

    async def drain(self) -> None:
        """Until nothing is due now."""
        while await self.turn():
            pass

    async def turn(self) -> int:
        """Take what is due, a few of each kind; how many there were."""
        database, lease = self._desk.database, self._lease_seconds
        payments = await database.run(
            lambda db: queue_crud.claim_payments(db, limit=AT_A_TIME, lease_seconds=lease)
        )
        refunds = await database.run(
            lambda db: queue_crud.claim_refunds(db, limit=AT_A_TIME, lease_seconds=lease)
        )
        events = await database.run(lambda db: queue_crud.list_due_events(db, limit=AT_A_TIME))
        await asyncio.gather(
            *(self._guarded(self._check(each), payment_id=str(each.payment_id)) for each in payments),
            *(self._guarded(self._refund(each), refund_id=str(each.refund_id)) for each in refunds),
            *(self._guarded(self._retry(each), event_id=each) for each in events),
        )
        return len(payments) + len(refunds) + len(events)

    async def _guarded(self, work: Awaitable[None], **about: str) -> None:
        """What fails here is tried again when its lease has run out."""
        try:
            await work
        except Unavailable as error:
            log.warning("keeping_postponed", error=error.code(), **about)
        except Exception:
            log.exception("keeping_failed", **about)

    async def _check(self, payment: Payment) -> None:
        try:
            tries = await status_checks_service.learn(self._desk, payment)
        except CallFailed as error:
            log.warning("gateway_silent", payment_id=str(payment.payment_id), reason=error.reason)
            await self._check_later(payment, self._pause(payment))
            return
        age = clock.now() - payment.created_at
        if age > ABANDONED_AFTER and not tries:
            await self._fail(payment, "abandoned")
        authorized = payment.status == PaymentStatus.AUTHORIZED or any(
            each.status == "authorized" for each in tries
        )
        over = age > (AUTHORIZED_FOR if authorized else ASKED_FOR)
        if over:
            await self._fail(payment, "no_answer")
        # An order that was never made can't be paid: with the end of its payment there is nothing left to ask.
        nothing_to_ask = payment.order_id is None and age > ABANDONED_AFTER
        await self._check_later(payment, None if over or nothing_to_ask else self._pause(payment))

    async def _fail(self, payment: Payment, reason: str) -> None:
        await self._desk.database.run(
            lambda db: crud.fail(
                db, payment.user_id, payment.payment_id, reason=reason, authorized=reason == "no_answer"
            )
        )

    def _pause(self, payment: Payment) -> float:
        pauses = self._desk.settings.payment_check_seconds
        return pauses[min(payment.checks + 1, len(pauses) - 1)]

    async def _check_later(self, payment: Payment, seconds: float | None) -> None:
        await self._desk.database.run(lambda db: queue_crud.check_later(db, payment, seconds))

    async def _refund(self, refund: Refund) -> None:
        await refunds_service.move_on(self._desk, refund)

    async def _retry(self, event_id: str) -> None:
        limits = self._desk.limits
        outcome = await self._desk.database.run(lambda db: queue_crud.retry_event(db, event_id, limits))
        log.info("gateway_event_retried", event_id=event_id, outcome=outcome)


async def keep(stores: Stores) -> None:
    """What a worker runs."""
    await Keeper(Desk.at(stores)).run()
