"""Customers on the wire, as the staff see and change them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AfterValidator, Field

from gencharge.core.http.history import Period
from gencharge.core.http.paging import BoundedParams
from gencharge.core.http.web import Body, Out, Versioned
from gencharge.core.values.person_name import Email, PersonName
from gencharge.core.values.phone import MobileNumber
from gencharge.users.models import KycTier, UserType
from gencharge.users.schemas import Reason, UserOut, visible_line


class UserUpdate(Body):
    """What the staff may change of a user's profile."""

    name: PersonName


class ReplaceUserEmail(Body):
    """The address that the staff set for a user, and why."""

    email: Email
    reason: Reason


class ReplaceUserPhoneNumber(Body):
    """The number that the staff give a user who lost the old one, and why."""

    phone_number: MobileNumber
    reason: Reason


class ChangeKycTier(Body):
    """How well the user is known from now on."""

    tier: KycTier = Field(examples=["full"])
    reason: Reason


class UserQuery(BoundedParams, Period):
    """Which users; `from` and `to` are when they signed up. A page may hold fewer than `limit`, even none, and still
    have a next one."""

    user_type: UserType | None = None
    kyc_tier: KycTier | None = None
    registered: bool | None = Field(default=None, description="Whether they gave name and address.")
    phone_number: MobileNumber | None = None
    email: Email | None = None
    search: Annotated[str, Field(min_length=1, max_length=50), AfterValidator(visible_line)] | None = Field(
        default=None, description="How the name begins, in capitals or not. Sorted by name.", examples=["ash"]
    )
    sort: Literal["created_at", "-created_at", "name", "-name"] | None = Field(
        default=None, description="`-created_at` unless there is a `search`: then `name`."
    )


class PresentUserQuery(UserQuery):
    """Which of the users that are not archived."""

    status: Literal["active", "blocked", "deactivated"] | None = None


class StaffUserOut(Versioned, UserOut):
    """A user, as the staff sees them."""

    email_usable_from: datetime | None = Field(
        description="From when codes go to the address, a day after the staff set it. null: the user has not confirmed it."
    )
    referred_by: UUID | None
    status_since: datetime | None = Field(description="null: since they signed up.")
    status_by: UUID | None = Field(description="Who brought the status about: the user, or an admin.")
    status_reason: str | None
    updated_at: datetime


class ArchivedUserOut(Out):
    """An archived user. Once erased, name, number and address are gone."""

    user_id: UUID
    phone_number: str
    name: str | None
    email: str | None
    user_type: UserType
    kyc_tier: KycTier
    created_at: datetime
    archived_at: datetime
    archived_by: UUID = Field(description="The user's own id, or an admin's.")
    reason: str | None
    erased_at: datetime | None = Field(description="When the personal data was erased.")


class StaffUserDetail(StaffUserOut):
    """A user with what each room holds about them."""

    erased_at: datetime | None
    rooms: dict[str, Any] = Field(
        description="By room: `connections`, live `sessions` (never a token), `wallet`, ...",
        examples=[{"wallet": {"balance": 120.50, "held": 0.0}}],
    )
