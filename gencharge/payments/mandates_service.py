"""Mandates at the gateway: registering one, its state, and charging an order by it. Whose they are, `mandates` knows.

A charge is three steps: that it is asked for is committed, the gateway is asked, and its answer is written down. So a payment is
charged at most once. What became of a charge without an answer is asked like that of any other payment; if the gateway has never
heard of it, the payment is abandoned.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final
from uuid import UUID

from gencharge.core import faultpoints, telemetry
from gencharge.payments import crud
from gencharge.payments.context import PaymentContext
from gencharge.payments.errors import GatewayDeclined, GatewayTimeout, GatewayUnavailable
from gencharge.payments.gateway import CallFailed, CallNotSent, CallRefused, Mandate
from gencharge.payments.models import Payment
from gencharge.payments.status_checks_service import ask_gateway

log = telemetry.get_logger(__name__)
_ENDED: Final = frozenset({"rejected", "cancelled", "expired"})


class Charge(StrEnum):
    """What became of a charge."""

    ASKED = "asked"  # the gateway has it, or may have it: the payment's state says what became of it
    EARLIER = "earlier"  # it was asked for before, or the payment is not open any more
    REFUSED = "refused"  # the gateway refused: the payment has failed
    NOT_SENT = "not_sent"  # the gateway was not reached: it can be asked for again


@dataclass(frozen=True, slots=True)
class MandateReport:
    """What the gateway says of a mandate. `max_amount` in paise, `expires_at` in seconds since 1970."""

    token_id: str
    method: str  # what the customer chose in the checkout
    is_confirmed: bool
    is_ended: bool
    max_amount: int
    expires_at: int | None


async def register_customer(context: PaymentContext, *, name: str, contact: str, email: str | None) -> str:
    """The gateway's id of a customer, the same one each time. Raises GatewayUnavailable, GatewayDeclined."""
    try:
        return await context.gateway.create_customer(name=name, contact=contact, email=email)
    except CallRefused as error:
        raise GatewayDeclined from error
    except CallFailed as error:
        raise GatewayUnavailable from error


async def find_mandate(
    context: PaymentContext, *, customer_id: str, token_id: str | None, order_id: str
) -> MandateReport | None:
    """The mandate with this token; without one, the mandate that the payment of an order registered, if it did.

    A known token that the gateway does not list any more has ended. Raises GatewayTimeout.
    """
    try:
        if token_id is None:
            attempts = await context.gateway.fetch_order_payments(order_id)
            paid = (attempt for attempt in attempts if attempt.status in {"captured", "refunded"})
            token_id = next((attempt.token_id for attempt in paid if attempt.token_id), None)
        if token_id is None:
            return None
        mandates = await context.gateway.fetch_mandates(customer_id)
    except CallFailed as error:
        raise GatewayTimeout from error
    return _report(token_id, next((each for each in mandates if each.token_id == token_id), None))


def _report(token_id: str, mandate: Mandate | None) -> MandateReport:
    if mandate is None:
        return MandateReport(token_id, "", is_confirmed=False, is_ended=True, max_amount=0, expires_at=None)
    return MandateReport(
        token_id,
        mandate.method,
        is_confirmed=mandate.status == "confirmed",
        is_ended=mandate.status in _ENDED,
        max_amount=mandate.max_amount,
        expires_at=mandate.expires_at,
    )


async def cancel_mandate(context: PaymentContext, *, customer_id: str, token_id: str) -> None:
    """Cancel a mandate at the gateway; one that it does not know any more is cancelled. Raises GatewayTimeout."""
    try:
        await context.gateway.cancel_mandate(customer_id, token_id)
    except CallRefused as error:
        log.warning("mandate_not_cancelled", reason=error.reason)
    except CallFailed as error:
        raise GatewayTimeout from error


async def charge_mandate(
    context: PaymentContext,
    user_id: UUID,
    payment_id: UUID,
    *,
    mandate_id: UUID,
    customer_id: str,
    token_id: str,
    contact: str,
) -> Charge:
    """Charge an open payment to a mandate: at most once, however often it is asked for. Not inside a transaction.

    `contact`: the customer's number. Raises DatabaseUnavailable.
    """
    keys = {"user_id": user_id, "payment_id": payment_id}
    is_ours = await context.database.run(lambda db: crud.set_charged(db, **keys, mandate_id=mandate_id))
    if not is_ours:
        return Charge.EARLIER
    await faultpoints.point("charge.committed")
    payment = await context.database.run(lambda db: crud.get_payment(db, **keys))
    assert payment is not None, "payments are never deleted"
    try:
        await _charge(context, payment, customer_id, token_id, contact)
    except CallRefused as error:
        log.warning("charge_refused", payment_id=str(payment_id), reason=error.reason)
        await context.database.run(
            lambda db: crud.fail(db, user_id=user_id, payment_id=payment_id, reason="mandate_refused")
        )
        return Charge.REFUSED
    except CallNotSent as error:
        log.warning("charge_not_sent", payment_id=str(payment_id), reason=error.reason)
        await context.database.run(lambda db: crud.set_not_charged(db, **keys))
        return Charge.NOT_SENT
    except CallFailed as error:
        log.warning("charge_unclear", payment_id=str(payment_id), reason=error.reason)
        return Charge.ASKED
    await faultpoints.point("charge.asked")
    try:
        await ask_gateway(context, user_id, payment_id)
    except GatewayTimeout:
        log.info("charge_not_seen", payment_id=str(payment_id))  # the payment checks ask again
    return Charge.ASKED


async def _charge(
    context: PaymentContext, payment: Payment, customer_id: str, token_id: str, contact: str
) -> None:
    assert payment.order_id is not None, "only a payment with an order is charged"
    await context.gateway.charge_mandate(
        order_id=payment.order_id,
        amount=payment.amount,
        currency=payment.currency,
        customer_id=customer_id,
        token_id=token_id,
        contact=contact,
    )
