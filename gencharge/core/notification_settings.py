"""The settings of notices."""

from __future__ import annotations

from datetime import time

from pydantic import BaseModel, Field, field_validator


class Notifications(BaseModel, defer_build=True):
    """Notices"""

    quiet_hours: str = Field(
        default="21:00-09:00",
        description="The hours in India in which promotional notices wait, as TRAI asks for (TCCCPR 2018). Empty: none.",
        examples=["21:00-09:00"],
    )

    low_balance_rupees: int = Field(
        default=20,
        ge=0,
        le=10_000,
        description="A payment that takes a wallet below so many rupees sends its owner a reminder. 0: none.",
        examples=["20"],
    )

    @field_validator("quiet_hours")
    @classmethod
    def _are_two_times(cls, hours: str) -> str:
        _times(hours)
        return hours

    @property
    def quiet_times(self) -> tuple[time, time] | None:
        """`quiet_hours` as beginning and end; the end does not belong to them. None: there are none."""
        return _times(self.quiet_hours)


def _times(written: str) -> tuple[time, time] | None:
    if not written:
        return None
    try:
        begin, end = (time.fromisoformat(part) for part in written.split("-"))
    except ValueError:
        raise ValueError(f"must be like 21:00-09:00, not {written}") from None
    if begin == end or begin.tzinfo or end.tzinfo:
        raise ValueError(f"must be two different times of the day in India, not {written}")
    return begin, end
