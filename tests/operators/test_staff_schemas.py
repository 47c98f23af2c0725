"""What the staff may send about an operator: a maintenance window is in the future, begins before it ends, and is short."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from gencharge.core.values import clock
from gencharge.operators.models import Maintenance
from gencharge.operators.staff_schemas import LONGEST_MAINTENANCE, MaintenanceWindow, OperatorUpdate


def window(starts_at: datetime, ends_at: datetime, **others: Any) -> MaintenanceWindow:
    times = {"starts_at": starts_at.isoformat(), "ends_at": ends_at.isoformat()}
    return MaintenanceWindow.model_validate({"text": "Works", "text_hi": "काम"} | times | others)


def test_a_window_may_be_running_already_and_as_long_as_the_longest() -> None:
    starts_at = clock.now() - timedelta(hours=1)
    longest = window(starts_at, starts_at + LONGEST_MAINTENANCE)
    assert longest.window() == Maintenance(starts_at, starts_at + LONGEST_MAINTENANCE, "Works", "काम")


@pytest.mark.parametrize(
    ("starts", "ends"),
    [
        (timedelta(hours=-2), timedelta(hours=-1)),
        (timedelta(hours=2), timedelta(hours=1)),
        (timedelta(hours=1), timedelta(hours=1)),
        (timedelta(0), LONGEST_MAINTENANCE + timedelta(seconds=1)),
    ],
)
def test_a_window_that_is_over_empty_turned_round_or_too_long_is_refused(
    starts: timedelta, ends: timedelta
) -> None:
    now = clock.now()
    with pytest.raises(ValidationError) as refused:
        window(now + starts, now + ends)
    assert [error["loc"] for error in refused.value.errors()] == [("ends_at",)]


@pytest.mark.parametrize("text", ["", "   ", "two\nlines", "x" * 201])
def test_a_text_is_one_line_that_says_something(text: str) -> None:
    now = clock.now()
    for name in ("text", "text_hi"):
        with pytest.raises(ValidationError):
            window(now, now + timedelta(hours=1), **{name: text})


def test_null_is_told_from_a_window_that_was_left_out() -> None:
    assert "maintenance" in OperatorUpdate.model_validate({"maintenance": None}).model_fields_set
    assert "maintenance" not in OperatorUpdate.model_validate({"status": "up"}).model_fields_set
