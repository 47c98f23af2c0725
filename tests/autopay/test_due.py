"""When an autopay is due: dates worked out by hand on a calendar, and the same as `validity_end` in the database."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from uuid import UUID

import pytest
from sqlalchemy import text

from gencharge.autopay import due
from gencharge.autopay.models import Autopay, IntervalUnit
from gencharge.core.stores.stores import Stores
from gencharge.core.values.clock import IST

# First due date, interval, how many intervals later, due date. In India's time unless it says Z.
DATES = [
    # A month, from the ends of months; each is counted from the first.
    ("2027-01-31T06:00", 1, "month", 1, "2027-02-28T06:00"),
    ("2027-01-31T06:00", 1, "month", 2, "2027-03-31T06:00"),
    ("2027-01-31T06:00", 1, "month", 3, "2027-04-30T06:00"),
    ("2027-01-31T06:00", 1, "month", 4, "2027-05-31T06:00"),
    ("2027-01-31T06:00", 1, "month", 11, "2027-12-31T06:00"),
    ("2027-01-31T06:00", 1, "month", 12, "2028-01-31T06:00"),
    ("2027-01-31T06:00", 1, "month", 13, "2028-02-29T06:00"),
    ("2027-01-30T06:00", 1, "month", 1, "2027-02-28T06:00"),
    ("2027-01-30T06:00", 1, "month", 2, "2027-03-30T06:00"),
    ("2027-01-29T06:00", 1, "month", 1, "2027-02-28T06:00"),
    ("2027-01-28T06:00", 1, "month", 1, "2027-02-28T06:00"),
    ("2027-02-28T06:00", 1, "month", 1, "2027-03-28T06:00"),
    ("2027-03-31T06:00", 1, "month", 1, "2027-04-30T06:00"),
    ("2027-05-31T06:00", 1, "month", 1, "2027-06-30T06:00"),
    ("2027-08-31T06:00", 1, "month", 1, "2027-09-30T06:00"),
    ("2027-10-31T06:00", 1, "month", 1, "2027-11-30T06:00"),
    ("2027-12-31T06:00", 1, "month", 1, "2028-01-31T06:00"),
    ("2027-12-31T06:00", 1, "month", 2, "2028-02-29T06:00"),
    # Leap years: 2028 and 2000 are, 2100 is not.
    ("2028-01-29T06:00", 1, "month", 1, "2028-02-29T06:00"),
    ("2028-01-30T06:00", 1, "month", 1, "2028-02-29T06:00"),
    ("2028-01-31T06:00", 1, "month", 1, "2028-02-29T06:00"),
    ("2028-02-29T06:00", 1, "month", 1, "2028-03-29T06:00"),
    ("2028-02-29T06:00", 12, "month", 1, "2029-02-28T06:00"),
    ("2028-02-29T06:00", 12, "month", 4, "2032-02-29T06:00"),
    ("2100-01-31T06:00", 1, "month", 1, "2100-02-28T06:00"),
    ("2000-01-31T06:00", 1, "month", 1, "2000-02-29T06:00"),
    # Several months at a time.
    ("2027-11-30T06:00", 3, "month", 1, "2028-02-29T06:00"),
    ("2027-11-30T06:00", 3, "month", 2, "2028-05-30T06:00"),
    ("2027-08-31T06:00", 6, "month", 1, "2028-02-29T06:00"),
    ("2027-08-31T06:00", 6, "month", 2, "2028-08-31T06:00"),
    ("2027-03-15T06:00", 12, "month", 1, "2028-03-15T06:00"),
    # Midnight in India is 18:30 of the day before in UTC: the date that counts is India's.
    ("2027-01-31T00:00", 1, "month", 1, "2027-02-28T00:00"),
    ("2027-01-31T00:00", 1, "month", 2, "2027-03-31T00:00"),
    ("2027-01-30T18:30Z", 1, "month", 1, "2027-02-27T18:30Z"),
    ("2027-01-30T18:29Z", 1, "month", 2, "2027-03-30T18:29Z"),
    ("2027-01-31T18:29Z", 1, "month", 1, "2027-02-28T18:29Z"),
    ("2027-01-31T18:30Z", 1, "month", 1, "2027-02-28T18:30Z"),
    ("2027-02-28T23:59", 1, "month", 1, "2027-03-28T23:59"),
    ("2027-12-31T23:59", 1, "month", 1, "2028-01-31T23:59"),
    ("2028-01-01T00:00", 1, "month", 1, "2028-02-01T00:00"),
    # Days of 24 hours; India has no summer time.
    ("2027-01-31T06:00", 28, "day", 1, "2027-02-28T06:00"),
    ("2027-01-31T06:00", 28, "day", 2, "2027-03-28T06:00"),
    ("2028-01-31T06:00", 30, "day", 1, "2028-03-01T06:00"),
    ("2027-02-28T06:00", 1, "day", 1, "2027-03-01T06:00"),
    ("2028-02-28T06:00", 1, "day", 1, "2028-02-29T06:00"),
    ("2028-02-28T06:00", 1, "day", 2, "2028-03-01T06:00"),
    ("2027-12-31T23:59", 1, "day", 1, "2028-01-01T23:59"),
    ("2027-03-28T00:00", 84, "day", 1, "2027-06-20T00:00"),
    ("2027-03-28T00:00", 365, "day", 1, "2028-03-27T00:00"),
    ("2026-11-22T06:00", 56, "day", 3, "2027-05-09T06:00"),
]


PEAK = ((time(10), time(13)), (time(17), time(21, 30)))


def instant(written: str) -> datetime:
    when = datetime.fromisoformat(written)
    return when if when.tzinfo else when.replace(tzinfo=IST)


def regular(first: str, count: int, unit: str, periods: int = 0) -> Autopay:
    return Autopay(first_due=instant(first), interval_count=count, interval_unit=unit, periods=periods)


def test_the_table_is_long_enough() -> None:
    assert len(DATES) >= 40
    assert len(set(DATES)) == len(DATES)


@pytest.mark.parametrize(("first", "count", "unit", "periods", "expected"), DATES)
def test_a_due_date_is_the_one_on_the_calendar(
    first: str, count: int, unit: str, periods: int, expected: str
) -> None:
    assert due.occurrence(instant(first), count, IntervalUnit(unit), periods) == instant(expected)


async def test_the_database_counts_a_plans_validity_the_same_way(shop: Stores) -> None:
    query = text("SELECT validity_end(CAST(:start AS timestamptz), CAST(:count AS integer), :unit)")
    async with shop.database.transaction() as db:
        ends = [
            await db.scalar(query, {"start": instant(first), "count": count * periods, "unit": unit})
            for first, count, unit, periods, _ in DATES
        ]
    assert ends == [instant(expected) for *_, expected in DATES]


def test_the_next_due_date_is_the_first_that_lies_ahead() -> None:
    autopay = regular("2027-01-31T06:00", 1, "month")
    now = instant("2027-02-01T00:00")
    assert due.following(autopay, now) == (1, instant("2027-02-28T06:00"))
    late = instant("2027-04-30T06:00")
    assert due.following(autopay, late) == (4, instant("2027-05-31T06:00")), "what was missed is left out"
    autopay.periods = 4
    assert due.following(autopay, now) == (5, instant("2027-06-30T06:00")), "never back"
    assert due.following(Autopay(first_due=now, periods=0), now) is None


def test_the_notice_comes_a_day_before_or_at_once_and_not_twice() -> None:
    now = datetime(2027, 3, 1, tzinfo=UTC)
    far, near = now + timedelta(days=3), now + timedelta(hours=5)
    assert due.wake_for(far, None, now) == far - timedelta(hours=24)
    assert due.wake_for(near, None, now) == now
    assert due.wake_for(near, near, now) == near
    assert due.wake_for(far, near, now) == far - timedelta(hours=24), "the notice was for the date before"


def test_there_are_three_retries_within_a_day() -> None:
    now = datetime(2027, 3, 1, tzinfo=UTC)
    pauses = [due.retry_at(tries, now) for tries in (1, 2, 3, 4)]
    assert pauses[3] is None
    assert sum((at - now for at in pauses[:3] if at is not None), timedelta()) < timedelta(days=1)


def test_the_key_of_a_sale_is_that_of_its_due_date() -> None:
    autopay_id, now = UUID(int=1), datetime(2027, 3, 1, tzinfo=UTC)
    assert due.key_of(autopay_id, now, 0) == due.key_of(autopay_id, now, 0)
    assert len({due.key_of(autopay_id, now, cycle) for cycle in range(3)}) == 3
    assert due.key_of(autopay_id, now, 0) != due.key_of(autopay_id, now + timedelta(days=1), 0)


@pytest.mark.parametrize(
    ("local", "allowed"),
    [
        ("09:59:59", "09:59:59"),
        ("10:00:00", "13:00:00"),
        ("12:59:59", "13:00:00"),
        ("13:00:00", "13:00:00"),
        ("16:59:59", "16:59:59"),
        ("17:00:00", "21:30:00"),
        ("21:29:59", "21:30:00"),
        ("21:30:00", "21:30:00"),
        ("00:00:00", "00:00:00"),
    ],
)
def test_a_mandate_is_charged_outside_the_peak_hours_of_india(local: str, allowed: str) -> None:
    assert due.allowed_at(instant(f"2027-03-01T{local}"), PEAK) == instant(f"2027-03-01T{allowed}")
