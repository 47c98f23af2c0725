"""Stops of the process at the product's crash points, at random: what was under way is cut off there, and goes on after a new start.

All of it is cut off at once, as by a kill: transactions that are not committed are lost, leases stay, nothing after the point is
done. Unlike with a kill, blocks that clean up still run; the fault tests kill real processes.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from random import Random

from gencharge.core import faultpoints


class Crashes:
    """Stops at a share of all crash points that are passed. Which ones follows from the seed, the point and how often it was passed."""

    def __init__(self, rate: float, seed: int) -> None:
        self.counts: Counter[str] = Counter()
        self._rate, self._seed = rate, seed
        self._passed: Counter[str] = Counter()
        self._stopped = asyncio.Event()

    async def survive(self, act: Callable[[], Awaitable[object]]) -> bool:
        """Do it. False if the process stopped: then all that the act had begun was cut off.

        Raises what the act raises.
        """
        if not self._rate:
            await act()
            return True
        self._stopped.clear()
        before = asyncio.all_tasks()
        doing = asyncio.ensure_future(_of(act))
        stop = asyncio.ensure_future(self._stopped.wait())
        faultpoints.on_passing = self._pass
        try:
            await asyncio.wait({doing, stop}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            faultpoints.on_passing = None
        if not self._stopped.is_set():
            stop.cancel()
            await doing
            return True
        under_way = asyncio.all_tasks() - before - {stop}
        for task in under_way:
            task.cancel()
        await asyncio.gather(*under_way, return_exceptions=True)
        return False

    def end(self) -> None:
        """From now on nothing stops."""
        self._rate = 0

    async def _pass(self, name: str) -> None:
        self._passed[name] += 1
        chance = Random(f"{self._seed}:{name}:{self._passed[name]}")  # noqa: S311 - a story, not a secret
        if self._stopped.is_set() or chance.random() < self._rate:
            if not self._stopped.is_set():
                self.counts[name] += 1
            self._stopped.set()
            await asyncio.Event().wait()


async def _of(act: Callable[[], Awaitable[object]]) -> None:
    await act()
