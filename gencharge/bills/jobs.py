"""The scheduled jobs of this room."""

from __future__ import annotations

from typing import Final

from gencharge.bills import reminder_service
from gencharge.bills.context_service import BillsContext
from gencharge.core import telemetry
from gencharge.core.background.jobs import Job
from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock

log = telemetry.get_logger(__name__)
BATCH: Final = 200


async def remind(stores: Stores) -> None:
    """Remind customers of bills that are due soon, in batches, by day."""
    if not reminder_service.is_time(clock.now()):
        return
    context, looked_at = BillsContext.at(stores), 0
    try:
        is_full = True
        while is_full:
            batch = await reminder_service.remind(context, limit=BATCH)
            looked_at += batch
            is_full = batch >= BATCH
    finally:
        await context.client.close()
    if looked_at:
        log.info("bills_looked_at_for_reminders", bills=looked_at)


JOBS: Final = (Job("bills.remind", remind, cron="*/10 * * * *"),)
