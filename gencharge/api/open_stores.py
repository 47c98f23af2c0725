"""The stores of one application and the watchers over them: opened, closed, and replaced when a restore has replaced the databases."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from fastapi import FastAPI

from gencharge import wiring
from gencharge.core import telemetry
from gencharge.core.http.limit_classes import LimitClasses
from gencharge.core.rooms import snapshots
from gencharge.core.settings import Settings
from gencharge.core.stores.stores import Stores
from gencharge.sessions.guards import Gate

_GOODBYE_SECONDS = 1.0
# A gate that has not heard which sessions ended must admit nobody; PostgreSQL is there, or we would not be asked to open.
_GATE_SECONDS = 30.0
log = telemetry.get_logger(__name__)


class OpenStores:
    """What an application holds between its start and its end."""

    def __init__(self, app: FastAPI, settings: Settings, limits: LimitClasses) -> None:
        self._app = app
        self._settings = settings
        self._limits = limits
        self._tasks: list[asyncio.Task[None]] = []
        self._stores: Stores | None = None

    def open(self) -> None:
        """Open the stores, which connects to nothing yet, and start the watchers."""
        app = self._app
        stores = self._stores = app.state.stores = Stores.open(
            self._settings, name="gencharge-api", answers_requests=True
        )
        self._tasks = [
            asyncio.create_task(watch(app, stores), name=watch.__name__) for watch in wiring.WATCHERS
        ]
        held = [holder.of(app) for holder in wiring.SNAPSHOTS]
        self._tasks.append(asyncio.create_task(snapshots.Watch.of(app).run(held, stores), name="snapshots"))
        self._tasks.append(asyncio.create_task(stores.reading.watch(), name="replica"))
        self._tasks.append(asyncio.create_task(self._limits.buckets.go_on_reconciling(stores.redis)))

    async def close(self) -> None:
        """End the watchers and close the stores."""
        await cancel(self._tasks)
        if self._stores is not None:
            await self._stores.close()

    async def replace(self) -> None:
        """Forget all that is held in memory and begin again: another database is in the place of the one that it came from.

        Snapshots, data keys and verified tokens are of the old one, and a version that was raised again there may be any number.
        """
        await self.close()
        self._app.state.instances = {}
        self.open()
        try:
            async with asyncio.timeout(_GATE_SECONDS):
                await Gate.of(self._app).informed.wait()
        except TimeoutError:
            log.error("gate_not_informed", cure="is PostgreSQL there?")


async def cancel(tasks: Sequence[asyncio.Task[None]]) -> None:
    """End tasks. One that ignores its cancellation is cancelled once more, then abandoned."""
    for _ in range(2):
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=_GOODBYE_SECONDS)
