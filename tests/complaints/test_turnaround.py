"""The regulators' days: T + 1 for money, three days for service, Rs 100 a day after T + 1."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from gencharge.complaints.models import ComplaintReason
from gencharge.complaints.turnaround import due_at, owed
from gencharge.core.values.money import Money

# 23:30 in India on 20 November, and 00:30 on 21 November.
LATE, EARLY = datetime(2026, 11, 20, 18, 0, tzinfo=UTC), datetime(2026, 11, 20, 19, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("reason", "at", "due"),
    [
        ("not_delivered", LATE, datetime(2026, 11, 21, 18, 30, tzinfo=UTC)),
        ("not_delivered", EARLY, datetime(2026, 11, 22, 18, 30, tzinfo=UTC)),
        ("refund_missing", LATE, datetime(2026, 11, 21, 18, 30, tzinfo=UTC)),
        ("benefits_missing", LATE, datetime(2026, 11, 23, 18, 30, tzinfo=UTC)),
        ("wrong_plan", EARLY, datetime(2026, 11, 24, 18, 30, tzinfo=UTC)),
    ],
)
def test_a_complaint_is_due_at_the_end_of_an_indian_day(reason: str, at: datetime, due: datetime) -> None:
    assert due_at(ComplaintReason(reason), at) == due


@pytest.mark.parametrize(
    ("reason", "day", "hour", "rupees"),
    [
        ("not_delivered", 20, 18, 0),
        ("not_delivered", 21, 18, 0),
        ("not_delivered", 21, 19, 100),
        ("charged_twice", 24, 12, 300),
        ("benefits_missing", 30, 12, 0),
    ],
)
def test_each_day_after_the_day_after_the_recharge_costs_a_hundred_rupees(
    reason: str, day: int, hour: int, rupees: int
) -> None:
    at = datetime(2026, 11, day, hour, 15, tzinfo=UTC)
    assert owed(ComplaintReason(reason), LATE, at) == Money.rupees(rupees)
