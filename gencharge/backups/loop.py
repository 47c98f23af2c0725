"""Keeps the gauges of backups up to date, as long as a worker runs."""

from __future__ import annotations

import asyncio
from typing import Final

from gencharge.backups import measuring_service, wal_copies_service, wal_service
from gencharge.core import telemetry
from gencharge.core.errors import Unavailable
from gencharge.core.stopping import raise_if_cancelled
from gencharge.core.stores.stores import Stores

LOOK_SECONDS: Final = 120.0
log = telemetry.get_logger(__name__)


async def keep_measured(stores: Stores) -> None:
    """Look, and look again, until cancelled. Only a worker whose metrics are served looks."""
    if not stores.settings.worker_metrics_port:
        await asyncio.get_running_loop().create_future()
    while True:
        try:
            await measuring_service.tell(stores.settings)
            await asyncio.to_thread(wal_service.tell, stores.settings)
            await wal_copies_service.tell(stores.settings)
            await measuring_service.tell_of_events(stores)
        except Exception as error:
            raise_if_cancelled()
            if not isinstance(error, Unavailable):
                log.warning("backups_not_measured", error=telemetry.scrub(repr(error)))
        await asyncio.sleep(LOOK_SECONDS)
