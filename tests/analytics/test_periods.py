"""Periods of days in India."""

from __future__ import annotations

from datetime import date

import pytest

from gencharge.analytics import periods
from gencharge.analytics.periods import Period


@pytest.mark.parametrize(
    ("day", "months", "expected"),
    [
        (date(2026, 11, 22), 3, date(2026, 8, 22)),
        (date(2026, 1, 15), 1, date(2025, 12, 15)),
        (date(2026, 3, 31), 1, date(2026, 2, 28)),
        (date(2024, 3, 31), 1, date(2024, 2, 29)),
        (date(2024, 2, 29), 12, date(2023, 2, 28)),
        (date(2026, 12, 31), 6, date(2026, 6, 30)),
        (date(2026, 12, 1), 12, date(2025, 12, 1)),
        (date(2026, 11, 1), 0, date(2026, 11, 1)),
    ],
)
def test_the_same_date_some_months_before_or_the_last_day_of_that_month(
    day: date, months: int, expected: date
) -> None:
    assert periods.months_before(day, months) == expected


def test_the_usual_periods_end_with_yesterday() -> None:
    standard = periods.standard(date(2026, 11, 22))
    assert standard["today"] == Period(date(2026, 11, 22), date(2026, 11, 22))
    assert standard["yesterday"] == Period(date(2026, 11, 21), date(2026, 11, 21))
    assert standard["last_7_days"] == Period(date(2026, 11, 15), date(2026, 11, 21))
    assert standard["last_30_days"].days == 30
    assert standard["last_3_months"] == Period(date(2026, 8, 22), date(2026, 11, 21))
    assert standard["last_6_months"] == Period(date(2026, 5, 22), date(2026, 11, 21))
    assert standard["last_12_months"] == Period(date(2025, 11, 22), date(2026, 11, 21))
    assert {period.last for name, period in standard.items() if name != "today"} == {date(2026, 11, 21)}


def test_the_period_before_is_as_long_and_ends_just_before() -> None:
    week = periods.last_days(date(2026, 11, 22), 7)
    assert week.before() == Period(date(2026, 11, 8), date(2026, 11, 14))
    assert len(list(week)) == week.before().days == 7
    assert date(2026, 11, 14) not in week


@pytest.mark.parametrize(
    ("now", "before", "percent"), [(150, 100, 50.0), (0, 4, -100.0), (5, 0, None), (1, 3, -66.7)]
)
def test_growth_in_percent(now: int, before: int, percent: float | None) -> None:
    assert periods.growth(now, before) == percent
