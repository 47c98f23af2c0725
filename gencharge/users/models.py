"""Tables of the users."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, DateTime, Text, func
from sqlalchemy.orm import Mapped, mapped_column

from gencharge.core.database import Base


class UserStatus(StrEnum):
    """Where a user stands."""

    ACTIVE = "active"  # may do everything
    BLOCKED = "blocked"  # shut out by an admin
    DEACTIVATED = "deactivated"  # left for a while; comes back by signing in
    ARCHIVED = "archived"  # gone; the ledger stays


class UserType(StrEnum):
    """How the user's own number is billed."""

    PREPAID = "prepaid"
    POSTPAID = "postpaid"


class KycTier(StrEnum):
    """How well we know the user; decides the wallet's limits (RBI Master Direction on PPIs)."""

    SMALL = "small"
    FULL = "full"


class User(Base):
    """A customer. The phone number's uniqueness is promised by the directory, the code's by `referral_codes`."""

    __tablename__ = "users"

    user_id: Mapped[UUID] = mapped_column(primary_key=True)
    phone_number: Mapped[str] = mapped_column(Text)
    status: Mapped[str] = mapped_column(Text, server_default=UserStatus.ACTIVE.value)
    name: Mapped[str | None] = mapped_column(Text)
    email: Mapped[str | None] = mapped_column(Text)
    user_type: Mapped[str] = mapped_column(Text, server_default=UserType.PREPAID.value)
    referral_code: Mapped[str] = mapped_column(Text)
    referred_by: Mapped[UUID | None]
    kyc_tier: Mapped[str] = mapped_column(Text, server_default=KycTier.SMALL.value)
    registered_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    updated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())

    __table_args__ = (
        CheckConstraint("status IN ('active', 'blocked', 'deactivated', 'archived')", name="status"),
        CheckConstraint("user_type IN ('prepaid', 'postpaid')", name="user_type"),
        CheckConstraint("kyc_tier IN ('small', 'full')", name="kyc_tier"),
    )


class ReferralCode(Base):
    """A referral code and its owner."""

    __tablename__ = "referral_codes"

    code: Mapped[str] = mapped_column(Text, primary_key=True)
    user_id: Mapped[UUID]


@dataclass(frozen=True, slots=True)
class UserBrief:
    """Who a customer is, in a list of something else. Erased: no name, and an empty number."""

    user_id: UUID
    name: str | None
    phone_number: str
    email: str | None
    status: UserStatus
