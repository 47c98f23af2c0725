"""Which days are read one by one, and which as months."""

from __future__ import annotations

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from gencharge.analytics.figures_crud import days_beside
from gencharge.analytics.periods import Period, months_before


@given(
    first=st.dates(date(2024, 1, 1), date(2026, 12, 31)),
    days=st.integers(1, 732),
    summed=st.sets(st.integers(0, 40)),
)
def test_each_day_is_in_one_stretch_or_one_month(first: date, days: int, summed: set[int]) -> None:
    asked = Period(first, date.fromordinal(first.toordinal() + days - 1))
    months = [
        month
        for number in sorted(summed)
        if (month := months_before(date(2024, 1, 1), -number)) >= asked.first
        and months_before(month, -1) <= date.fromordinal(asked.last.toordinal() + 1)
    ]
    parts = [Period(since, until) for since, until in days_beside(months, asked.first, asked.last)]
    parts += [Period(month, date.fromordinal(months_before(month, -1).toordinal() - 1)) for month in months]
    assert sorted(day for part in parts for day in part) == list(asked)
    assert all(part.days > 0 for part in parts)
