"""When a scheduled report is due, and which days it is about."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from gencharge.reports.slots import Every, Slots, filters_of

# A Sunday, 06:29 in India.
NOW = datetime(2026, 11, 22, 0, 59, tzinfo=UTC)
BOTH = ("from", "to", "status")


@pytest.mark.parametrize(
    ("slots", "expected"),
    [
        (Slots(Every.DAY, 7), datetime(2026, 11, 22, 1, 30, tzinfo=UTC)),
        (Slots(Every.DAY, 6), datetime(2026, 11, 23, 0, 30, tzinfo=UTC)),
        (Slots(Every.DAY, 0), datetime(2026, 11, 22, 18, 30, tzinfo=UTC)),
        (Slots(Every.WEEK, 7, weekday=7), datetime(2026, 11, 22, 1, 30, tzinfo=UTC)),
        (Slots(Every.WEEK, 7, weekday=1), datetime(2026, 11, 23, 1, 30, tzinfo=UTC)),
        (Slots(Every.WEEK, 6, weekday=7), datetime(2026, 11, 29, 0, 30, tzinfo=UTC)),
        (Slots(Every.MONTH, 7, month_day=1), datetime(2026, 12, 1, 1, 30, tzinfo=UTC)),
        (Slots(Every.MONTH, 7, month_day=28), datetime(2026, 11, 28, 1, 30, tzinfo=UTC)),
    ],
)
def test_the_next_slot_is_the_first_one_after_an_instant(slots: Slots, expected: datetime) -> None:
    assert slots.next_after(NOW) == expected
    assert slots.next_after(expected) > expected, "never the same one again"
    assert slots.next_after(expected - timedelta(microseconds=1)) == expected


@pytest.mark.parametrize(
    ("every", "filters"),
    [
        (Every.DAY, {"from": "2026-11-30", "to": "2026-11-30"}),
        (Every.WEEK, {"from": "2026-11-24", "to": "2026-11-30"}),
        (Every.MONTH, {"from": "2026-11-01", "to": "2026-11-30"}),
    ],
)
def test_a_report_is_about_the_time_before_its_slot(every: Every, filters: dict[str, str]) -> None:
    slot = Slots(Every.MONTH, 0, month_day=1).next_after(NOW)
    assert slot == datetime(2026, 11, 30, 18, 30, tzinfo=UTC), "the first of December in India"
    assert filters_of(every, slot, BOTH) == filters
    assert filters_of(every, slot, ("month",)) == {"month": "2026-11"}
    assert filters_of(every, slot, ("status",)) == {}


def test_a_month_is_the_one_before_on_any_of_its_days() -> None:
    slot = Slots(Every.MONTH, 9, month_day=15).next_after(datetime(2026, 12, 31, tzinfo=UTC))
    assert filters_of(Every.MONTH, slot, BOTH) == {"from": "2026-12-01", "to": "2026-12-31"}
