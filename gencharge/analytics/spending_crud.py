"""What one customer spent."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Date, cast, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.recharge.models import PaymentState, Recharge


@dataclass(frozen=True, slots=True)
class Spending:
    """Delivered recharges of one month (`2026-11`, in India), number, plan, operator and way of paying, together. Amounts in paise."""

    month: str
    phone_number: str
    plan_id: UUID | None  # None: bills
    plan_name: str
    operator: str
    payment_method: str
    recharges: int
    paid: int
    saved: int


async def list_spending(db: AsyncSession, user_id: UUID) -> list[Spending]:
    """All that a customer's delivered recharges came to. A refund lowers what was paid; one in full takes the recharge out."""
    month = func.to_char(cast(func.timezone("Asia/Kolkata", Recharge.completed_at), Date), "YYYY-MM").label(
        "month"
    )
    paid = Recharge.wallet_amount + Recharge.gateway_amount - Recharge.refunded_amount
    keys = (
        month,
        Recharge.phone_number,
        Recharge.plan_id,
        Recharge.operator,
        Recharge.payment_method,
    )
    rows = await db.execute(
        select(
            *keys,
            func.max(Recharge.plan_name),
            func.count(),
            func.sum(paid),
            func.sum(Recharge.discount + Recharge.cashback),
        )
        .where(Recharge.user_id == user_id, Recharge.status == PaymentState.DELIVERED)
        .group_by(*keys)
    )
    return [
        Spending(month, number, plan_id, name, operator, method, count, int(total), int(saved))
        for month, number, plan_id, operator, method, name, count, total, saved in rows
    ]
