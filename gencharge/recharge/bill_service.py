"""Paying a postpaid bill from the wallet, or through the gateway. What follows is a recharge's: delivery, failure, refund, story, receipt, reconciliation."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.core.errors import IdempotencyKeyReused, Problem
from gencharge.core.events import events
from gencharge.core.http import references
from gencharge.core.vault.vault import Vault
from gencharge.recharge import bill_crud, crud
from gencharge.recharge.bill_crud import BillPaymentRequest, BillResult, BillSale
from gencharge.recharge.errors import (
    BillPaymentPending,
    OperatorChannelUnavailable,
    OperatorDown,
    reference_used,
)
from gencharge.recharge.models import BillOutcome, Recharge
from gencharge.velocity import service as velocity
from gencharge.velocity.service import Limits
from gencharge.wallet.errors import InsufficientBalance

__all__ = [
    "BillPaymentRequest",
    "BillResult",
    "BillSale",
    "bill_refusal",
    "find_bill_payment",
    "note_bill_payment",
    "pay_bill",
    "place_bill",
]
_REFUSALS: dict[BillOutcome, type[Problem]] = {
    BillOutcome.IDEMPOTENCY_KEY_REUSED: IdempotencyKeyReused,
    BillOutcome.OPERATOR_DOWN: OperatorDown,
    BillOutcome.OPERATOR_CHANNEL_UNAVAILABLE: OperatorChannelUnavailable,
    BillOutcome.BILL_PAYMENT_PENDING: BillPaymentPending,
    BillOutcome.INSUFFICIENT_BALANCE: InsufficientBalance,
}


async def pay_bill(db: AsyncSession, request: BillPaymentRequest, limits: Limits) -> BillResult:
    """Hold the money and queue the payment for the operator: at most once for a key, and all of it or nothing.

    A refusal is returned and not raised: what a velocity rule held back is to be committed.
    """
    return await bill_crud.pay(db, request, context=events.context_json(), limits=limits)


async def place_bill(
    db: AsyncSession, request: BillPaymentRequest, limits: Limits, *, method: str, payment_id: UUID
) -> BillResult:
    """Write down a payment that the gateway collects: at most once for a key. Its capture queues it for the operator."""
    return await bill_crud.place(
        db, request, method=method, payment_id=payment_id, context=events.context_json(), limits=limits
    )


async def note_bill_payment(
    db: AsyncSession,
    user_id: UUID,
    recharge_id: UUID,
    *,
    reference: str | None,
    metadata: dict[str, str] | None,
) -> None:
    """Note in the transaction of a payment what its caller calls it. Raises ReferenceAlreadyUsed, with the recharge that is called so;
    the payment is then to be undone."""
    if reference is None and metadata is None:
        return
    sealed = await references.seal(Vault.of(db), Recharge.caller_metadata, (user_id, recharge_id), metadata)
    try:
        async with db.begin_nested():
            await bill_crud.set_noted(db, user_id, recharge_id, reference, sealed)
    except IntegrityError:
        earlier = await crud.find_by_reference(db, user_id, reference or "")
        raise reference_used(earlier.id if earlier is not None else None) from None


def bill_refusal(result: BillResult) -> Problem:
    """What a customer is told whose payment was refused."""
    if result.outcome is BillOutcome.VELOCITY_LIMIT_EXCEEDED:
        assert result.known is not None, "hold_back says which rule"
        return velocity.refusal(result.known)
    return _REFUSALS[result.outcome]()


async def find_bill_payment(
    db: AsyncSession, user_id: UUID, key: str, request_hash: bytes
) -> BillSale | None:
    """The payment that was made with this Idempotency-Key; None if there is none. Raises IdempotencyKeyReused."""
    sold = await crud.find_by_key(db, user_id, key)
    if sold is None:
        return None
    if sold.bill_id is None or sold.request_hash != request_hash:
        raise IdempotencyKeyReused
    return BillSale(
        sold.id,
        sold.phone_number,
        sold.operator,
        sold.price,
        sold.bill_id,
        sold.balance_after,
        sold.created_at,
    )
