"""Schemas of the staff's side of velocity."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from gencharge.core.http.history import BoundedHistoryParams
from gencharge.core.http.paging import BoundedParams, Page
from gencharge.core.http.web import Body, Out
from gencharge.core.values.instants import Instant
from gencharge.core.values.phone import MobileNumber
from gencharge.users.models import UserBrief
from gencharge.velocity.models import AllowanceScope, HeldBackKind, VelocityRule
from gencharge.velocity.schemas import HeldBackOut

MAX_DAYS = 366


class HeldBackQuery(BoundedHistoryParams):
    """Which refusals. `from` and `to` limit when the first attempt of the hour was."""

    user_id: UUID | None = None
    phone_number: MobileNumber | None = Field(default=None, description="The number of the last attempt.")
    rule: VelocityRule | None = None
    kind: HeldBackKind | None = None
    sort: Literal["first_at", "-first_at"] = "-first_at"  # type: ignore[assignment]


class StaffHeldBackOut(HeldBackOut):
    """What a velocity rule refused, as the staff see it."""

    user_id: UUID
    user: UserBrief | None
    bound: int = Field(description="What the rule allowed: a number, or for a sum paise.")


StaffHeldBackPage = Page[StaffHeldBackOut]


class AllowanceCreate(Body):
    """Multiply the bounds of one customer or one number until an instant."""

    scope: AllowanceScope
    user_id: UUID | None = Field(default=None, description="With the scope `user`.")
    phone_number: MobileNumber | None = Field(default=None, description="With the scope `number`.")
    factor: Annotated[int, Field(ge=2, le=100)] = Field(
        description="The bounds are so many times as high, 2 to 100."
    )
    ends_at: Instant = Field(description=f"At most {MAX_DAYS} days ahead.")
    reason: str = Field(min_length=3, max_length=500, examples=["A shop in Pune, ticket 4711"])

    @model_validator(mode="after")
    def _names_one_subject(self) -> Self:
        is_user = self.scope is AllowanceScope.USER
        if (self.user_id is not None) != is_user or (self.phone_number is not None) == is_user:
            raise PydanticCustomError(
                "subject_invalid", "Scope user takes user_id only, scope number takes phone_number only"
            )
        return self


class AllowanceOut(Out):
    """An allowance, as the staff see it."""

    allowance_id: UUID
    scope: AllowanceScope
    user_id: UUID | None
    phone_number: str | None
    factor: int
    reason: str
    allowed_by: UUID
    allowed_at: datetime
    ends_at: datetime


AllowancePage = Page[AllowanceOut]


class AllowanceQuery(BoundedParams):
    """Which allowances."""

    user_id: UUID | None = None
    phone_number: MobileNumber | None = None
    is_live: bool | None = Field(default=None, description="true: those that have not ended.")
