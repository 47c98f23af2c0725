"""The loop of a worker that asks the gateway about mandates. Leases make any number of workers safe."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Final

from gencharge.core.background.loop import Loop
from gencharge.core.stores.stores import Stores
from gencharge.mandates import check_service, crud
from gencharge.mandates.models import Mandate
from gencharge.payments.service import PaymentContext

# More calls than one check makes.
_CALLS: Final = 4


class MandateChecks(Loop[Mandate, str]):
    """One per worker process."""

    at_a_time = 8
    poll_seconds = 0.5

    def __init__(self, context: PaymentContext) -> None:
        super().__init__()
        self._context = context

    async def claim(self, free: int, running: Counter[str]) -> Sequence[Mandate]:
        """Lease up to `free` mandates that are due."""
        del running
        lease = _CALLS * self._context.settings.payment_timeout_seconds + 10
        return await self._context.database.run(lambda db: crud.claim(db, limit=free, lease_seconds=lease))

    def party_of(self, task: Mandate) -> str:
        """The gateway."""
        return task.gateway

    def id_of(self, task: Mandate) -> str:
        """The mandate's id."""
        return str(task.mandate_id)

    async def work(self, task: Mandate) -> None:
        """Ask about one mandate, or tell that it was revoked."""
        await check_service.check(self._context, task)

    async def close(self) -> None:
        """Close the connections to the gateway."""
        await self._context.gateway.close()


async def check_mandates(stores: Stores) -> None:
    """What a worker runs: MandateChecks."""
    await MandateChecks(PaymentContext.at(stores)).run()
