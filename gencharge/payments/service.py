"""The business of payments: what other rooms and customers do with them.

Whatever takes a `PaymentContext` calls the gateway and commits by itself: it must not be called inside a transaction.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.core.errors import IdempotencyKeyReused, field_problem
from gencharge.core.http import references
from gencharge.core.http.idempotency import Answered
from gencharge.core.http.paging import Order, column_of, fetch_page
from gencharge.core.values.ids import new_id, written_between
from gencharge.core.values.money import Money
from gencharge.core.vault.vault import Vault
from gencharge.core.wording import worded
from gencharge.payments import crud, queue_crud, refunds_crud, refusals, search_crud
from gencharge.payments.context import PaymentContext
from gencharge.payments.errors import GatewayUnavailable, PaymentNotCaptured, PaymentNotFound, RefundTooLarge
from gencharge.payments.gateway import CallFailed, CallNotSent, CallRefused, MandateRequest, StatementRow
from gencharge.payments.mandates_service import (
    Charge,
    MandateReport,
    cancel_mandate,
    charge_mandate,
    find_mandate,
    register_customer,
)
from gencharge.payments.models import Payment, PaymentStatus, Refund
from gencharge.payments.orders_service import OpenPayment, open_payment
from gencharge.payments.outcomes import FailOutcome, RefundStart
from gencharge.payments.razorpay import Razorpay
from gencharge.payments.razorpay_payouts import CheckedAccount, Destination, GatewayPayout, RazorpayPayouts
from gencharge.payments.schemas import PaymentDetail, PaymentPage, PaymentQuery, TopUp
from gencharge.payments.status_checks_service import PAID, ask_gateway
from gencharge.payments.topups_service import check_topup, top_up
from gencharge.payments.views import payment_out, refund_out
from gencharge.payments.webhook_alerts import refused
from gencharge.payments.webhook_message import token_hash
from gencharge.wallet.errors import InsufficientBalance

__all__ = [
    "CallFailed",
    "CallNotSent",
    "CallRefused",
    "Charge",
    "CheckedAccount",
    "Destination",
    "GatewayPayout",
    "MandateReport",
    "MandateRequest",
    "OpenPayment",
    "PaymentContext",
    "Razorpay",
    "RazorpayPayouts",
    "TopUp",
    "ask_gateway",
    "cancel",
    "cancel_mandate",
    "charge_mandate",
    "check_topup",
    "fetch_statement",
    "find_captured",
    "find_mandate",
    "open_payment",
    "refund_to_source",
    "refusals",
    "refused",
    "register_customer",
    "token_hash",
    "top_up",
]
_PAYABLE: Final = frozenset({PaymentStatus.CREATED, PaymentStatus.FAILED})


async def list_own(db: AsyncSession, user_id: UUID, query: PaymentQuery) -> PaymentPage:
    """A page of the customer's payments."""
    rows, cursor, total = await fetch_page(
        db, crud.select_payments(user_id, query), order_of(query.sort), query
    )
    items = [payment_out(row, await metadata_of(db, row)) for row in rows]
    return PaymentPage(items=items, next_cursor=cursor, total=total)


def order_of(sort: str) -> Order:
    """The order of a list of payments: `created_at` or `-created_at`."""
    return Order(
        column_of(Payment.created_at), column_of(Payment.payment_id), descending=sort == "-created_at"
    )


async def get_own(
    db: AsyncSession, context: PaymentContext, user_id: UUID, payment_id: UUID
) -> PaymentDetail:
    """One payment of the customer with its refunds. Raises PaymentNotFound, also for another customer's."""
    payment = await get_payment(db, user_id, payment_id)
    refunds = await refunds_crud.list_of_payment(db, user_id=user_id, payment_id=payment_id)
    order_id = payment.order_id
    return PaymentDetail(
        **dict(payment_out(payment, await metadata_of(db, payment))),
        order_id=order_id,
        key_id=context.gateway.key_id,
        checkout_url=context.checkout_url(order_id) if order_id and payment.status in _PAYABLE else None,
        refunds=[refund_out(refund) for refund in refunds],
    )


async def get_payment(db: AsyncSession, user_id: UUID, payment_id: UUID) -> Payment:
    """The row of a payment. Raises PaymentNotFound."""
    payment = await crud.get_payment(db, user_id=user_id, payment_id=payment_id)
    if payment is None:
        raise PaymentNotFound
    return payment


async def find(db: AsyncSession, payment_id: UUID) -> Payment | None:
    """A payment by its id alone: the id says when it was made, and there is an index by the instant."""
    period = written_between(payment_id)
    if period is None:
        return None
    return await search_crud.find_by_id(db, payment_id, after=period[0], before=period[1])


async def find_by_order(db: AsyncSession, order_id: str) -> Payment | None:
    """The payment of an order at the gateway."""
    order = await search_crud.get_order(db, order_id)
    return (
        None
        if order is None
        else await crud.get_payment(db, user_id=order.user_id, payment_id=order.payment_id)
    )


async def list_by_reference(db: AsyncSession, reference: str, *, limit: int) -> Sequence[Payment]:
    """The last payments that their callers call so, of all customers, the newest first."""
    return await search_crud.list_by_reference(db, reference, limit=limit)


async def list_by_gateway(db: AsyncSession, reference: str, *, limit: int) -> Sequence[Payment]:
    """The last payments that the gateway or a bank (RRN, UTR) calls so, or a refund of theirs, of all customers, the newest first."""
    paid = await search_crud.list_by_gateway(db, reference, limit=limit)
    return paid or await search_crud.list_refunded_by_gateway(db, reference)


async def list_refunded(db: AsyncSession, refund_id: UUID) -> Sequence[Payment]:
    """The payment that a refund gives back, by the refund's id alone."""
    return await search_crud.list_refunded(db, refund_id)


async def list_noted(db: AsyncSession, keys: Collection[tuple[UUID, UUID]]) -> Sequence[Payment]:
    """Those of these payments (`user_id`, `payment_id`) that have a reference or metadata."""
    return await search_crud.list_noted(db, keys)


async def metadata_of(db: AsyncSession, payment: Payment) -> dict[str, str] | None:
    """What the customer noted; None if nothing, or if the reader may not see customers' own words."""
    return await references.opened(Vault.of(db), payment, Payment.caller_metadata)


async def list_refunds(db: AsyncSession, user_id: UUID, payment_id: UUID) -> Sequence[Refund]:
    """The refunds of a payment to its source, oldest first."""
    return await refunds_crud.list_of_payment(db, user_id=user_id, payment_id=payment_id)


async def cancel(db: AsyncSession, user_id: UUID, payment_id: UUID, reason: str) -> bool:
    """Cancel a payment that nobody has paid: it becomes failed. False if it is not open. A later capture still counts."""
    outcome = await crud.fail(db, user_id=user_id, payment_id=payment_id, reason=reason)
    return outcome is FailOutcome.FAILED


async def find_captured(db: AsyncSession, user_id: UUID, payment_id: UUID) -> Payment | None:
    """A payment that was captured, even if it has been refunded since."""
    payment = await crud.get_payment(db, user_id=user_id, payment_id=payment_id)
    return payment if payment is not None and payment.status in PAID else None


async def fetch_statement(context: PaymentContext, day: date) -> Sequence[StatementRow]:
    """What the gateway captured and refunded on a day in India. Raises GatewayUnavailable."""
    try:
        return await context.gateway.statement(day)
    except CallFailed as error:
        raise GatewayUnavailable(
            worded("The gateway's statement is not available: {reason}.", reason=error.reason.rstrip("."))
        ) from error


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
    refund_id: UUID | None = None,
) -> Answered[Refund]:
    """Hold `amount` of the wallet (None: all that can still be refunded) for a refund to the payment's source.

    A worker sends it. `refund_id`: of the refund that this one carries on, if there is one: the customer sees one refund. Raises PaymentNotFound, IdempotencyKeyReused, PaymentNotCaptured, RefundTooLarge,
    InsufficientBalance.
    """
    payment = await get_payment(db, user_id, payment_id)
    refundable = payment.amount - await refunds_crud.sum_of_payment(db, payment=payment)
    outcome = await refunds_crud.begin(
        db,
        user_id=user_id,
        payment_id=payment_id,
        refund_id=refund_id or new_id(),
        amount=refundable if amount is None else amount.paise,
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
        # Read again: another refund may have begun before this one got the lock.
        current = await get_payment(db, user_id, payment_id)
        raise _too_large(
            Money(max(0, current.amount - await refunds_crud.sum_of_payment(db, payment=current)))
        )
    refund = await refunds_crud.find(db, user_id=user_id, key=key)
    assert refund is not None, "it was begun, now or before"
    return Answered(refund, replayed=outcome is RefundStart.REPLAYED)


async def rerun_parked_event(db: AsyncSession, event_id: str) -> bool:
    """Have the worker apply a parked event of the gateway once more; if its order is still unknown, it is parked again.

    False if it is not parked (any more).
    """
    return await queue_crud.set_event_due(db, event_id=event_id)


def _too_large(refundable: Money) -> RefundTooLarge:
    """The error that says how much can still be refunded."""
    message = worded("Must be above zero and at most {refundable}", refundable=refundable)
    return RefundTooLarge(
        worded("At most Rs {refundable} of this payment can still be refunded.", refundable=refundable),
        errors=[field_problem("body.amount", message, "refund_too_large")],
        refundable=refundable,
    )
