"""Whether a channel's provider is asked now. While it takes nothing, one message at a time tries it, after pauses that grow."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

# In a row, whatever the messages.
FAILURES: Final = 5
PAUSES_SECONDS: Final = (5.0, 15.0, 60.0, 300.0)


class Circuit:
    """Of one channel in one process."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._failures = 0
        self._closed_until = 0.0

    @property
    def is_open(self) -> bool:
        """True while the provider counts as away."""
        return self._failures >= FAILURES

    def places(self, free: int, running: int) -> int:
        """How many messages more may be sent now, of `free`."""
        if not self.is_open:
            return max(0, free)
        if running or self._clock() < self._closed_until:
            return 0
        return min(1, free)

    def record(self, *, is_up: bool) -> None:
        """The provider took or refused a message, or it did not answer as it should."""
        if is_up:
            self._failures = 0
            return
        self._failures += 1
        if self.is_open:
            pause = PAUSES_SECONDS[min(self._failures - FAILURES, len(PAUSES_SECONDS) - 1)]
            self._closed_until = self._clock() + pause
