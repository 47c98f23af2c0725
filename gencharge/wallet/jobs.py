"""What this room does on a clock."""

from __future__ import annotations

from typing import Final

from gencharge.core import telemetry
from gencharge.core.background.jobs import Job
from gencharge.core.stores.stores import Stores
from gencharge.wallet import adjustments_service as adjustments

log = telemetry.get_logger(__name__)
BATCH: Final = 200


async def expire_adjustments(stores: Stores) -> None:
    """Close the adjustments that nobody decided on in time, in batches of a transaction each."""
    closed = 0
    while batch := await stores.database.run(lambda db: adjustments.expire(db, limit=BATCH)):
        closed += batch
    if closed:
        log.info("adjustments_expired", adjustments=closed)


JOBS: Final = (Job("wallet.expire_adjustments", expire_adjustments, cron="17 * * * *"),)
