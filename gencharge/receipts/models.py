"""Tax invoices and the series that they are numbered in."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, DateTime, Index, SmallInteger, Text
from sqlalchemy.orm import Mapped, mapped_column

from gencharge.core.postgres.database import Base


class ReceiptSeries(Base):
    """How many tax invoices of a series were issued in a financial year. Counted in the issuing transaction."""

    __tablename__ = "receipt_series"

    series: Mapped[str] = mapped_column(Text, primary_key=True)
    financial_year: Mapped[str] = mapped_column(Text, primary_key=True)
    last_number: Mapped[int] = mapped_column(BigInteger)

    __table_args__ = (CheckConstraint("last_number > 0", name="last_number"),)


class Receipt(Base):
    """A tax invoice: its number, and what must not change once it is issued. Written once."""

    __tablename__ = "receipts"

    user_id: Mapped[UUID] = mapped_column(primary_key=True)
    recharge_id: Mapped[UUID] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(Text)
    series: Mapped[str] = mapped_column(Text)
    financial_year: Mapped[str] = mapped_column(Text)
    issued_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    gst_percent: Mapped[int] = mapped_column(SmallInteger)
    # The two digits of a state.
    place_of_supply: Mapped[str] = mapped_column(Text)
    seller_name: Mapped[str] = mapped_column(Text)
    seller_address: Mapped[str] = mapped_column(Text)
    seller_gstin: Mapped[str] = mapped_column(Text)

    __table_args__ = (
        CheckConstraint("length(number) BETWEEN 1 AND 16", name="number"),
        CheckConstraint("gst_percent BETWEEN 0 AND 100", name="gst_percent"),
        Index("ix_receipts_number", "number"),
    )
