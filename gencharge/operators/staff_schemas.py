"""Operators as the staff see and change them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Final

from pydantic import Field, StringConstraints, ValidationInfo, field_validator

from gencharge.core.http.changes import left_out
from gencharge.core.http.paging import PageParams
from gencharge.core.http.web import Body, Versioned
from gencharge.core.values import clock
from gencharge.core.values.instants import Instant
from gencharge.core.values.text import one_line
from gencharge.core.wording import worded
from gencharge.operators.models import ChannelKind, Maintenance, OperatorStatus
from gencharge.operators.schemas import MaintenanceOut

# A window that is longer is a mistake in the date, or an operator that is set to `down`.
LONGEST_MAINTENANCE: Final = timedelta(days=7)
OperatorName = Annotated[str, *one_line(60)]
NewCode = Annotated[
    str,
    StringConstraints(
        strip_whitespace=True,
        to_upper=True,
        min_length=2,
        max_length=20,
        pattern="^[A-Za-z][A-Za-z0-9_]*$",
    ),
]
SortOrder = Annotated[int, Field(ge=0, le=1_000_000, description="Smaller ones are shown first.")]


class OperatorCreate(Body):
    """A new operator."""

    code: NewCode = Field(description="Capitals and digits; it never changes.", examples=["JIO"])
    name: OperatorName = Field(examples=["Reliance Jio"])
    display_name: OperatorName = Field(examples=["Jio"])
    status: OperatorStatus = OperatorStatus.UP
    channel: ChannelKind = ChannelKind.INTERNAL
    is_active: bool = Field(default=True, description="false: prepared, but not served yet.")
    sort_order: SortOrder = 0


class MaintenanceWindow(Body):
    """When the operator works on its systems: nothing is sold and nothing is sent to it during that time."""

    starts_at: Instant = Field(examples=["2026-11-28T18:30:00Z"])
    ends_at: Instant = Field(
        description="In the future, at most 7 days after the start.", examples=["2026-11-28T22:30:00Z"]
    )
    text: Annotated[str, *one_line(200)] = Field(
        description="What customers read, in English.",
        examples=["Jio works on its systems from midnight to 4 a.m. on 29 November."],
    )
    text_hi: Annotated[str, *one_line(200)] = Field(
        description="The same in Hindi.",
        examples=["जियो 29 नवंबर को रात 12 से सुबह 4 बजे तक अपने सिस्टम पर काम करेगा।"],
    )

    @field_validator("ends_at")
    @classmethod
    def _ends_in_time(cls, ends_at: datetime, info: ValidationInfo) -> datetime:
        starts_at = info.data.get("starts_at")
        if ends_at <= clock.now():
            raise ValueError("Must be in the future")
        if starts_at is not None and not starts_at < ends_at <= starts_at + LONGEST_MAINTENANCE:
            raise ValueError(
                worded("Must be after starts_at, at most {days} days later", days=LONGEST_MAINTENANCE.days)
            )
        return ends_at

    def window(self) -> Maintenance:
        """As the operator has it."""
        return Maintenance(self.starts_at, self.ends_at, self.text, self.text_hi)


class OperatorUpdate(Body):
    """What is to change; what is left out stays."""

    name: OperatorName = Field(default_factory=left_out, examples=["Reliance Jio"])
    display_name: OperatorName = Field(default_factory=left_out, examples=["Jio"])
    status: OperatorStatus = Field(
        default_factory=left_out,
        description="`down`: no recharge is accepted from now on.",
        examples=["down"],
    )
    channel: ChannelKind = Field(default_factory=left_out)
    is_active: bool = Field(
        default_factory=left_out, description="false: not served any more; its plans are off sale."
    )
    sort_order: SortOrder = Field(default_factory=left_out)
    maintenance: MaintenanceWindow | None = Field(
        default=None, description="null takes the window away: recharges go through again at once."
    )


class StaffOperatorQuery(PageParams):
    """Which operators are asked for."""

    status: OperatorStatus | None = None
    channel: ChannelKind | None = None
    is_active: bool | None = None


class StaffOperatorOut(Versioned):
    """An operator as the staff see it."""

    code: str = Field(examples=["JIO"])
    name: str = Field(examples=["Reliance Jio"])
    display_name: str = Field(examples=["Jio"])
    status: OperatorStatus
    channel: ChannelKind
    is_active: bool = Field(description="false: not served; its plans are off sale.")
    sort_order: int
    maintenance: MaintenanceOut | None
    created_at: datetime
    updated_at: datetime
