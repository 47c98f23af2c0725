"""The scheduled jobs of this room."""

from __future__ import annotations

from typing import Final

from gencharge.core import telemetry
from gencharge.core.background.jobs import Job
from gencharge.core.stores.stores import Stores
from gencharge.recharge import reminder_service, service

log = telemetry.get_logger(__name__)
BATCH: Final = 200


async def advance_lines(stores: Stores) -> None:
    """Expire plans that have ended and start the queued ones, in batches with a transaction each."""
    changed = 0
    while batch := await stores.database.run(lambda db: service.advance_due_lines(db, limit=BATCH)):
        changed += batch
    if changed:
        log.info("lines_advanced", plans=changed)


async def remind(stores: Stores) -> None:
    """Announce the plans that end soon, in batches with a transaction each."""
    announced = 0
    for days in reminder_service.STAGES:
        is_full = True
        while is_full:
            batch = await stores.database.run(
                lambda db, days=days: reminder_service.remind(db, days, limit=BATCH)  # type: ignore[misc]
            )
            announced += batch
            is_full = batch >= BATCH
    if announced:
        log.info("plans_announced_as_ending", plans=announced)


JOBS: Final = (
    Job("recharge.advance_lines", advance_lines, cron="*/30 * * * * *"),
    Job("recharge.remind", remind, cron="*/10 * * * *"),
)
