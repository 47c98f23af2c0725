"""What the staff refunded of recharges."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.core.values import clock
from gencharge.recharge.models import RechargeRefund


async def add_refund(
    db: AsyncSession,
    *,
    user_id: UUID,
    refund_id: UUID,
    recharge_id: UUID,
    amount: int,
    reason: str,
    requested_by: UUID,
    key: str,
    request_hash: bytes,
    destination: str = "wallet",
) -> RechargeRefund:
    """Write a refund down, once for each customer and key. `amount` in paise. The money is moved by `refund_recharge`."""
    row = RechargeRefund(
        user_id=user_id,
        refund_id=refund_id,
        recharge_id=recharge_id,
        amount=amount,
        destination=destination,
        reason=reason,
        requested_by=requested_by,
        idempotency_key=key,
        request_hash=request_hash,
        created_at=clock.now(),
    )
    db.add(row)
    await db.flush()
    return row


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


async def find_refunded(db: AsyncSession, refund_id: UUID) -> tuple[UUID, UUID] | None:
    """The customer and the recharge that a refund with this id gives back."""
    query = select(RechargeRefund.user_id, RechargeRefund.recharge_id)
    row = (await db.execute(query.where(RechargeRefund.refund_id == refund_id))).first()
    return None if row is None else (row.user_id, row.recharge_id)
