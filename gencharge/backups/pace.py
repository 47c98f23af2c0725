"""How fast a long backup goes: it leaves part of the time to those who recharge at the same time.

The sessions that pg_dump and the checksums use are PostgreSQL's own processes, of the same priority as those of a sale, on whatever machine it is. All that
a client can do for others is to ask for less at a time, and to pause in between.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

# A backup that takes no longer disturbs nobody for long.
HASTE_SECONDS: Final = 3.0
# It pauses for this part of the time that it worked. What sales keep of their throughput then is in docs/PERFORMANCE.md.
_PAUSED: Final = 0.5
_LEAST_SECONDS: Final = 0.05
# A statement that takes seconds, or a process that was stopped for a while, is no reason to stand still as long.
_MOST_SECONDS: Final = 0.25


class Pace:
    """Says when to pause. Belongs to one thread, which calls `rest` after each piece of work."""

    def __init__(
        self, now: Callable[[], float] = time.monotonic, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._now, self._sleep = now, sleep
        self._hurries_until = now() + HASTE_SECONDS
        self._since = now()

    def rest(self) -> None:
        """Pause, if it is time to. Time that the work waited for a core counts as work."""
        now = self._now()
        worked = now - self._since
        if now < self._hurries_until:
            self._since = now
        elif worked >= _LEAST_SECONDS:
            self._sleep(min(worked * _PAUSED, _MOST_SECONDS))
            self._since = self._now()
