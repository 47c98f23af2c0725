"""Users on the wire."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from pydantic import Field

from gencharge.core.web import Out
from gencharge.users.models import KycTier, UserStatus, UserType


class UserOut(Out):
    """A user, as they see themselves."""

    user_id: UUID
    phone_number: str = Field(examples=["+919876543210"])
    status: UserStatus
    name: str | None = Field(examples=["Asha Rao"])
    email: str | None = Field(examples=["asha@example.com"])
    user_type: UserType
    referral_code: str = Field(examples=["7KMQ2XWD"])
    kyc_tier: KycTier
    registered_at: datetime | None
    created_at: datetime
