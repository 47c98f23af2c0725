"""Schemas of the staff's side of velocity."""

from __future__ import annotations

from datetime import datetime
from ipaddress import ip_address
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import AfterValidator, Field, model_validator
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


def _parsed(text: str) -> str:
    try:
        return str(ip_address(text))
    except ValueError:
        raise PydanticCustomError(
            "address_invalid", "Must be an IPv4 or IPv6 address, such as 203.0.113.7 or 2001:db8::1"
        ) from None


# As requests show it, so that it is found by comparing texts.
Address = Annotated[str, Field(max_length=45, examples=["203.0.113.7"]), AfterValidator(_parsed)]


class HeldBackQuery(BoundedHistoryParams):
    """Which refusals. `from` and `to` limit when the first attempt of the hour was."""

    user_id: UUID | None = None
    phone_number: MobileNumber | None = Field(default=None, description="The number of the last attempt.")
    address: Address | None = Field(default=None, description="Where the last attempt came from.")
    device_id: UUID | None = Field(
        default=None, description="The device that the rule is about (`payers_of_device_in_a_day`)."
    )
    rule: VelocityRule | None = None
    kind: HeldBackKind | None = None
    sort: Literal["first_at", "-first_at"] = "-first_at"  # type: ignore[assignment]


class StaffHeldBackOut(HeldBackOut):
    """What a velocity rule refused, as the staff see it."""

    user_id: UUID
    user: UserBrief | None
    bound: int = Field(description="What the rule allowed: a number, or for a sum paise.")
    device_id: UUID | None = Field(
        description="The device that the rule is about, for `payers_of_device_in_a_day`: the same for all who share it."
    )


StaffHeldBackPage = Page[StaffHeldBackOut]


class AllowanceCreate(Body):
    """Multiply the bounds of one customer, one number or one address until an instant."""

    scope: AllowanceScope
    user_id: UUID | None = Field(default=None, description="With the scope `user`.")
    phone_number: MobileNumber | None = Field(default=None, description="With the scope `number`.")
    address: Address | None = Field(
        default=None, description="With the scope `address`. Of an IPv6 address the /64 counts."
    )
    factor: Annotated[int, Field(ge=2, le=100)] = Field(
        description="The bounds are so many times as high, 2 to 100."
    )
    ends_at: Instant = Field(description=f"At most {MAX_DAYS} days ahead.")
    reason: str = Field(min_length=3, max_length=500, examples=["A shop in Pune, ticket 4711"])

    @model_validator(mode="after")
    def _names_one_subject(self) -> Self:
        names = {
            AllowanceScope.USER: self.user_id,
            AllowanceScope.NUMBER: self.phone_number,
            AllowanceScope.ADDRESS: self.address,
        }
        if [scope for scope, name in names.items() if name is not None] != [self.scope]:
            raise PydanticCustomError(
                "subject_invalid",
                "Scope user takes user_id only, scope number takes phone_number only, scope address takes address only",
            )
        return self


class AllowanceOut(Out):
    """An allowance, as the staff see it."""

    allowance_id: UUID
    scope: AllowanceScope
    user_id: UUID | None
    phone_number: str | None
    address: str | None = Field(description="Of an IPv6 address the /64.")
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
    address: Address | None = Field(default=None, description="Of an IPv6 address the /64 counts.")
    is_live: bool | None = Field(default=None, description="true: those that have not ended.")
