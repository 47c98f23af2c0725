"""The loops of a worker that bring payments, refunds and webhooks to an end, each over a queue of its own.

    PaymentChecks   checks the state of open payments at the gateway, with growing pauses, for a day
    RefundSender    sends refunds to the gateway and checks their state until they have ended
    EventRetries    retries webhooks that named an unknown order or refund, for a day

They are separate so that a gateway that does not answer delays no webhook. Any number of workers may run them: a row is
leased while it is worked on, and the lease of a worker that died runs out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Final

from gencharge.core import telemetry
from gencharge.core.background.loop import Loop
from gencharge.core.postgres.database import Database
from gencharge.core.stores.stores import Stores
from gencharge.payments import queue_crud, refunds_service, status_checks_service
from gencharge.payments.context import PaymentContext
from gencharge.payments.models import Payment, Refund
from gencharge.payments.topups_service import limits_json

AT_A_TIME: Final = 16
POLL_SECONDS: Final = 0.5
EVENT_LEASE_SECONDS: Final = 30.0
log = telemetry.get_logger(__name__)


def lease_seconds(context: PaymentContext) -> float:
    """Longer than all calls about one payment or refund can take together."""
    return 4 * context.settings.payment_timeout_seconds + 10


class PaymentChecks(Loop[Payment, str]):
    """Checks open payments that are due. One per worker process."""

    at_a_time = AT_A_TIME
    poll_seconds = POLL_SECONDS

    def __init__(self, context: PaymentContext) -> None:
        super().__init__()
        self._context = context

    async def claim(self, free: int, running: Counter[str]) -> Sequence[Payment]:
        """Lease up to `free` payments that are due."""
        del running
        lease = lease_seconds(self._context)
        return await self._context.database.run(
            lambda db: queue_crud.claim_payments(db, limit=free, lease_seconds=lease)
        )

    def party_of(self, task: Payment) -> str:
        """The gateway."""
        return task.gateway

    def id_of(self, task: Payment) -> str:
        """The payment's id."""
        return str(task.payment_id)

    async def work(self, task: Payment) -> None:
        """Check one payment."""
        await status_checks_service.recheck(self._context, task)

    async def close(self) -> None:
        """Close the connections to the gateway."""
        await self._context.gateway.close()


class RefundSender(Loop[Refund, str]):
    """Sends refunds that are due, and checks those that were sent. One per worker process."""

    at_a_time = AT_A_TIME
    poll_seconds = POLL_SECONDS

    def __init__(self, context: PaymentContext) -> None:
        super().__init__()
        self._context = context

    async def claim(self, free: int, running: Counter[str]) -> Sequence[Refund]:
        """Lease up to `free` refunds that are due; each claim counts as an attempt."""
        del running
        lease = lease_seconds(self._context)
        return await self._context.database.run(
            lambda db: queue_crud.claim_refunds(db, limit=free, lease_seconds=lease)
        )

    def party_of(self, task: Refund) -> str:
        """The gateway's payment that is refunded."""
        return task.gateway_payment_id

    def id_of(self, task: Refund) -> str:
        """The refund's id."""
        return str(task.refund_id)

    async def work(self, task: Refund) -> None:
        """Send one refund, or check its state."""
        await refunds_service.advance(self._context, task)

    async def close(self) -> None:
        """Close the connections to the gateway."""
        await self._context.gateway.close()


class EventRetries(Loop[str, str]):
    """Retries webhooks that named an unknown order or refund. It calls no gateway. One per worker process."""

    at_a_time = AT_A_TIME
    poll_seconds = POLL_SECONDS

    def __init__(self, database: Database, limits: str) -> None:
        super().__init__()
        self._database = database
        self._limits = limits

    async def claim(self, free: int, running: Counter[str]) -> Sequence[str]:
        """Lease up to `free` events that are due; their ids."""
        del running
        return await self._database.run(
            lambda db: queue_crud.claim_events(db, limit=free, lease_seconds=EVENT_LEASE_SECONDS)
        )

    def party_of(self, task: str) -> str:
        """The event itself."""
        return task

    def id_of(self, task: str) -> str:
        """The event's id."""
        return task

    async def work(self, task: str) -> None:
        """Retry one event."""
        outcome = await self._database.run(
            lambda db: queue_crud.retry_event(db, event_id=task, limits=self._limits)
        )
        log.info("gateway_event_retried", event_id=task, outcome=outcome.value)

    async def close(self) -> None:
        """Nothing is held."""


async def check_payments(stores: Stores) -> None:
    """What a worker runs: PaymentChecks."""
    await PaymentChecks(PaymentContext.at(stores)).run()


async def send_refunds(stores: Stores) -> None:
    """What a worker runs: RefundSender."""
    await RefundSender(PaymentContext.at(stores)).run()


async def retry_events(stores: Stores) -> None:
    """What a worker runs: EventRetries."""
    await EventRetries(stores.database, limits_json(stores.settings)).run()
