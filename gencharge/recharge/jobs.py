"""The scheduled jobs of this room."""

from __future__ import annotations

from typing import Final

from gencharge.core import telemetry
from gencharge.core.background.jobs import Job
from gencharge.core.stores.stores import Stores
from gencharge.recharge import service

log = telemetry.get_logger(__name__)
BATCH: Final = 200


async def advance_lines(stores: Stores) -> None:
    """Expire plans that have ended and start the queued ones, in batches with a transaction each."""
    changed = 0
    while batch := await stores.database.run(lambda db: service.advance_due_lines(db, limit=BATCH)):
        changed += batch
    if changed:
        log.info("lines_advanced", plans=changed)


JOBS: Final = (Job("recharge.advance_lines", advance_lines, cron="*/30 * * * * *"),)
