"""Reports that are answered at once: a few at a time in each process, so that they leave its threads and connections to the others."""

from __future__ import annotations

import asyncio
from typing import IO, Final, Self

from fastapi import FastAPI

from gencharge.core.errors import ServerBusy
from gencharge.core.rooms.process import OnePerApp
from gencharge.core.stores.stores import Stores
from gencharge.reports import service
from gencharge.reports.service import Order

AT_A_TIME: Final = 2
PATIENCE_SECONDS: Final = 10.0


class DirectReports(OnePerApp):
    """Makes reports for requests."""

    def __init__(self, stores: Stores) -> None:
        self._stores = stores
        self._slots = asyncio.Semaphore(AT_A_TIME)

    @classmethod
    def open(cls, app: FastAPI) -> Self:
        """Those of the application's stores."""
        return cls(app.state.stores)

    async def answer(self, order: Order) -> IO[bytes]:
        """The whole file of a report, whose taking is written down.

        Raises ServerBusy if others are still being made after 10 seconds, and what `service.make` raises.
        """
        # Cheap, and a mistake of the client's need not wait for others.
        order.check()
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                await self._slots.acquire()
        except TimeoutError:
            raise ServerBusy from None
        try:
            file, rows = await service.answer(self._stores, order)
        finally:
            self._slots.release()
        try:
            await self._stores.database.run(lambda db: service.announce(db, order, rows))
        except BaseException:
            file.close()
            raise
        return file
