"""How many quotes were given."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from sqlalchemy import BigInteger, Date, Text
from sqlalchemy.orm import Mapped, mapped_column

from gencharge.core.postgres.database import Base


class QuoteCount(Base):
    """Quotes that a process of the API gave on a day in India for an operator's plans. Each process has rows of its own, so that none waits
    for another."""

    __tablename__ = "quote_counts"

    day: Mapped[date] = mapped_column(Date, primary_key=True)
    operator: Mapped[str] = mapped_column(Text, primary_key=True)
    process_id: Mapped[UUID] = mapped_column(primary_key=True)
    quotes: Mapped[int] = mapped_column(BigInteger)


class OfferQuoteCount(Base):
    """Quotes that a process of the API gave on a day in India in which an offer lowered the price or gave cashback."""

    __tablename__ = "offer_quote_counts"

    day: Mapped[date] = mapped_column(Date, primary_key=True)
    offer_id: Mapped[UUID] = mapped_column(primary_key=True)
    process_id: Mapped[UUID] = mapped_column(primary_key=True)
    quotes: Mapped[int] = mapped_column(BigInteger)
