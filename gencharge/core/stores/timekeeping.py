"""Which clock a process and its statements go by if its own and those of the stores differ: what two of the three say.

PostgreSQL's is read with what is asked twice a second anyway (`core.postgres.maintenance`), Redis' only if the two differ.
"""

from __future__ import annotations

import time
from typing import Final

from gencharge.core import telemetry
from gencharge.core.settings import Settings
from gencharge.core.stores import redis
from gencharge.core.values import clock

# An answer that took longer says too little about the instant at which it was given.
_QUICK_SECONDS: Final = 0.5
_SILENT_SECONDS: Final = 60.0
log = telemetry.get_logger(__name__)


class Timekeeper:
    """Keeps the clock of this process right."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._told_at = float("-inf")

    async def compare(self, postgresql_seconds: float, took_seconds: float) -> None:
        """PostgreSQL said this instant (seconds since 1970) in an answer that took so long and is here now."""
        ahead = clock.seconds() - took_seconds / 2 - postgresql_seconds
        if took_seconds > _QUICK_SECONDS:
            self._tell_of_jump()
            return
        if abs(ahead) <= clock.TOLERANCE_SECONDS:
            clock.lead(False)
            self._tell_of_jump()
            return
        ahead_of_redis = await self._ahead_of_redis()
        if ahead_of_redis is not None and abs(ahead_of_redis - ahead) <= clock.TOLERANCE_SECONDS:
            clock.correct(ahead)
            clock.lead(False)
            log.warning("clock_corrected", ahead_of_stores_seconds=round(ahead, 1))
        elif ahead_of_redis is not None and abs(ahead_of_redis) <= clock.TOLERANCE_SECONDS:
            clock.lead(True)
            self._tell("postgresql_clock_is_off", ahead_seconds=round(-ahead, 1), cure="set it by NTP")
        else:
            # Two differ and the third is away, or says a third thing: nobody knows better than we do.
            self._tell("clocks_differ", ahead_of_postgresql_seconds=round(ahead, 1), cure="set all by NTP")

    def _tell_of_jump(self) -> None:
        jumped = clock.jumped_by()
        if abs(jumped) > clock.TOLERANCE_SECONDS:
            self._tell("clock_is_off", ahead_seconds=round(jumped, 1), cure="set this machine's clock by NTP")

    def _tell(self, event: str, **details: object) -> None:
        if time.monotonic() - self._told_at >= _SILENT_SECONDS:
            self._told_at = time.monotonic()
            log.error(event, **details)

    async def _ahead_of_redis(self) -> float | None:
        client = redis.connect(self._settings)
        try:
            began_at = time.monotonic()
            whole, microseconds = await client.time()
            took_seconds = time.monotonic() - began_at
        except Exception as error:
            if not redis.is_away(error):
                raise
            return None
        finally:
            await client.aclose()
        if took_seconds > _QUICK_SECONDS:
            return None
        return clock.seconds() - took_seconds / 2 - (float(whole) + float(microseconds) / 1e6)
