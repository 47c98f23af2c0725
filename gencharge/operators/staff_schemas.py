"""Operators as the staff see and change them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import Field, StringConstraints

from gencharge.core.http.changes import left_out
from gencharge.core.http.paging import PageParams
from gencharge.core.http.web import Body, Versioned
from gencharge.core.values.text import one_line
from gencharge.operators.models import ChannelKind, OperatorStatus

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
    created_at: datetime
    updated_at: datetime
