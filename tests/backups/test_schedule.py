"""A slot is a day or an hour of India; a daily one begins at its hour."""

from __future__ import annotations

from datetime import datetime

import pytest

from gencharge.backups.schedule import Schedule, slot_of


@pytest.mark.parametrize(
    ("schedule", "hour", "now", "slot"),
    [
        (Schedule.OFF, 3, "2026-11-22T12:00:00+00:00", None),
        # 02:59 and 03:00 in India.
        (Schedule.DAILY, 3, "2026-11-21T21:29:59+00:00", "daily 2026-11-21"),
        (Schedule.DAILY, 3, "2026-11-21T21:30:00+00:00", "daily 2026-11-22"),
        (Schedule.DAILY, 0, "2026-11-21T18:30:00+00:00", "daily 2026-11-22"),
        (Schedule.DAILY, 23, "2026-11-22T17:29:00+00:00", "daily 2026-11-21"),
        (Schedule.HOURLY, 3, "2026-11-22T12:00:00+00:00", "hourly 2026-11-22 17"),
        (Schedule.HOURLY, 3, "2026-11-22T12:30:00+00:00", "hourly 2026-11-22 18"),
    ],
)
def test_the_slot_that_is_due(schedule: Schedule, hour: int, now: str, slot: str | None) -> None:
    assert slot_of(schedule, hour, datetime.fromisoformat(now)) == slot
