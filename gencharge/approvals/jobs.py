"""What this room does on a clock."""

from __future__ import annotations

from typing import Final

from gencharge.approvals import staff_service
from gencharge.core import telemetry
from gencharge.core.background.jobs import Job
from gencharge.core.stores.stores import Stores

log = telemetry.get_logger(__name__)
BATCH: Final = 200


async def expire_approvals(stores: Stores) -> None:
    """Close the requests that nobody decided on in time, in batches of a transaction each."""
    closed = 0
    while batch := await stores.database.run(lambda db: staff_service.expire(db, limit=BATCH)):
        closed += batch
    if closed:
        log.info("approvals_expired", approvals=closed)


JOBS: Final = (Job("approvals.expire", expire_approvals, cron="47 * * * * *"),)
