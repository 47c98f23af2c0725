"""What became of a payment, by asking the gateway. What it says is applied under the same locks as a webhook."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Final
from uuid import UUID

from gencharge.core import faultpoints, telemetry
from gencharge.core.values import clock
from gencharge.payments import crud, queue_crud
from gencharge.payments.context import PaymentContext
from gencharge.payments.errors import CheckoutSignatureInvalid, GatewayTimeout, PaymentNotFound
from gencharge.payments.gateway import CallFailed, GatewayPayment
from gencharge.payments.models import Payment, PaymentStatus
from gencharge.payments.outcomes import AuthorizeOutcome, CaptureOutcome

PAID: Final = frozenset({PaymentStatus.CAPTURED, PaymentStatus.PARTIALLY_REFUNDED, PaymentStatus.REFUNDED})
# However often a customer asks, the gateway is asked again after so long.
CHECK_AGAIN_SECONDS: Final = 3.0
# Without a try to pay it, a payment is given up after this time. The checks go on, for a late capture still counts.
ABANDONED_AFTER: Final = timedelta(minutes=30)
CHECKED_FOR: Final = timedelta(hours=24)
# The gateway releases an authorized payment that is not captured after five days.
AUTHORIZED_FOR: Final = timedelta(days=6)
log = telemetry.get_logger(__name__)


async def ask_gateway(context: PaymentContext, user_id: UUID, payment_id: UUID) -> PaymentStatus:
    """Ask for the tries to pay a payment's order, apply what they say, and take what is only authorized.

    Not inside a transaction. Raises PaymentNotFound, GatewayTimeout (a GatewayUnavailable).
    """
    payment = await _get(context, user_id, payment_id)
    try:
        await learn(context, payment)
    except CallFailed as error:
        raise GatewayTimeout from error
    return PaymentStatus((await _get(context, user_id, payment_id)).status)


async def confirm(
    context: PaymentContext, user_id: UUID, payment_id: UUID, checkout: tuple[str, str, str]
) -> None:
    """Take what the checkout handed back (order, payment, signature) as a reason to ask for that payment; no more.

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
        found = await context.gateway.fetch_payment(gateway_payment_id)
    except CallFailed as error:
        raise GatewayTimeout from error
    if found.order_id != order_id:
        raise CheckoutSignatureInvalid
    # One try that failed says nothing about the others.
    if found.status != "failed":
        await apply(context, payment, [found])


async def check(context: PaymentContext, user_id: UUID, payment_id: UUID) -> None:
    """Ask the gateway now, unless nothing is open, or it was asked within the last seconds.

    Raises PaymentNotFound, GatewayTimeout.
    """
    payment = await _get(context, user_id, payment_id)
    if payment.status in PAID or payment.order_id is None:
        return
    may = await context.database.run(
        lambda db: crud.lease_check(db, user_id, payment_id, CHECK_AGAIN_SECONDS)
    )
    if may:
        await ask_gateway(context, user_id, payment_id)


async def recheck(context: PaymentContext, payment: Payment) -> None:
    """Ask about a payment that was claimed, apply the reply, and set the time of the next check, or none."""
    try:
        tries = await learn(context, payment)
    except CallFailed as error:
        log.warning("gateway_timeout", payment_id=str(payment.payment_id), reason=error.reason)
        await _check_later(context, payment, _pause(context, payment))
        return
    age = clock.now() - payment.created_at
    if age > ABANDONED_AFTER and not tries:
        await _fail(context, payment, "abandoned")
    authorized = payment.status == PaymentStatus.AUTHORIZED or any(
        each.status == "authorized" for each in tries
    )
    expired = age > (AUTHORIZED_FOR if authorized else CHECKED_FOR)
    if expired:
        await _fail(context, payment, "no_answer")
    # Without an order nobody can pay: once such a payment has failed there is nothing left to check.
    unpayable = payment.order_id is None and age > ABANDONED_AFTER
    await _check_later(context, payment, None if expired or unpayable else _pause(context, payment))


async def _fail(context: PaymentContext, payment: Payment, reason: str) -> None:
    await context.database.run(
        lambda db: crud.fail(
            db, payment.user_id, payment.payment_id, reason=reason, authorized=reason == "no_answer"
        )
    )


def _pause(context: PaymentContext, payment: Payment) -> float:
    pauses = context.settings.payment_check_seconds
    return pauses[min(payment.checks + 1, len(pauses) - 1)]


async def _check_later(context: PaymentContext, payment: Payment, seconds: float | None) -> None:
    await context.database.run(lambda db: queue_crud.check_later(db, payment, seconds))


async def learn(context: PaymentContext, payment: Payment) -> Sequence[GatewayPayment]:
    """Apply what the gateway says of a payment; the tries to pay it. Raises CallFailed."""
    if payment.order_id is None:
        return ()
    tries = await context.gateway.fetch_order_payments(payment.order_id)
    await apply(context, payment, tries)
    return tries


async def apply(context: PaymentContext, payment: Payment, tries: Sequence[GatewayPayment]) -> None:
    """Let what the gateway says count. Tries of another order don't."""
    tries = [each for each in tries if each.order_id == payment.order_id]
    captured = [each for each in tries if each.status in {"captured", "refunded"}]
    authorized = [each for each in tries if each.status == "authorized"]
    failed = [each for each in tries if each.status == "failed"]
    paid = payment.status in PAID
    for each in captured:
        if not (paid and each.status == "refunded"):
            await _captured(context, payment, each, paid=paid)
    if captured or paid:
        # A second try that is only authorized is let go: what is not taken goes back by itself.
        return
    if authorized:
        await _take(context, payment, authorized[0])
    elif tries and len(failed) == len(tries):
        reason = failed[-1].error_reason or "declined"
        await context.database.run(
            lambda db: crud.fail(db, payment.user_id, payment.payment_id, reason=reason, authorized=True),
        )


async def _captured(context: PaymentContext, payment: Payment, each: GatewayPayment, *, paid: bool) -> None:
    # What went back before we took it never was ours: then less was paid than was ordered.
    amount = each.amount if paid else each.amount - each.amount_refunded
    await faultpoints.point("capture.come")
    outcome = await context.database.run(
        lambda db: crud.capture(
            db,
            payment.user_id,
            payment.payment_id,
            gateway_payment_id=each.gateway_payment_id,
            amount=amount,
            currency=each.currency,
            limits=context.limits,
        ),
    )
    await faultpoints.point("capture.committed")
    if outcome is not CaptureOutcome.ALREADY:
        log.info("payment_learned", payment_id=str(payment.payment_id), outcome=outcome.value)


async def _take(context: PaymentContext, payment: Payment, each: GatewayPayment) -> None:
    """Capture what the customer agreed to; where the gateway does not answer, the next question tells."""
    outcome = await context.database.run(
        lambda db: crud.authorize(
            db, payment.user_id, payment.payment_id, amount=each.amount, currency=each.currency
        ),
    )
    if outcome not in {AuthorizeOutcome.AUTHORIZED, AuthorizeOutcome.ALREADY}:
        return
    try:
        taken = await context.gateway.capture(
            each.gateway_payment_id, amount=payment.amount, currency=payment.currency
        )
    except CallFailed as error:
        log.warning("capture_unclear", payment_id=str(payment.payment_id), reason=error.reason)
        return
    if taken.status == "captured" and taken.order_id == payment.order_id:
        await _captured(context, payment, taken, paid=False)


async def _get(context: PaymentContext, user_id: UUID, payment_id: UUID) -> Payment:
    found = await context.database.run(lambda db: crud.get_payment(db, user_id, payment_id))
    if found is None:
        raise PaymentNotFound
    return found
