"""Tables of the mandates. Amounts in paise."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, DateTime, Index, SmallInteger, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from gencharge.core.postgres.database import Base, stamp
from gencharge.core.vault.columns import Sealed, SealedText


class MandateStatus(StrEnum):
    """The state of a mandate."""

    PENDING = "pending"  # the customer has yet to approve it
    ACTIVE = "active"  # it can be charged
    ENDED = "ended"  # `end_reason` says why


class EndReason(StrEnum):
    """Why a mandate can't be charged any more."""

    CUSTOMER = "customer"  # revoked by its owner, here
    BANK = "bank"  # revoked or rejected at the bank
    EXPIRED = "expired"
    NOT_APPROVED = "not_approved"  # nobody approved it within a day
    ACCOUNT_CLOSED = "account_closed"


class Mandate(Base):
    """A customer's consent to charges without a checkout: a token of the gateway, never data of a card or an account."""

    __tablename__ = "mandates"

    user_id: Mapped[UUID] = mapped_column(primary_key=True)
    mandate_id: Mapped[UUID] = mapped_column(primary_key=True)
    # The payment of a rupee that registers it.
    payment_id: Mapped[UUID]
    order_id: Mapped[str] = mapped_column(Text)
    gateway: Mapped[str] = mapped_column(Text)
    method: Mapped[str] = mapped_column(Text)
    status: Mapped[str] = mapped_column(Text)
    end_reason: Mapped[str | None] = mapped_column(Text)
    # Of one charge.
    max_amount: Mapped[int] = mapped_column(BigInteger)
    expires_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    # The gateway's ids of the customer and of the token, by which it is charged.
    customer: Mapped[Sealed] = mapped_column(SealedText)
    token: Mapped[Sealed | None] = mapped_column(SealedText)
    token_hash: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = stamp()
    updated_at: Mapped[datetime] = stamp()
    # When the gateway is asked for its state, or is told that it was revoked here; null: never.
    next_check_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    leased_until: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    checks: Mapped[int] = mapped_column(SmallInteger, server_default="0")

    __table_args__ = (
        CheckConstraint("status IN ('pending', 'active', 'ended')", name="status"),
        CheckConstraint("(status = 'ended') = (end_reason IS NOT NULL)", name="ended"),
        CheckConstraint("status <> 'active' OR token IS NOT NULL", name="active"),
        CheckConstraint("max_amount > 0", name="amount"),
        Index("uq_mandates_payment", "user_id", "payment_id", unique=True),
        Index("ix_mandates_history", "user_id", "created_at", "mandate_id"),
        Index("ix_mandates_all", "created_at", "mandate_id"),
        Index("ix_mandates_due", "next_check_at", postgresql_where=text("next_check_at IS NOT NULL")),
    )


class MandateToken(Base):
    """Whose mandate a token of the gateway is, by the token's hash: webhooks name only the token."""

    __tablename__ = "mandate_tokens"

    token_hash: Mapped[str] = mapped_column(Text, primary_key=True)
    user_id: Mapped[UUID]
    mandate_id: Mapped[UUID]
