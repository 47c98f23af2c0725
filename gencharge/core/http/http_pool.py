"""A line to one other side over HTTP: so many calls at a time, and a connection pool that is thrown away when one fails.

httpx 0.28 (httpcore 1.0.9) loses a place of its pool permanently when a call is cancelled, or times out, while it waits for a
connection: after as many silent seconds of the other side as there are places, no call gets through any more until the
process is started again. So calls wait here and not in the pool, and after a call that broke off new ones get a new pool;
the old one is closed when its last call has ended.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

import httpx


class LineBusy(Exception):
    """No place became free in time: nothing was sent."""


@dataclass(slots=True)
class _Pool:
    client: httpx.AsyncClient
    calls: int = 0
    spoilt: bool = False


class Line:
    """`make` gives a client without a limit of its own; `at_a_time` is the limit. Close it."""

    def __init__(self, make: Callable[[], httpx.AsyncClient], *, at_a_time: int) -> None:
        self._make = make
        self._places = asyncio.Semaphore(at_a_time)
        self._pool = _Pool(make())

    async def close(self) -> None:
        """Close all connections."""
        await self._pool.client.aclose()

    @asynccontextmanager
    async def client(self, *, patience_seconds: float) -> AsyncIterator[httpx.AsyncClient]:
        """A place and the client to make one call with. Raises LineBusy after so many seconds."""
        try:
            async with asyncio.timeout(patience_seconds):
                await self._places.acquire()
        except TimeoutError:
            raise LineBusy from None
        pool = self._pool
        pool.calls += 1
        try:
            yield pool.client
        except BaseException:
            if self._pool is pool:
                self._pool = _Pool(self._make())
            pool.spoilt = True
            raise
        finally:
            pool.calls -= 1
            self._places.release()
            if pool.spoilt and not pool.calls:
                await asyncio.shield(pool.client.aclose())
