"""The second factors and sessions of others, on the wire."""

from __future__ import annotations

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import Field

from gencharge.core.http.paging import Page, PageParams
from gencharge.core.http.web import Body, Out


class StaffSessionOut(Out):
    """A sign-in of a user or an admin."""

    owner_id: UUID
    kind: Literal["user", "admin"]
    session_id: UUID
    device: str
    address: str
    created_at: datetime
    last_used_at: datetime
    expires_at: datetime


StaffSessionPage = Page[StaffSessionOut]


class StaffSessionQuery(PageParams):
    """Whose sessions."""

    owner_id: UUID = Field(description="A user or an admin.")


class OpenSignIn(Body):
    """Why."""

    reason: str = Field(
        min_length=3, max_length=300, examples=["Called from the number, and knew the last recharge."]
    )


class StaffSecondFactorOut(Out):
    """An admin's second factor."""

    admin_id: UUID
    enrolled: bool
    confirmed_at: datetime | None
    locked_until: datetime | None = Field(description="After too many wrong codes.")
    recovery_codes_left: int
