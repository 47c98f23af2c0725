"""The loop of a worker that brings payouts to an end. Leases make any number of workers safe."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Final

from gencharge.core.background.loop import Loop
from gencharge.core.stores.stores import Stores
from gencharge.payouts import crud, send_service
from gencharge.payouts.context_service import PayoutContext
from gencharge.payouts.models import Payout

# More calls than one look at a payout makes.
_CALLS: Final = 4


class PayoutSender(Loop[Payout, str]):
    """Sends payouts that are due, and asks about those that were sent. One per worker process."""

    at_a_time = 8
    poll_seconds = 2.0

    def __init__(self, context: PayoutContext) -> None:
        super().__init__()
        self._context = context

    async def claim(self, free: int, running: Counter[str]) -> Sequence[Payout]:
        """Lease up to `free` payouts that are due."""
        del running
        lease = _CALLS * self._context.settings.payment_timeout_seconds + 10
        return await self._context.database.run(
            lambda db: crud.claim_due(db, limit=free, lease_seconds=lease)
        )

    def party_of(self, task: Payout) -> str:
        """The payout itself."""
        return str(task.payout_id)

    def id_of(self, task: Payout) -> str:
        """The payout's id."""
        return str(task.payout_id)

    async def work(self, task: Payout) -> None:
        """Send one payout, or ask about it."""
        await send_service.advance(self._context, task)

    async def close(self) -> None:
        """Close the connections to the gateway."""
        await self._context.close()


async def send_payouts(stores: Stores) -> None:
    """What a worker runs: PayoutSender."""
    await PayoutSender(PayoutContext.at(stores)).run()
