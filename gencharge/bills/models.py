"""Bills as they were fetched for a customer, and whose bills that customer asked for lately. Amounts in paise, days in India."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Date, DateTime, Index, SmallInteger, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from gencharge.core.postgres.database import Base, stamp


class BillStatus(StrEnum):
    """What is known of a bill."""

    DUE = "due"
    PAYING = "paying"  # a payment is on its way to the operator
    PAID = "paid"
    CLOSED = "closed"  # the operator no longer asks for it: paid elsewhere, or replaced by a newer bill


class Bill(Base):
    """A bill of a number, fetched for one customer. Another customer who fetches it has a row of their own."""

    __tablename__ = "bills"

    user_id: Mapped[UUID] = mapped_column(primary_key=True)
    bill_id: Mapped[UUID] = mapped_column(primary_key=True)
    phone_number: Mapped[str] = mapped_column(Text)
    operator: Mapped[str] = mapped_column(Text)
    circle: Mapped[str | None] = mapped_column(Text)
    # The operator's own name for the bill.
    bill_reference: Mapped[str] = mapped_column(Text)
    # First letters only; the whole name is never stored.
    customer_name: Mapped[str] = mapped_column(Text)
    # What is left to pay, and the least that the operator takes.
    amount: Mapped[int] = mapped_column(BigInteger)
    minimum: Mapped[int] = mapped_column(BigInteger)
    part_payment: Mapped[str] = mapped_column(Text)
    due_on: Mapped[date] = mapped_column(Date)
    period_from: Mapped[date | None] = mapped_column(Date)
    period_to: Mapped[date | None] = mapped_column(Date)
    status: Mapped[str] = mapped_column(Text)
    # The payment that is on its way, or the last one.
    recharge_id: Mapped[UUID | None]
    # The last reminder: so many days before the bill is due.
    reminded_days: Mapped[int | None] = mapped_column(SmallInteger)
    fetched_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    # Until then the amount counts; it is fetched again after that.
    expires_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    created_at: Mapped[datetime] = stamp()

    __table_args__ = (
        CheckConstraint("amount >= 0 AND minimum >= 0", name="amounts"),
        CheckConstraint("status IN ('due', 'paying', 'paid', 'closed')", name="status"),
        CheckConstraint("part_payment IN ('exact', 'minimum', 'any')", name="part_payment"),
        CheckConstraint("status NOT IN ('paying', 'paid') OR recharge_id IS NOT NULL", name="payment"),
        Index("uq_bills_reference", "user_id", "phone_number", "operator", "bill_reference", unique=True),
        Index("ix_bills_history", "user_id", "created_at", "bill_id"),
        # For the staff, and for counting who asks for the bill of one number.
        Index("ix_bills_number", "phone_number", "created_at", "bill_id"),
        Index("ix_bills_all", "created_at", "bill_id"),
        Index("ix_bills_due", "due_on", postgresql_where=text("status = 'due'")),
    )


class BillLookups(Base):
    """The numbers whose bills a customer asked for lately: `{number: seconds since 1970}`. Its row is the lock for counting."""

    __tablename__ = "bill_lookups"

    user_id: Mapped[UUID] = mapped_column(primary_key=True)
    numbers: Mapped[dict[str, float]] = mapped_column(JSONB)
