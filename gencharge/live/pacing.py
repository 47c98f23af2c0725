"""How many clients are written to in one go: most of the process's time belongs to its requests."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Iterator, Sequence
from typing import Final, TypeVar

from gencharge.core.http.answering import Answering

# After each group, at least.
PAUSE_SECONDS: Final = 0.001
# What is for everybody may take so long while requests are being answered. The messages of the next ones are made at the same time, so that 2,000 clients have it
# after little more than this, of the two seconds that they may wait.
FOR_ALL_SECONDS: Final = 1.3
LEAST_AT_ONCE: Final = 4
# What many get of their own comes in larger groups: a worker writes it, one batch after another, and takes most of the time.
OWN_AT_ONCE: Final = 10
T = TypeVar("T")


def at_once_of(clients: int) -> int:
    """How many of so many clients are written to together, if all get the same."""
    # The pauses alone take half of the time.
    return max(LEAST_AT_ONCE, math.ceil(clients * PAUSE_SECONDS / (FOR_ALL_SECONDS / 2)))


class Pace:
    """When the next group is written to: after a pause, and when no request is being answered or the plan is not kept otherwise."""

    def __init__(self, answering: Answering, clients: int) -> None:
        """`clients`: how many get what is for everybody; 0: there is no plan."""
        self._answering = answering
        self._clients = clients
        self._written = 0
        self._began = asyncio.get_running_loop().time()

    async def rest(self, written: int) -> None:
        """After so many more were written to."""
        await asyncio.sleep(PAUSE_SECONDS)
        self._written += written
        if self._clients:
            planned = self._began + FOR_ALL_SECONDS * min(1, self._written / self._clients)
            await self._answering.give_way(planned - asyncio.get_running_loop().time())


def parts(entries: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    """The entries in groups of this size; the last one may be smaller."""
    return (entries[first : first + size] for first in range(0, len(entries), size))
