"""The hours in which promotional notices wait."""

from __future__ import annotations

from datetime import time

import pytest
from pydantic import ValidationError

from gencharge.core.notification_settings import Notifications


def test_the_quiet_hours_are_those_of_trai_unless_set() -> None:
    assert Notifications().quiet_times == (time(21), time(9))
    assert Notifications(quiet_hours="").quiet_times is None
    assert Notifications(quiet_hours="13:30-15:00").quiet_times == (time(13, 30), time(15))


@pytest.mark.parametrize("hours", ["21:00", "21:00-25:00", "21:00-21:00", "a-b", "21:00-22:00-23:00"])
def test_what_is_no_span_is_refused_and_named(hours: str) -> None:
    with pytest.raises(ValidationError, match=hours):
        Notifications(quiet_hours=hours)
