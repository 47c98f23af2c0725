"""The state of a payment, by asking the gateway. Its answer is applied under the same locks as a webhook."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.core import faultpoints, telemetry
from gencharge.core.values import clock
from gencharge.payments import crud, queue_crud, search_crud
from gencharge.payments.context import PaymentContext
from gencharge.payments.errors import CheckoutSignatureInvalid, GatewayTimeout, PaymentNotFound
from gencharge.payments.gateway import CallFailed, GatewayPayment
from gencharge.payments.models import Payment, PaymentStatus
from gencharge.payments.outcomes import AuthorizeOutcome, CaptureOutcome
from gencharge.payments.topups_service import limits_json

PAID: Final = frozenset({PaymentStatus.CAPTURED, PaymentStatus.PARTIALLY_REFUNDED, PaymentStatus.REFUNDED})
# However often a customer checks a payment, the gateway is asked once in this time.
CHECK_AGAIN_SECONDS: Final = 3.0
# A payment without an attempt to pay it is abandoned after this time. The checks go on: a late capture still counts.
ABANDONED_AFTER: Final = timedelta(minutes=30)
CHECKED_FOR: Final = timedelta(hours=24)
# The gateway releases an authorized payment that is not captured after five days.
AUTHORIZED_FOR: Final = timedelta(days=6)
log = telemetry.get_logger(__name__)


async def ask_gateway(context: PaymentContext, user_id: UUID, payment_id: UUID) -> PaymentStatus:
    """Ask the gateway for the attempts to pay an order, apply them, and capture one that is only authorized.

    Not inside a transaction. Raises PaymentNotFound, GatewayTimeout (a GatewayUnavailable).
    """
    payment = await _get(context, user_id, payment_id)
    try:
        await _fetch(context, payment)
    except CallFailed as error:
        raise GatewayTimeout from error
    return PaymentStatus((await _get(context, user_id, payment_id)).status)


async def confirm(
    context: PaymentContext, user_id: UUID, payment_id: UUID, checkout: tuple[str, str, str]
) -> None:
    """Ask the gateway for the payment that the checkout returned (order, payment, signature), and apply its answer.

    Raises PaymentNotFound, CheckoutSignatureInvalid, GatewayTimeout.
    """
    order_id, gateway_payment_id, signature = checkout
    payment = await _get(context, user_id, payment_id)
    genuine = context.gateway.is_checkout(order_id, gateway_payment_id, signature)
    if not genuine or payment.order_id != order_id:
        raise CheckoutSignatureInvalid
    if payment.gateway_payment_id == gateway_payment_id:
        return
    try:
        attempt = await context.gateway.fetch_payment(gateway_payment_id)
    except CallFailed as error:
        raise GatewayTimeout from error
    if attempt.order_id != order_id:
        raise CheckoutSignatureInvalid
    # One failed attempt says nothing about the others.
    if attempt.status != "failed":
        await apply(context, payment, [attempt])


async def check(context: PaymentContext, user_id: UUID, payment_id: UUID) -> None:
    """Ask the gateway now, unless the payment is paid or has no order, or the gateway was asked a few seconds ago.

    Raises PaymentNotFound, GatewayTimeout.
    """
    payment = await _get(context, user_id, payment_id)
    if payment.status in PAID or payment.order_id is None:
        return
    is_leased = await context.database.run(
        lambda db: crud.lease_check(db, user_id=user_id, payment_id=payment_id, seconds=CHECK_AGAIN_SECONDS)
    )
    if is_leased:
        await ask_gateway(context, user_id, payment_id)


async def recheck(context: PaymentContext, payment: Payment) -> None:
    """Check a claimed payment, apply the gateway's answer, and set the time of the next check, or none."""
    try:
        attempts = await _fetch(context, payment)
    except CallFailed as error:
        log.warning("gateway_timeout", payment_id=str(payment.payment_id), reason=error.reason)
        await _check_later(context, payment, _pause(context, payment))
        return
    age = clock.now() - payment.created_at
    if age > ABANDONED_AFTER and not attempts:
        await _fail(context, payment, "abandoned", authorized=False)
    authorized = payment.status == PaymentStatus.AUTHORIZED or any(
        attempt.status == "authorized" for attempt in attempts
    )
    expired = age > (AUTHORIZED_FOR if authorized else CHECKED_FOR)
    if expired:
        await _fail(context, payment, "no_answer", authorized=True)
    # Without an order nobody can pay: once such a payment has failed, nothing is left to check.
    unpayable = payment.order_id is None and age > ABANDONED_AFTER
    await _check_later(context, payment, None if expired or unpayable else _pause(context, payment))


async def _fail(context: PaymentContext, payment: Payment, reason: str, *, authorized: bool) -> None:
    await context.database.run(
        lambda db: crud.fail(
            db,
            user_id=payment.user_id,
            payment_id=payment.payment_id,
            reason=reason,
            authorized=authorized,
        )
    )


def _pause(context: PaymentContext, payment: Payment) -> float:
    """Seconds until the next check; the pauses grow."""
    pauses = context.settings.payment_check_seconds
    return pauses[min(payment.checks + 1, len(pauses) - 1)]


async def _check_later(context: PaymentContext, payment: Payment, seconds: float | None) -> None:
    await context.database.run(lambda db: queue_crud.check_later(db, payment=payment, seconds=seconds))


async def _fetch(context: PaymentContext, payment: Payment) -> Sequence[GatewayPayment]:
    """Fetch the attempts to pay a payment's order, and apply them. Raises CallFailed."""
    if payment.order_id is None:
        return ()
    attempts = await context.gateway.fetch_order_payments(payment.order_id)
    await apply(context, payment, attempts)
    return attempts


async def apply(context: PaymentContext, payment: Payment, attempts: Sequence[GatewayPayment]) -> None:
    """Apply the gateway's attempts to pay an order. Attempts of another order are ignored."""
    attempts = [attempt for attempt in attempts if attempt.order_id == payment.order_id]
    captured = [attempt for attempt in attempts if attempt.status in {"captured", "refunded"}]
    authorized = [attempt for attempt in attempts if attempt.status == "authorized"]
    failed = [attempt for attempt in attempts if attempt.status == "failed"]
    paid = payment.status in PAID
    for attempt in captured:
        if not (paid and attempt.status == "refunded"):
            await _captured(context, payment, attempt, paid=paid)
    if captured or paid:
        # A second attempt that is only authorized is left alone: the gateway releases it by itself.
        return
    if authorized:
        await _capture(context, payment, authorized[0])
    elif attempts and len(failed) == len(attempts):
        await _fail(context, payment, failed[-1].error_reason or "declined", authorized=True)


async def _captured(
    context: PaymentContext, payment: Payment, attempt: GatewayPayment, *, paid: bool
) -> None:
    # What was refunded before we recorded the capture is not ours: less was paid than was ordered.
    amount = attempt.amount if paid else attempt.amount - attempt.amount_refunded
    await faultpoints.point("capture.come")

    async def capture(db: AsyncSession) -> CaptureOutcome:
        outcome = await crud.capture(
            db,
            user_id=payment.user_id,
            payment_id=payment.payment_id,
            gateway_payment_id=attempt.gateway_payment_id,
            amount=amount,
            currency=attempt.currency,
            limits=limits_json(context.settings),
        )
        if attempt.bank_reference is not None:
            await search_crud.set_bank_reference(
                db, payment.user_id, payment.payment_id, attempt.gateway_payment_id, attempt.bank_reference
            )
        return outcome

    outcome = await context.database.run(capture)
    await faultpoints.point("capture.committed")
    if outcome is not CaptureOutcome.ALREADY:
        log.info("payment_checked", payment_id=str(payment.payment_id), outcome=outcome.value)


async def _capture(context: PaymentContext, payment: Payment, attempt: GatewayPayment) -> None:
    """Capture an authorized attempt; if the gateway does not answer, the next check finds out."""
    outcome = await context.database.run(
        lambda db: crud.authorize(
            db,
            user_id=payment.user_id,
            payment_id=payment.payment_id,
            amount=attempt.amount,
            currency=attempt.currency,
        ),
    )
    if outcome not in {AuthorizeOutcome.AUTHORIZED, AuthorizeOutcome.ALREADY}:
        return
    try:
        captured = await context.gateway.capture(
            attempt.gateway_payment_id, amount=payment.amount, currency=payment.currency
        )
    except CallFailed as error:
        log.warning("capture_unclear", payment_id=str(payment.payment_id), reason=error.reason)
        return
    if captured.status == "captured" and captured.order_id == payment.order_id:
        await _captured(context, payment, captured, paid=False)


async def _get(context: PaymentContext, user_id: UUID, payment_id: UUID) -> Payment:
    payment = await context.database.run(
        lambda db: crud.get_payment(db, user_id=user_id, payment_id=payment_id)
    )
    if payment is None:
        raise PaymentNotFound
    return payment
