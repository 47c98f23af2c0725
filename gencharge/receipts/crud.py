"""SQL of receipts. Decides nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.receipts.models import Receipt

# The row stays locked to the end of the transaction: the next caller waits for it, and a roll-back leaves no gap.
_NEXT: Final = text("""
    INSERT INTO receipt_series (series, financial_year, last_number) VALUES (:series, :financial_year, 1)
    ON CONFLICT (series, financial_year) DO UPDATE SET last_number = receipt_series.last_number + 1
    RETURNING last_number
""")


async def get_receipt(db: AsyncSession, user_id: UUID, recharge_id: UUID) -> Receipt | None:
    """The receipt of one of the customer's recharges, read from the database even if the session knows it."""
    return await db.get(Receipt, (user_id, recharge_id), populate_existing=True)


async def list_receipts(db: AsyncSession, user_id: UUID) -> Sequence[Receipt]:
    """All of the customer's receipts."""
    return (await db.scalars(select(Receipt).where(Receipt.user_id == user_id))).all()


async def find_by_number(db: AsyncSession, number: str) -> Receipt | None:
    """The receipt with this number, of all customers. Numbers of two series may be alike: the newest."""
    query = select(Receipt).where(Receipt.number == number).order_by(Receipt.issued_at.desc()).limit(1)
    receipt: Receipt | None = await db.scalar(query)
    return receipt


async def take_number(db: AsyncSession, *, series: str, financial_year: str) -> int:
    """The next number of a series, from 1 on. Other callers wait until this transaction ends."""
    values = {"series": series, "financial_year": financial_year}
    return int((await db.execute(_NEXT, values)).scalar_one())
