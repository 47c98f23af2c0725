"""The ledger and its cache. Amounts in paise."""

from __future__ import annotations

from datetime import datetime
from enum import IntEnum, StrEnum
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, DateTime, Index, SmallInteger, Text, func
from sqlalchemy.orm import Mapped, mapped_column

from gencharge.core.database import Base


class Account(StrEnum):
    """Where money can be. `operator:{code}` and `gateway:{name}` have one account each beside these."""

    MAIN = "user:main"  # what the customer can spend
    HELD = "user:held"  # set aside for a recharge that an operator has not confirmed yet
    REVENUE = "revenue"  # what the house earned
    CASHBACK = "cashback"  # paid to customers by offers
    REFERRAL = "referral"  # paid to customers for bringing others
    DISCOUNT = "discount"  # the part of a price that an offer carries
    SUSPENSE = "suspense"  # money whose owner is not known yet
    OPENING = "opening"  # balances that were there before the books began


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
    COMMISSION = 12  # the house's share of a recharge, from the operator's account
    PAYMENT = 13  # a gateway's money for a recharge, held until that is delivered
    SOURCE_REFUND = 14  # money that goes back through the gateway to where it came from


class Wallet(Base):
    """A customer's balance: a cache of the transfers, moved with each of them by one conditional UPDATE."""

    __tablename__ = "wallets"

    user_id: Mapped[UUID] = mapped_column(primary_key=True)
    posted: Mapped[int] = mapped_column(BigInteger, server_default="0")
    held: Mapped[int] = mapped_column(BigInteger, server_default="0")
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    updated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())

    __table_args__ = (
        CheckConstraint("posted - held >= 0", name="available"),
        CheckConstraint("held >= 0", name="held"),
    )


class Transfer(Base):
    """One movement of money between two accounts, written once and never changed. A correction is a new one."""

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
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())

    __table_args__ = (
        CheckConstraint("amount > 0", name="amount"),
        CheckConstraint("debit <> credit", name="accounts"),
        Index("uq_transfers_key", "user_id", "key", "code", unique=True),
        Index("ix_transfers_history", "user_id", "created_at", "id"),
    )
