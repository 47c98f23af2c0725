"""The settings of charges by mandate."""

from __future__ import annotations

from datetime import time

from pydantic import BaseModel, Field, field_validator


class Mandates(BaseModel, defer_build=True):
    """Charges by mandate"""

    mandate_peak_hours: list[str] = Field(
        default=["10:00-13:00", "17:00-21:30"],
        description="The hours in India in which autopay charges no mandate, as NPCI asks for. Empty: none.",
        examples=[["10:00-13:00", "17:00-21:30"]],
    )

    @field_validator("mandate_peak_hours")
    @classmethod
    def _are_times_of_one_day(cls, hours: list[str]) -> list[str]:
        for each in hours:
            start, end = _times(each)
            if start >= end:
                raise ValueError(f"must end after they begin, on the same day: {each}")
        return hours

    @property
    def mandate_peak_times(self) -> tuple[tuple[time, time], ...]:
        """`mandate_peak_hours` as beginnings and ends; the end does not belong to them."""
        return tuple(_times(each) for each in self.mandate_peak_hours)


def _times(written: str) -> tuple[time, time]:
    try:
        start, end = (time.fromisoformat(part) for part in written.split("-"))
    except ValueError:
        raise ValueError(f"must be like 10:00-13:00, not {written}") from None
    return start, end
