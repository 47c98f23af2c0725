"""Keeps the gauges up to date, as long as a worker runs."""

from __future__ import annotations

import asyncio
import time
from typing import Final

from gencharge.core import telemetry
from gencharge.core.errors import Unavailable
from gencharge.core.stopping import raise_if_cancelled
from gencharge.core.stores.stores import Stores
from gencharge.metrics import service

# As often as Prometheus usually asks; the sum of the wallets reads every wallet.
LOOK_SECONDS: Final = 15.0
WALLETS_SECONDS: Final = 600.0
log = telemetry.get_logger(__name__)


async def keep_measured(stores: Stores) -> None:
    """Look, and look again, until cancelled. Only a worker whose metrics are served looks."""
    if not stores.settings.worker_metrics_port:
        await asyncio.get_running_loop().create_future()
    wallets_at = -WALLETS_SECONDS
    while True:
        try:
            await service.look(stores)
            if time.monotonic() - wallets_at >= WALLETS_SECONDS:
                await service.add_up_wallets(stores)
                wallets_at = time.monotonic()
        except Exception as error:
            raise_if_cancelled()
            if not isinstance(error, Unavailable):
                log.warning("not_measured", error=telemetry.scrub(repr(error)))
        await asyncio.sleep(LOOK_SECONDS)
