"""Tells the staff that an operator finds our clock off: it refuses everything that we sign, and that is not its fault."""

from __future__ import annotations

import time
from typing import Any, Final
from weakref import WeakKeyDictionary

from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.core import telemetry
from gencharge.core.events.events import emit
from gencharge.core.values import clock
from gencharge.core.values.ids import SYSTEM_USER_ID
from gencharge.delivery.events import ClockRejected

# An operator's word for a request whose time stamp is minutes off: ours, if others say it as well.
CLOCK_IS_OFF: Final = "stale_timestamp"
# At most one alert for each channel in this time, from each process; the log has every refusal.
QUIET_SECONDS: Final = 600.0
log = telemetry.get_logger(__name__)
# By engine, and so by application: a test runs several in one process.
_last: WeakKeyDictionary[Any, dict[str, float]] = WeakKeyDictionary()


async def report(db: AsyncSession, *, channel: str, operator: str) -> None:
    """Log that a channel finds our clock off, and alert the staff."""
    log.error("operator_rejects_our_clock", channel=channel, now=clock.now().isoformat())
    announced, now = _last.setdefault(db.get_bind(), {}), time.monotonic()
    if now - announced.get(channel, float("-inf")) < QUIET_SECONDS:
        return
    announced[channel] = now
    rejected = ClockRejected(
        user_id=str(SYSTEM_USER_ID), channel=channel, operator=operator, sent_at=clock.now().isoformat()
    )
    await emit(db, rejected)
