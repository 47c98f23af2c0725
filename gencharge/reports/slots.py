"""When a scheduled report is due, and which days it is about. Hours and days are those of India."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum

from gencharge.core.values import clock


class Every(StrEnum):
    """How often."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"


@dataclass(frozen=True, slots=True)
class Slots:
    """`weekday`: 1 is Monday; `month_day`: 1 to 28, which each month has. Each counts for its own `every` only."""

    every: Every
    hour: int
    weekday: int = 1
    month_day: int = 1

    def next_after(self, instant: datetime) -> datetime:
        """The first slot after an instant, in UTC."""
        day = instant.astimezone(clock.IST).date()
        while True:
            slot = datetime.combine(day, time(self.hour), clock.IST)
            if slot > instant and self._is_due_on(day):
                return slot.astimezone(UTC)
            day += timedelta(days=1)

    def _is_due_on(self, day: date) -> bool:
        if self.every is Every.WEEK:
            return day.isoweekday() == self.weekday
        return self.every is Every.DAY or day.day == self.month_day


def filters_of(every: Every, slot: datetime, names: Collection[str]) -> dict[str, str]:
    """The filters that make a report be about the time before a slot: the day before, the seven days before, or the calendar month before.
    `names`: the filters that it has; one without any of a time has all its rows."""
    today = slot.astimezone(clock.IST).date()
    last = today - timedelta(days=1)
    first = {
        Every.DAY: last,
        Every.WEEK: today - timedelta(days=7),
        Every.MONTH: (today.replace(day=1) - timedelta(days=1)).replace(day=1),
    }[every]
    if every is Every.MONTH:
        last = today.replace(day=1) - timedelta(days=1)
    if "month" in names:
        return {"month": f"{last:%Y-%m}"}
    return {"from": first.isoformat(), "to": last.isoformat()} if {"from", "to"} <= set(names) else {}
