"""The scheduled jobs of this room."""

from __future__ import annotations

from typing import Final

from gencharge.core import telemetry
from gencharge.core.background.jobs import Job
from gencharge.core.stores.stores import Stores
from gencharge.delivery import service

log = telemetry.get_logger(__name__)
BATCH: Final = 200


async def alert_stuck_recharges(stores: Stores) -> None:
    """Alert the staff to recharges that have been pending at an operator for too long."""
    while alerted := await stores.database.run(lambda db: service.alert_stuck(db, limit=BATCH)):
        log.warning("recharges_stuck", recharges=alerted)


JOBS: Final = (Job("delivery.alert_stuck", alert_stuck_recharges, cron="20 * * * * *"),)
