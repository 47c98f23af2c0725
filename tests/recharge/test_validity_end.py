"""`validity_end`: days of 24 hours, and months by the calendar of India."""

from __future__ import annotations

import calendar
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock


async def end_of(stores: Stores, start: datetime, count: int | None, unit: str) -> datetime | None:
    async with stores.database.transaction() as db:
        query = text("SELECT validity_end(CAST(:start AS timestamptz), CAST(:count AS integer), :unit)")
        end: datetime | None = await db.scalar(query, {"start": start, "count": count, "unit": unit})
        return end


def months_later(start: datetime, months: int) -> datetime:
    """The same time on the same date in India, or on the last day of a shorter month."""
    local = start.astimezone(clock.IST)
    month = local.month - 1 + months
    year, month = local.year + month // 12, month % 12 + 1
    day = min(local.day, calendar.monthrange(year, month)[1])
    return local.replace(year=year, month=month, day=day)


@pytest.mark.parametrize("days", [1, 24, 28, 30, 56, 84, 90, 365])
async def test_a_day_is_24_hours(shop: Stores, days: int) -> None:
    start = datetime(2027, 2, 27, 23, 59, 59, tzinfo=clock.IST)
    assert await end_of(shop, start, days, "day") == start + timedelta(days=days)


@pytest.mark.parametrize(
    ("start", "months", "end"),
    [
        ("2027-01-31T10:00:00+05:30", 1, "2027-02-28T10:00:00+05:30"),
        ("2028-01-31T10:00:00+05:30", 1, "2028-02-29T10:00:00+05:30"),
        ("2027-01-30T10:00:00+05:30", 1, "2027-02-28T10:00:00+05:30"),
        ("2027-02-28T10:00:00+05:30", 1, "2027-03-28T10:00:00+05:30"),
        ("2027-03-31T00:00:00+05:30", 1, "2027-04-30T00:00:00+05:30"),
        ("2027-12-15T23:30:00+05:30", 1, "2028-01-15T23:30:00+05:30"),
        ("2027-01-31T10:00:00+05:30", 3, "2027-04-30T10:00:00+05:30"),
        ("2027-08-31T10:00:00+05:30", 6, "2028-02-29T10:00:00+05:30"),
        ("2028-02-29T10:00:00+05:30", 12, "2029-02-28T10:00:00+05:30"),
        # In UTC it is still the day before: the date that counts is India's.
        ("2027-12-31T01:00:00+05:30", 1, "2028-01-31T01:00:00+05:30"),
        ("2027-01-30T18:30:00Z", 1, "2027-02-28T00:00:00+05:30"),
        ("2027-01-30T18:29:59Z", 1, "2027-02-28T23:59:59+05:30"),
    ],
)
async def test_a_month_is_the_same_date_of_a_later_month_in_india(
    shop: Stores, start: str, months: int, end: str
) -> None:
    assert await end_of(shop, datetime.fromisoformat(start), months, "month") == datetime.fromisoformat(end)


@pytest.mark.parametrize("year", [2027, 2028])
async def test_every_day_of_a_year_has_the_end_that_the_calendar_gives(shop: Stores, year: int) -> None:
    async with shop.database.transaction() as db:
        rows = (
            await db.execute(
                text(
                    "SELECT start, months, validity_end(start, months, 'month') AS ends FROM generate_series("
                    " CAST(:first AS timestamptz), CAST(:first AS timestamptz) + interval '365 days', '17 hours') AS start,"
                    " unnest(ARRAY[1, 2, 3, 6, 12]) AS months"
                ),
                {"first": datetime(year, 1, 1, tzinfo=UTC)},
            )
        ).all()
    assert len(rows) > 2_500
    assert [row for row in rows if row.ends != months_later(row.start, row.months)] == []


async def test_a_validity_that_follows_the_base_plan_has_no_end_of_its_own(shop: Stores) -> None:
    assert await end_of(shop, clock.now(), None, "base_plan") is None
