"""What the staff refunded of recharges."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.recharge.models import RechargeRefund


async def find_refund_by_key(db: AsyncSession, user_id: UUID, key: str) -> RechargeRefund | None:
    """The refund that was made under this Idempotency-Key."""
    query = select(RechargeRefund).where(
        RechargeRefund.user_id == user_id, RechargeRefund.idempotency_key == key
    )
    refund: RechargeRefund | None = await db.scalar(query)
    return refund


async def list_refunds(db: AsyncSession, user_id: UUID, recharge_id: UUID) -> Sequence[RechargeRefund]:
    """What the staff refunded of a recharge, the oldest first."""
    query = (
        select(RechargeRefund)
        .where(RechargeRefund.user_id == user_id, RechargeRefund.recharge_id == recharge_id)
        .order_by(RechargeRefund.created_at, RechargeRefund.refund_id)
    )
    return (await db.scalars(query)).all()
