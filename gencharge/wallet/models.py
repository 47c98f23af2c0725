"""The ledger and its cache. Amounts in paise."""

from __future__ import annotations

from datetime import datetime
from enum import IntEnum, StrEnum
from typing import Final
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    DateTime,
    Index,
    LargeBinary,
    SmallInteger,
    Text,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from gencharge.core.postgres.database import Base, stamp


class Account(StrEnum):
    """Where money can be. `operator:{code}` and `gateway:{name}` have one account each in addition to these."""

    MAIN = "user:main"  # what the customer can spend
    HELD = "user:held"  # set aside for a recharge that no operator has confirmed yet, or for a refund
    REVENUE = "revenue"  # what we earned
    CASHBACK = "cashback"  # paid to customers by offers
    REFERRAL = "referral"  # paid to customers who referred others
    DISCOUNT = "discount"  # the part of a price that an offer carries
    SUSPENSE = "suspense"  # money whose owner is not known yet
    OPENING = "opening"  # balances that were there before the books began
    ADJUSTMENT = "adjustment"  # adjustments by the staff, each approved by a second admin
    PAYOUT = "payout"  # paid out to customers who closed their account
    WRITE_OFF = "write_off"  # differences with the gateway and the operators that we bear or keep


class Code(IntEnum):
    """Why money moved. The numbers are in the ledger: never renumber them."""

    OPENING = 1
    TOPUP = 2
    RECHARGE = 3
    REFUND = 4
    HOLD = 5
    CAPTURE = 6
    RELEASE = 7
    CASHBACK = 8
    REFERRAL = 9
    ADJUSTMENT = 10
    PAYOUT = 11  # the remaining balance, paid out when the account is closed
    COMMISSION = 12  # our share of a recharge, from the operator's account
    PAYMENT = 13  # a gateway's money for a recharge, held until that is delivered
    SOURCE_REFUND = 14  # money that goes back through the gateway to where it came from
    WRITE_OFF = 15  # a difference with a statement that will not be settled; never a customer's money
    DISCOUNT = 16  # the part of a price that an offer carries, to the operator's account or back from it


# The codes of recharges. Any other one is rare enough for an index of its own.
EVERYDAY: Final = (Code.RECHARGE, Code.HOLD, Code.CAPTURE, Code.RELEASE)


class PaymentMethod(StrEnum):
    """How something is paid."""

    WALLET = "wallet"
    UPI = "upi"
    CARD = "card"
    NETBANKING = "netbanking"


class RequestSource(StrEnum):
    """Where a request came from."""

    WEB = "web"
    APP = "app"
    API = "api"


class AdjustmentStatus(StrEnum):
    """The state of an adjustment."""

    PENDING = "pending"  # waiting for a second admin; no money has moved
    APPROVED = "approved"  # the money has moved
    REJECTED = "rejected"
    CANCELLED = "cancelled"  # by the admin who requested it
    EXPIRED = "expired"  # nobody decided in time


class AdjustmentDirection(StrEnum):
    """Which way an adjustment moves money, from the wallet's side."""

    CREDIT = "credit"
    DEBIT = "debit"


class Wallet(Base):
    """A customer's balance: a cache of the transfers, moved with each of them by one conditional UPDATE."""

    __tablename__ = "wallets"

    user_id: Mapped[UUID] = mapped_column(primary_key=True)
    posted: Mapped[int] = mapped_column(BigInteger, server_default="0")
    held: Mapped[int] = mapped_column(BigInteger, server_default="0")
    created_at: Mapped[datetime] = stamp()
    updated_at: Mapped[datetime] = stamp()

    __table_args__ = (
        CheckConstraint("posted - held >= 0", name="available"),
        CheckConstraint("held >= 0", name="held"),
    )


class Transfer(Base):
    """One movement of money between two accounts, written once and never changed. A correction is a new transfer."""

    __tablename__ = "transfers"

    user_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    debit: Mapped[str] = mapped_column(Text)
    credit: Mapped[str] = mapped_column(Text)
    amount: Mapped[int] = mapped_column(BigInteger)
    code: Mapped[int] = mapped_column(SmallInteger)
    key: Mapped[str] = mapped_column(Text)
    reference_id: Mapped[UUID | None]
    phone_number: Mapped[str | None] = mapped_column(Text)
    service_type: Mapped[str | None] = mapped_column(Text)
    source: Mapped[str | None] = mapped_column(Text)
    payment_method: Mapped[str | None] = mapped_column(Text)
    # The operator whose recharge it was (a code, upper case). An admin limited to some operators sees the rows of those.
    operator: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = stamp()

    __table_args__ = (
        CheckConstraint("amount > 0", name="amount"),
        CheckConstraint("debit <> credit", name="accounts"),
        Index("uq_transfers_key", "user_id", "key", "code", unique=True),
        Index("ix_transfers_history", "user_id", "created_at", "id"),
        # The staff's lists, over all customers.
        Index("ix_transfers_all", "created_at", "id"),
        Index(
            "ix_transfers_of_number",
            "phone_number",
            "created_at",
            "id",
            postgresql_where=text("phone_number IS NOT NULL"),
        ),
        Index(
            "ix_transfers_of_reference",
            "reference_id",
            postgresql_where=text("reference_id IS NOT NULL"),
        ),
        Index(
            "ix_transfers_of_rare_code",
            "code",
            "created_at",
            "id",
            postgresql_where=text("code NOT IN (3, 5, 6, 7)"),
        ),
    )


class Adjustment(Base):
    """A change of a balance that one admin requests and another one decides on. Approval moves the money."""

    __tablename__ = "adjustments"

    user_id: Mapped[UUID] = mapped_column(primary_key=True)
    adjustment_id: Mapped[UUID] = mapped_column(primary_key=True)
    direction: Mapped[str] = mapped_column(Text)
    amount: Mapped[int] = mapped_column(BigInteger)
    reason: Mapped[str] = mapped_column(Text)
    note: Mapped[str] = mapped_column(Text)
    reference: Mapped[str | None] = mapped_column(Text)
    requested_by: Mapped[UUID]
    requested_at: Mapped[datetime] = stamp()
    expires_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    status: Mapped[str] = mapped_column(Text, server_default=AdjustmentStatus.PENDING.value)
    decided_by: Mapped[UUID | None]
    decided_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    decision_note: Mapped[str | None] = mapped_column(Text)

    __table_args__ = (
        CheckConstraint("direction IN ('credit', 'debit')", name="direction"),
        CheckConstraint("amount > 0", name="amount"),
        CheckConstraint(
            "status IN ('pending', 'approved', 'rejected', 'cancelled', 'expired')", name="status"
        ),
        CheckConstraint(
            "status NOT IN ('approved', 'rejected') OR decided_by IS DISTINCT FROM requested_by"
            " AND decided_by IS NOT NULL",
            name="four_eyes",
        ),
        CheckConstraint("(status = 'pending') = (decided_at IS NULL)", name="decided"),
        Index("ix_adjustments_all", "requested_at", "adjustment_id"),
        Index("ix_adjustments_of_status", "status", "requested_at", "adjustment_id"),
        Index("ix_adjustments_of_admin", "requested_by", "requested_at", "adjustment_id"),
    )


class AdjustmentKey(Base):
    """An admin's Idempotency-Key, the request that it was used for, and the adjustment that it created."""

    __tablename__ = "adjustment_keys"

    requested_by: Mapped[UUID] = mapped_column(primary_key=True)
    idempotency_key: Mapped[str] = mapped_column(Text, primary_key=True)
    request_hash: Mapped[bytes] = mapped_column(LargeBinary)
    user_id: Mapped[UUID]
    adjustment_id: Mapped[UUID]
