"""Seals new entries of the audit trail, every five seconds."""

from __future__ import annotations

from typing import Final

from pymongo.errors import PyMongoError

from gencharge.audit import sealing_service as sealing
from gencharge.core import telemetry
from gencharge.core.background.jobs import Job
from gencharge.core.stores import mongo
from gencharge.core.stores.stores import Stores

log = telemetry.get_logger(__name__)


async def seal(stores: Stores) -> None:
    """Seal new entries; wait while MongoDB is unavailable."""
    try:
        await sealing.seal(stores)
    except sealing.SealingInterrupted:
        log.info("audit_sealing_interrupted")
    except PyMongoError as error:
        if not mongo.is_away(error):
            raise
        log.warning("audit_sealing_waits", error=type(error).__name__)


JOBS: Final = (Job("audit.seal", seal, cron="* * * * * */5"),)
