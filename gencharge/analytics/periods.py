"""The periods that figures are given for. Days are those of India, and a period ends with the day before today, unless it says otherwise."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

# Long enough for two years of months, and a year beside the one before.
MAX_DAYS: Final = 732


@dataclass(frozen=True, slots=True)
class Period:
    """Days from `first` to `last`, both included."""

    first: date
    last: date

    @property
    def days(self) -> int:
        """How many."""
        return (self.last - self.first).days + 1

    def before(self) -> Period:
        """As many days, just before."""
        return Period(self.first - timedelta(days=self.days), self.first - timedelta(days=1))

    def __contains__(self, day: date) -> bool:
        return self.first <= day <= self.last

    def __iter__(self) -> Iterator[date]:
        return (self.first + timedelta(days=number) for number in range(self.days))


def last_days(today: date, days: int) -> Period:
    """So many days up to yesterday."""
    return Period(today - timedelta(days=days), today - timedelta(days=1))


def last_months(today: date, months: int) -> Period:
    """From the same date so many months ago (the month's last day if there is none) up to yesterday."""
    return Period(months_before(today, months), today - timedelta(days=1))


def months_before(day: date, months: int) -> date:
    """The same date so many months before (after, if it is negative), or the last day of that month."""
    index = day.year * 12 + day.month - 1 - months
    year, month = divmod(index, 12)
    following = date(year + (month + 1) // 12, (month + 1) % 12 + 1, 1)
    return min(date(year, month + 1, 1) + timedelta(days=day.day - 1), following - timedelta(days=1))


def months(today: date, before: int) -> list[Period]:
    """So many calendar months before the present one, the earliest first, and the present one up to its end."""
    firsts = [months_before(today.replace(day=1), number) for number in range(before, -1, -1)]
    return [Period(first, months_before(first, -1) - timedelta(days=1)) for first in firsts]


def standard(today: date) -> dict[str, Period]:
    """The periods of every area, by the name that they have in its answer."""
    return {
        "today": Period(today, today),
        "yesterday": last_days(today, 1),
        "last_7_days": last_days(today, 7),
        "last_30_days": last_days(today, 30),
        "last_3_months": last_months(today, 3),
        "last_6_months": last_months(today, 6),
        "last_12_months": last_months(today, 12),
    }


def growth(now: int, before: int) -> float | None:
    """By how many percent it grew, to one decimal; None if there was nothing before."""
    return None if before == 0 else round((now - before) * 100 / before, 1)
