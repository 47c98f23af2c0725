"""The sandbox's clock. It runs with the real one until a test moves it or lets it run faster; it survives a restart.
A clock that is held in this process holds it, too.

Signatures do not follow it: their time stamps are real, because the other side checks them against its own clock.
"""

from __future__ import annotations

from gencharge.core.values import clock
from sandbox.store import Store


class Clock:
    """Seconds since 1970, plus what tests added."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.reload()

    def reload(self) -> None:
        """Take the clock from the store, as after a wipe."""
        saved: dict[str, float] = self._store.recall("clock", {"at": 0.0, "real": 0.0, "speed": 1.0})
        self._at, self._real, self.speed = saved["at"], saved["real"], saved["speed"]

    def now(self) -> float:
        """The present instant of the sandbox."""
        return self._at + (clock.now().timestamp() - self._real) * self.speed

    def change(self, *, advance_seconds: float = 0, speed: float | None = None) -> None:
        """Jump forward, and from here on run `speed` times as fast as real time."""
        real = clock.now().timestamp()
        self._at, self._real, self.speed = self.now() + advance_seconds, real, speed or self.speed
        self._store.remember("clock", {"at": self._at, "real": real, "speed": self.speed})

    def real_seconds(self, seconds: float) -> float:
        """How long `seconds` of this clock take in real time."""
        return max(0.0, seconds) / self.speed
