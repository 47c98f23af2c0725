"""The scheduled jobs of this room."""

from __future__ import annotations

from typing import Final

from gencharge.core import telemetry
from gencharge.core.background.jobs import Job
from gencharge.core.stores.stores import Stores
from gencharge.payouts import late_service

log = telemetry.get_logger(__name__)


async def pay_out_late(stores: Stores) -> None:
    """Pay out what came into the wallets of closed accounts."""
    if begun := await late_service.pay_out(stores.database):
        log.info("late_payouts_begun", payouts=begun)


JOBS: Final = (Job("payouts.late", pay_out_late, cron="33 * * * *"),)
