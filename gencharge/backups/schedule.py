"""When a backup is due by the schedule: which day or hour of India it is for. A worker that comes late makes the one that is due now, once."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum

from gencharge.core.values.clock import IST


class Schedule(StrEnum):
    """How often."""

    OFF = "off"
    HOURLY = "hourly"
    DAILY = "daily"


def slot_of(schedule: Schedule, hour: int, now: datetime) -> str | None:
    """The slot that is due at `now`; None if nothing is scheduled. `hour`: of the day in India at which a daily one is due, 0 to 23.

    Each slot is due from its beginning until the next one's."""
    local = now.astimezone(IST)
    match schedule:
        case Schedule.OFF:
            return None
        case Schedule.HOURLY:
            return f"hourly {local:%Y-%m-%d %H}"
        case Schedule.DAILY:
            return f"daily {local - timedelta(hours=hour):%Y-%m-%d}"
