"""Work that is done for many items at the price of one: what comes while a batch is being stored makes up the next one.

An item waits for nobody if nothing is under way. Under load the batches grow by themselves, so no pause has to be chosen (group commit).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

from gencharge.core.tracing import spans

T = TypeVar("T")


class Batches(Generic[T]):
    """`await batches.add(item)` returns when `store` has stored the item, and raises what `store` raised for its batch."""

    def __init__(self, store: Callable[[list[T]], Awaitable[None]], *, limit: int) -> None:
        """`limit`: the most items of a batch."""
        self._store = store
        self._limit = limit
        self._waiting: list[tuple[T, asyncio.Future[None]]] = []
        self._running: asyncio.Task[None] | None = None

    async def add(self, item: T) -> None:
        """Store the item with others."""
        stored = asyncio.get_running_loop().create_future()
        self._waiting.append((item, stored))
        if self._running is None:
            # It stores the items of others, too, so it is no part of the first one's trace.
            self._running = asyncio.create_task(self._run(), context=spans.detached())
        await stored

    async def close(self) -> None:
        """Cancel what is under way; who waits for it is cancelled, too."""
        if self._running is not None:
            self._running.cancel()
            await asyncio.gather(self._running, return_exceptions=True)

    async def _run(self) -> None:
        try:
            while self._waiting:
                batch, self._waiting = self._waiting[: self._limit], self._waiting[self._limit :]
                await self._store_one(batch)
        finally:
            self._running = None
            for _, stored in self._waiting:
                stored.cancel()
            self._waiting.clear()

    async def _store_one(self, batch: list[tuple[T, asyncio.Future[None]]]) -> None:
        waiting = [stored for _, stored in batch]
        try:
            await self._store([item for item, _ in batch])
        except asyncio.CancelledError:
            for stored in waiting:
                stored.cancel()
            raise
        except Exception as error:
            for stored in waiting:
                if not stored.done():
                    stored.set_exception(error)
        else:
            for stored in waiting:
                if not stored.done():
                    stored.set_result(None)
