"""Tables of the users."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from uuid import UUID

from sqlalchemy import Boolean, CheckConstraint, DateTime, ForeignKey, Index, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from gencharge.core.http.etags import Stamped
from gencharge.core.postgres.database import Base, stamp
from gencharge.core.values import clock
from gencharge.core.values.language import Language
from gencharge.core.vault.columns import Sealed, SealedText


class UserStatus(StrEnum):
    """The state of a user's account."""

    ACTIVE = "active"  # may do everything
    BLOCKED = "blocked"  # by an admin; may not sign in
    DEACTIVATED = "deactivated"  # for a while; signing in reactivates
    ARCHIVED = "archived"  # closed for good; the ledger stays


class UserType(StrEnum):
    """How the user's own number is billed."""

    PREPAID = "prepaid"
    POSTPAID = "postpaid"


class KycTier(StrEnum):
    """How well we know the user; decides the wallet's limits (RBI Master Direction on PPIs)."""

    SMALL = "small"
    FULL = "full"


# Nearly all users are active, so the indexes by status leave them out.
_FEW = text("status <> 'active'")
# Only for exact look-ups: with the second condition no list of all archived users is read by them, and then sorted.
_ARCHIVED_PHONE = text("status = 'archived' AND phone_number <> ''")
_ARCHIVED_EMAIL = text("status = 'archived' AND email <> ''")


class User(Stamped, Base):
    """A customer. The directory keeps phone numbers unique, `referral_codes` the codes."""

    __tablename__ = "users"

    user_id: Mapped[UUID] = mapped_column(primary_key=True)
    phone_number: Mapped[str] = mapped_column(Text)
    status: Mapped[str] = mapped_column(Text, server_default=UserStatus.ACTIVE.value)
    # Since when the present status holds, by whom (a user's or an admin's id), and why; None: from the start.
    status_since: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    status_by: Mapped[UUID | None]
    status_reason: Mapped[str | None] = mapped_column(Text)
    erased_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    name: Mapped[str | None] = mapped_column(Text)
    # The name as lists sort and search it; empty without one. `service` writes both.
    name_key: Mapped[str] = mapped_column(Text(collation="C"), server_default="")
    email: Mapped[str | None] = mapped_column(Text)
    # From when codes go to the address: since its owner proved it, or a day after the staff set it. None: it is not proved,
    # counts for nothing and need not be unique.
    email_usable_from: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    user_type: Mapped[str] = mapped_column(Text, server_default=UserType.PREPAID.value)
    referral_code: Mapped[str] = mapped_column(Text)
    referred_by: Mapped[UUID | None]
    kyc_tier: Mapped[str] = mapped_column(Text, server_default=KycTier.SMALL.value)
    # In which the user reads notices.
    language: Mapped[str] = mapped_column(Text, server_default=Language.ENGLISH.value)
    registered_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    created_at: Mapped[datetime] = stamp()
    updated_at: Mapped[datetime] = stamp()

    __table_args__ = (
        CheckConstraint("status IN ('active', 'blocked', 'deactivated', 'archived')", name="status"),
        CheckConstraint("user_type IN ('prepaid', 'postpaid')", name="user_type"),
        CheckConstraint("kyc_tier IN ('small', 'full')", name="kyc_tier"),
        Index("ix_users_created_at", "created_at", "user_id"),
        Index("ix_users_name_key", "name_key", "user_id"),
        Index("ix_users_status_created_at", "status", "created_at", "user_id", postgresql_where=_FEW),
        Index("ix_users_status_name_key", "status", "name_key", "user_id", postgresql_where=_FEW),
        Index("ix_users_archived_phone_number", "phone_number", postgresql_where=_ARCHIVED_PHONE),
        Index("ix_users_archived_email", "email", postgresql_where=_ARCHIVED_EMAIL),
    )

    @property
    def email_confirmed(self) -> bool:
        """True if codes go to the address."""
        return self.email_usable_from is not None and self.email_usable_from <= clock.now()


class ReferralCode(Base):
    """A referral code and its owner."""

    __tablename__ = "referral_codes"

    code: Mapped[str] = mapped_column(Text, primary_key=True)
    user_id: Mapped[UUID]


class Preferences(Base):
    """A user's notification settings and consents. Without a row, `DEFAULT_PREFERENCES` apply."""

    __tablename__ = "user_preferences"

    user_id: Mapped[UUID] = mapped_column(primary_key=True)
    email_notification: Mapped[bool] = mapped_column(Boolean)
    sms_notification: Mapped[bool] = mapped_column(Boolean)
    marketing_communication: Mapped[bool] = mapped_column(Boolean)
    recharge_reminders: Mapped[bool] = mapped_column(Boolean)
    promotional_offers: Mapped[bool] = mapped_column(Boolean)
    transactional_alerts: Mapped[bool] = mapped_column(Boolean)
    data_analytics: Mapped[bool] = mapped_column(Boolean)
    third_party_integrations: Mapped[bool] = mapped_column(Boolean)
    updated_at: Mapped[datetime] = stamp()


# What the service itself needs is on. What needs consent is off until it is given (DPDP Act 2023, section 6).
DEFAULT_PREFERENCES: Mapping[str, bool] = MappingProxyType(
    {
        "email_notification": True,
        "sms_notification": True,
        "marketing_communication": False,
        "recharge_reminders": True,
        "promotional_offers": False,
        "transactional_alerts": True,
        "data_analytics": False,
        "third_party_integrations": False,
    }
)


class SavedNumber(Base):
    """A number that a user recharges again and again."""

    __tablename__ = "saved_numbers"

    user_id: Mapped[UUID] = mapped_column(primary_key=True)
    number_id: Mapped[UUID] = mapped_column(primary_key=True)
    phone_number: Mapped[str] = mapped_column(Text)
    # Often a person's name.
    nickname: Mapped[Sealed] = mapped_column(SealedText)
    operator: Mapped[str] = mapped_column(ForeignKey("operators.code"))
    circle: Mapped[str | None] = mapped_column(ForeignKey("circles.code"))
    service_type: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = stamp()
    updated_at: Mapped[datetime] = stamp()

    __table_args__ = (
        CheckConstraint("service_type IN ('prepaid', 'postpaid')", name="service_type"),
        Index("uq_saved_numbers_phone_number", "user_id", "phone_number", unique=True),
    )


@dataclass(frozen=True, slots=True)
class MessageChoices:
    """What decides which messages a user gets, and how they read."""

    language: Language
    preferences: Mapping[str, bool]


class Erasure(Base):
    """An archived user whose data is to be erased. Deleted once that is done."""

    __tablename__ = "erasures"

    user_id: Mapped[UUID] = mapped_column(primary_key=True)
    erase_after: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    leased_until: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    created_at: Mapped[datetime] = stamp()

    __table_args__ = (Index("ix_erasures_due", "erase_after"),)


@dataclass(frozen=True, slots=True)
class UserBrief:
    """Who a customer is, in a list of something else. Erased: no name, and an empty number."""

    user_id: UUID
    name: str | None
    phone_number: str
    email: str | None
    status: UserStatus
