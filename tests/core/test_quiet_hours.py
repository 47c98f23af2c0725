"""Promotional notices wait for the end of the quiet hours."""

from __future__ import annotations

from datetime import datetime, time

import pytest

from gencharge.core.values.clock import IST
from gencharge.core.values.quiet_hours import earliest
from gencharge.core.values.recipient import NotificationType

NIGHT = (time(21), time(9))


@pytest.mark.parametrize(
    ("instant", "expected"),
    [
        ("2026-08-14T20:59:59", "2026-08-14T20:59:59"),
        ("2026-08-14T21:00:00", "2026-08-15T09:00:00"),
        ("2026-12-31T23:59:59", "2027-01-01T09:00:00"),
        ("2026-08-14T00:00:00", "2026-08-14T09:00:00"),
        ("2026-08-14T08:59:59", "2026-08-14T09:00:00"),
        ("2026-08-14T09:00:00", "2026-08-14T09:00:00"),
    ],
)
def test_a_promotional_notice_of_the_night_waits_until_the_morning(instant: str, expected: str) -> None:
    shown_at = earliest(NotificationType.PROMOTIONAL, _in_india(instant), NIGHT)
    assert shown_at == _in_india(expected)


def test_quiet_hours_of_one_day_end_on_that_day() -> None:
    noon = (time(13), time(15))
    assert earliest(NotificationType.PROMOTIONAL, _in_india("2026-08-14T14:00:00"), noon) == _in_india(
        "2026-08-14T15:00:00"
    )
    late = _in_india("2026-08-14T23:00:00")
    assert earliest(NotificationType.PROMOTIONAL, late, noon) == late
    assert earliest(NotificationType.PROMOTIONAL, late, None) == late


@pytest.mark.parametrize("type", sorted(set(NotificationType) - {NotificationType.PROMOTIONAL}))
def test_nothing_else_waits(type: NotificationType) -> None:
    night = _in_india("2026-08-14T23:00:00")
    assert earliest(type, night, NIGHT) == night


def _in_india(local: str) -> datetime:
    return datetime.fromisoformat(local).replace(tzinfo=IST)
