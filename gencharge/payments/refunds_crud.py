"""SQL of refunds to the source. Decides nothing."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.payments.crud import call_function
from gencharge.payments.models import Payment, Refund, RefundStatus
from gencharge.payments.outcomes import RefundEnd, RefundStart

_BEGIN_REFUND = text("""
    SELECT begin_refund(
        p_user => :user_id, p_payment => :payment_id, p_refund => :refund_id, p_amount => :amount, p_key => :key,
        p_hash => :request_hash, p_reason => :reason, p_by => :requested_by, p_context => CAST(:context AS jsonb),
        p_pinned => CAST(:now AS timestamptz))
""")
_END_REFUND = text("""
    SELECT end_refund(
        p_user => :user_id, p_refund => :refund_id, p_paid => :paid, p_gateway_refund => :gateway_refund_id,
        p_reason => :reason, p_context => CAST(:context AS jsonb), p_pinned => CAST(:now AS timestamptz))
""")


async def begin(
    db: AsyncSession,
    *,
    user_id: UUID,
    payment_id: UUID,
    refund_id: UUID,
    amount: int,
    key: str,
    request_hash: bytes,
    reason: str,
    requested_by: str,
) -> RefundStart:
    """`begin_refund`: set `amount` paise aside, to go back to the payment's source."""
    outcome = await call_function(
        db,
        _BEGIN_REFUND,
        user_id=user_id,
        payment_id=payment_id,
        refund_id=refund_id,
        amount=amount,
        key=key,
        request_hash=request_hash,
        reason=reason,
        requested_by=requested_by,
    )
    return RefundStart(outcome)


async def end(
    db: AsyncSession,
    *,
    user_id: UUID,
    refund_id: UUID,
    paid: bool,
    gateway_refund_id: str | None,
    reason: str | None = None,
) -> RefundEnd:
    """`end_refund`: the gateway has paid it out (`paid`), or has proven that it will not."""
    outcome = await call_function(
        db,
        _END_REFUND,
        user_id=user_id,
        refund_id=refund_id,
        paid=paid,
        gateway_refund_id=gateway_refund_id,
        reason=reason,
    )
    return RefundEnd(outcome)


async def find(db: AsyncSession, *, user_id: UUID, key: str) -> Refund | None:
    """The refund that was created under an idempotency key."""
    query = select(Refund).where(Refund.user_id == user_id, Refund.idempotency_key == key)
    refund: Refund | None = await db.scalar(query.execution_options(populate_existing=True))
    return refund


async def list_of_payment(db: AsyncSession, *, user_id: UUID, payment_id: UUID) -> Sequence[Refund]:
    """The refunds of a payment, oldest first."""
    query = (
        select(Refund)
        .where(Refund.user_id == user_id, Refund.payment_id == payment_id)
        .order_by(Refund.created_at, Refund.refund_id)
    )
    return (await db.scalars(query.execution_options(populate_existing=True))).all()


async def sum_of_payment(db: AsyncSession, *, payment: Payment) -> int:
    """Paise of the payment that were refunded, or are about to be. Refunds of another capture of its order do not count."""
    query = select(func.coalesce(func.sum(Refund.amount), 0)).where(
        Refund.user_id == payment.user_id,
        Refund.payment_id == payment.payment_id,
        Refund.status != RefundStatus.FAILED,
        Refund.gateway_payment_id == payment.gateway_payment_id,
    )
    return int(await db.scalar(query) or 0)


async def list_of_customer(db: AsyncSession, *, user_id: UUID) -> Sequence[Refund]:
    """All refunds of a customer's payments, oldest first."""
    query = select(Refund).where(Refund.user_id == user_id).order_by(Refund.created_at, Refund.refund_id)
    return (await db.scalars(query)).all()
