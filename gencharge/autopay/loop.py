"""The loops of a worker that runs autopays and automatic top-ups which are due. Leases make any number of workers safe."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Sequence
from typing import Final

from gencharge.autopay import late_service
from gencharge.autopay import run_service as runs
from gencharge.autopay import topups_run_service as topup_runs
from gencharge.autopay.late_service import LateRuns
from gencharge.autopay.pricing_service import WorkersMarket
from gencharge.autopay.settling_service import DueAutopay
from gencharge.autopay.topups_run_service import DueTopup
from gencharge.bills.service import BillsContext
from gencharge.core.background.loop import Loop
from gencharge.core.errors import DatabaseUnavailable
from gencharge.core.stores.stores import Stores
from gencharge.payments.service import PaymentContext
from gencharge.recharge.service import Market

_SIDE_BY_SIDE: Final = 16
# A run begins with at least half of its lease left, which is longer than a sale can take.
_MOST_WAITED_SECONDS: Final = runs.LEASE_SECONDS / 2


class AutopayRunner(Loop[DueAutopay, str]):
    """One per worker process: `run` it until cancelled, or `drain` it in a test."""

    # Many are claimed at once, because claims that take a few rows each cost more than the runs; only some of them are run side by side.
    at_a_time = 64
    claim_from = 32
    poll_seconds = 1.0

    def __init__(self, context: PaymentContext, bills: BillsContext | None = None) -> None:
        """`bills`: who is asked about bills; a context of its own by default."""
        super().__init__()
        self._context = context
        self._bills = bills or BillsContext.beside(context.settings, context.database)
        self._market = WorkersMarket()
        self._current: Market | None = None
        self._places = asyncio.Semaphore(_SIDE_BY_SIDE)
        self.late = LateRuns()

    async def claim(self, free: int, running: Counter[str]) -> Sequence[DueAutopay]:
        """Lease up to `free` autopays that are due or to be announced. If there are none, say what was late of those before."""
        tasks = await self._context.database.run(lambda db: runs.claim(db, limit=free))
        if tasks:
            await self._refresh()
        elif not running:
            await self._say_late()
        return tasks

    async def _refresh(self) -> None:
        """Look whether plans or offers have changed. If that can't be read, what is in memory does: what was claimed would wait for the end
        of its lease, and the sale looks at the price and the offer once more."""
        try:
            self._current = await self._market.current(self._context.database)
        except DatabaseUnavailable:
            if self._current is None:
                raise

    def party_of(self, task: DueAutopay) -> str:
        """The operator."""
        return task.row.operator

    def id_of(self, task: DueAutopay) -> str:
        """The autopay's id."""
        return str(task.row.autopay_id)

    async def work(self, task: DueAutopay) -> None:
        """Announce one autopay, or run it."""
        claimed = time.monotonic()
        async with self._places:
            if time.monotonic() - claimed > _MOST_WAITED_SECONDS:
                return  # what is left of its lease may be too short: the next claim runs it
            self.late.add(await runs.process(self._context, task, self._current, self._bills))

    async def _say_late(self) -> None:
        late, self.late = self.late, LateRuns()
        await self.report(late)

    async def report(self, late: LateRuns) -> None:
        """Say what was late, once all of it has been caught up with."""
        await late_service.report(self._context.database, late)

    async def close(self) -> None:
        """Close the connections to the gateway and the operators."""
        await self._context.gateway.close()
        await self._bills.client.close()


class TopupRunner(Loop[DueTopup, str]):
    """The same for automatic top-ups."""

    at_a_time = 16
    poll_seconds = 5.0

    def __init__(self, context: PaymentContext) -> None:
        super().__init__()
        self._context = context

    async def claim(self, free: int, running: Counter[str]) -> Sequence[DueTopup]:
        """Lease up to `free` automatic top-ups that are to be looked at."""
        del running
        return await self._context.database.run(lambda db: topup_runs.claim(db, limit=free))

    def party_of(self, task: DueTopup) -> str:
        """The gateway."""
        return self._context.gateway.name

    def id_of(self, task: DueTopup) -> str:
        """Its owner's id."""
        return str(task.row.user_id)

    async def work(self, task: DueTopup) -> None:
        """Look at one automatic top-up."""
        await topup_runs.process(self._context, task)

    async def close(self) -> None:
        """Close the connections to the gateway."""
        await self._context.gateway.close()


async def run_topups(stores: Stores) -> None:
    """What a worker runs: TopupRunner."""
    await TopupRunner(PaymentContext.at(stores)).run()


async def run_autopays(stores: Stores) -> None:
    """What a worker runs: AutopayRunner."""
    await AutopayRunner(PaymentContext.at(stores)).run()
