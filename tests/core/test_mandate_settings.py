"""The hours in which no mandate is charged."""

from __future__ import annotations

from datetime import time

import pytest
from pydantic import ValidationError

from gencharge.core.mandate_settings import Mandates


def test_the_peak_hours_are_those_of_npci_unless_set() -> None:
    assert Mandates().mandate_peak_times == ((time(10), time(13)), (time(17), time(21, 30)))
    assert Mandates(mandate_peak_hours=[]).mandate_peak_times == ()
    assert Mandates(mandate_peak_hours=["00:00-23:59"]).mandate_peak_times == ((time(0), time(23, 59)),)


@pytest.mark.parametrize(
    "hours", ["10", "10:00", "10:00-25:00", "13:00-10:00", "10:00-10:00", "a-b", "1-2-3"]
)
def test_what_is_no_span_of_a_day_is_refused_and_named(hours: str) -> None:
    with pytest.raises(ValidationError, match=hours):
        Mandates(mandate_peak_hours=["10:00-13:00", hours])
