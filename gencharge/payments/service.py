"""The door of this room: opening payments, asking what became of them, sending them back.

A `PaymentContext` holds what a call to the gateway needs; what takes one commits by itself and is not for inside a transaction.
"""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.core.errors import IdempotencyKeyReused, field_problem
from gencharge.core.http.idempotency import Answered
from gencharge.core.values.ids import new_id
from gencharge.core.values.money import Money
from gencharge.payments import crud
from gencharge.payments.context import PaymentContext
from gencharge.payments.errors import (
    PaymentNotCaptured,
    PaymentNotFound,
    RefundTooLarge,
)
from gencharge.payments.models import Payment, Refund
from gencharge.payments.orders_service import OpenPayment, open_payment
from gencharge.payments.outcomes import FailOutcome, RefundStart
from gencharge.payments.statements import fetch_statement
from gencharge.payments.status_checks_service import PAID, ask_gateway
from gencharge.payments.webhook_alerts import refused
from gencharge.wallet.errors import InsufficientBalance

__all__ = [
    "OpenPayment",
    "PaymentContext",
    "ask_gateway",
    "fetch_statement",
    "find_captured",
    "give_up",
    "open_payment",
    "refund_to_source",
    "refused",
]


async def give_up(db: AsyncSession, user_id: UUID, payment_id: UUID, reason: str) -> bool:
    """Call a payment failed that nobody has paid. False where it is not open. A capture that comes later counts."""
    return await crud.fail(db, user_id, payment_id, reason=reason) is FailOutcome.FAILED


async def find_captured(db: AsyncSession, user_id: UUID, payment_id: UUID) -> Payment | None:
    """A payment whose money came in, also where it went back since."""
    found = await crud.get_payment(db, user_id, payment_id)
    return found if found is not None and found.status in PAID else None


async def refund_to_source(
    db: AsyncSession,
    user_id: UUID,
    payment_id: UUID,
    *,
    amount: Money | None,
    key: str,
    request_hash: bytes,
    reason: str,
    requested_by: str,
) -> Answered[Refund]:
    """Set `amount` of the wallet aside (None: all that is left of the payment), to go back to where the payment came from.

    The worker sends it. Raises PaymentNotFound, IdempotencyKeyReused, PaymentNotCaptured, RefundTooLarge, InsufficientBalance.
    """
    payment = await crud.get_payment(db, user_id, payment_id)
    if payment is None:
        raise PaymentNotFound
    left = payment.amount - await crud.sum_refunds(db, payment)
    outcome = await crud.begin_refund(
        db,
        user_id,
        payment_id,
        refund_id=new_id(),
        # Where nothing is left, a paisa is too much, and a replay is one all the same.
        amount=max(left, 1) if amount is None else amount.paise,
        key=key,
        request_hash=request_hash,
        reason=reason,
        requested_by=requested_by,
    )
    if outcome is RefundStart.KEY_REUSED:
        raise IdempotencyKeyReused
    if outcome is RefundStart.NOT_CAPTURED:
        raise PaymentNotCaptured
    if outcome is RefundStart.INSUFFICIENT_BALANCE:
        raise InsufficientBalance
    if outcome is RefundStart.TOO_MUCH:
        # Read again: what is true now, behind the lock.
        payment_now = await crud.get_payment(db, user_id, payment_id)
        assert payment_now is not None, "payments are never deleted"
        raise too_much(Money(max(0, payment_now.amount - await crud.sum_refunds(db, payment_now))))
    refund = await crud.find_refund(db, user_id, key)
    assert refund is not None, "it was begun, now or before"
    return Answered(refund, replayed=outcome is RefundStart.REPLAYED)


def too_much(left: Money) -> RefundTooLarge:
    """The refusal that names what is left."""
    return RefundTooLarge(
        f"At most Rs {left} of this payment can still be refunded.",
        errors=[field_problem("body.amount", f"Must be above zero and at most {left}", "refund_too_large")],
        refundable=left,
    )
