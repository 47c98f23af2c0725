"""When an autopay is due: pure arithmetic, in India's calendar.

The SQL function `validity_end` counts the same way; a test compares the two.
"""

from __future__ import annotations

import calendar
from datetime import UTC, datetime, time, timedelta
from typing import Final
from uuid import UUID

from gencharge.autopay.models import Autopay, IntervalUnit
from gencharge.core.values.clock import IST

NOTICE_BEFORE: Final = timedelta(hours=24)
# After the first try: how long until each retry. Together less than the shortest interval, a day.
RETRY_AFTER: Final = (timedelta(hours=2), timedelta(hours=6), timedelta(hours=12))


Hours = tuple[tuple[time, time], ...]


def allowed_at(instant: datetime, peak_hours: Hours) -> datetime:
    """When a mandate may be charged that is to be charged at `instant`: then, or at the end of the banks' peak hours, which are India's."""
    local = instant.astimezone(IST)
    for start, end in peak_hours:
        if start <= local.time() < end:
            return datetime.combine(local.date(), end, IST).astimezone(UTC)
    return instant


def occurrence(first: datetime, count: int, unit: IntervalUnit, period: int) -> datetime:
    """The due date `period` intervals after `first`, in UTC.

    A month later is the same time on the same date in India, or on the last day of a shorter month. It is counted from `first`, so a
    short month does not move the ones after it: 31 January, 28 February, 31 March.
    """
    if unit is IntervalUnit.DAY:
        return (first + timedelta(days=count * period)).astimezone(UTC)
    local = first.astimezone(IST)
    year, month = divmod(local.year * 12 + local.month - 1 + count * period, 12)
    day = min(local.day, calendar.monthrange(year, month + 1)[1])
    return local.replace(year=year, month=month + 1, day=day).astimezone(UTC)


def following(autopay: Autopay, now: datetime) -> tuple[int, datetime] | None:
    """The first due date after the present one that lies after `now`, with its period; None if the autopay is onetime.

    What a worker missed while it was down is left out: an autopay is due once, however late.
    """
    if autopay.interval_count is None or autopay.interval_unit is None:
        return None
    period = autopay.periods
    while True:
        period += 1
        unit = IntervalUnit(autopay.interval_unit)
        instant = occurrence(autopay.first_due, autopay.interval_count, unit, period)
        if instant > now:
            return period, instant


def wake_for(due: datetime, noticed: datetime | None, now: datetime) -> datetime:
    """When a worker has to look at an autopay that is due at `due`: for the notice first, then for the run."""
    return due if noticed == due else max(now, due - NOTICE_BEFORE)


def retry_at(tries: int, now: datetime) -> datetime | None:
    """When to try again after `tries` tries; None: that was the last."""
    return now + RETRY_AFTER[tries - 1] if tries <= len(RETRY_AFTER) else None


def key_of(autopay_id: UUID, due_at: datetime, cycle: int) -> str:
    """The idempotency key of the sale for a due date: the same from every worker, however often it is tried.

    `cycle` counts the sales for this due date that have failed; only then is a new sale allowed.
    """
    return f"autopay:{autopay_id}:{int(due_at.timestamp())}:{cycle}"
