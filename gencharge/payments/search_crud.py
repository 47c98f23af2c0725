"""Queries for a payment by what alone is known of it."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.payments.models import Payment, PaymentOrder


async def find_by_id(
    db: AsyncSession, payment_id: UUID, *, after: datetime, before: datetime
) -> Payment | None:
    """The payment with this id, of any customer, if it was made between the instants."""
    query = select(Payment).where(Payment.created_at.between(after, before), Payment.payment_id == payment_id)
    payment: Payment | None = await db.scalar(query)
    return payment


async def get_order(db: AsyncSession, order_id: str) -> PaymentOrder | None:
    """Whose payment an order of the gateway is."""
    return await db.get(PaymentOrder, order_id)
