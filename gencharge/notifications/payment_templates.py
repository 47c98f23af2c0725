"""The texts about payments and refunds. A payment for a recharge is covered by the recharge's own notices."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final
from uuid import UUID

from gencharge.core.events.events import Event
from gencharge.notifications.models import Draft, NotificationType, Recipient
from gencharge.notifications.templates import rupees
from gencharge.payments.events import (
    PaymentCaptured,
    PaymentCapturedTwice,
    PaymentFailed,
    PaymentOverLimit,
    RefundFailed,
    RefundProcessed,
    RefundRequested,
)
from gencharge.payments.models import PaymentPurpose


def payment_captured(event: PaymentCaptured) -> Draft | None:
    """To the customer: the money is in the wallet."""
    if event.purpose != PaymentPurpose.TOPUP:
        return None
    body = f"{rupees(event.amount_paise)} was added to your wallet."
    return _about_payment(event, "topup_received", "Money added", body)


def payment_failed(event: PaymentFailed) -> Draft | None:
    """To the customer: the payment failed, and what happens if money left the account nevertheless.

    An abandoned payment gets no notice.
    """
    if event.purpose != PaymentPurpose.TOPUP or event.reason == "abandoned":
        return None
    body = (
        f"Your payment of {rupees(event.amount_paise)} did not go through. If money left your account, "
        "it will be added to your wallet once your bank confirms it, or returned to your account."
    )
    return _about_payment(event, "payment_failed", "Payment failed", body)


def payment_over_limit(event: PaymentOverLimit) -> Draft:
    """To the customer: the wallet may not hold this much, so it goes back."""
    body = (
        f"Your wallet may not take {rupees(event.amount_paise)} more now, so your payment is on its way back "
        "to where it came from. Complete your KYC to raise the limit."
    )
    return _about_payment(event, "payment_over_limit", "Payment sent back", body)


def payment_captured_twice(event: PaymentCapturedTwice) -> Draft:
    """To the customer: they paid twice, and get the second payment back."""
    back = rupees(event.returned_paise)
    body = f"You paid the same order twice. {back} is on its way back to where it came from."
    return _about_payment(event, "payment_captured_twice", "Payment sent back", body)


def refund_requested(event: RefundRequested) -> Draft:
    """To the customer: the money left the wallet for its source. The staff's note is not shown."""
    body = (
        f"{rupees(event.amount_paise)} was taken out of your wallet and is on its way back to where you paid from. "
        "This can take five to seven working days."
    )
    return _about_refund(event, "refund_requested", "Refund on its way", body)


def refund_processed(event: RefundProcessed) -> Draft:
    """To the customer: the gateway has paid it out."""
    amount = rupees(event.amount_paise)
    body = f"{amount} was sent back to where you paid from. It may take a few days to appear in your account."
    return _about_refund(event, "refund_processed", "Refund sent", body)


def refund_failed(event: RefundFailed) -> Draft:
    """To the customer: it could not be paid out, and where the money is."""
    place = "is in your wallet again" if event.in_wallet else "is safe with us, and our staff will see to it"
    body = f"{rupees(event.amount_paise)} could not be sent back to where you paid from. It {place}."
    return _about_refund(event, "refund_failed", "Refund failed", body)


TEMPLATES: Final[dict[type[Event], Callable[[Any], Draft | None]]] = {
    PaymentCaptured: payment_captured,
    PaymentFailed: payment_failed,
    PaymentOverLimit: payment_over_limit,
    PaymentCapturedTwice: payment_captured_twice,
    RefundRequested: refund_requested,
    RefundProcessed: refund_processed,
    RefundFailed: refund_failed,
}


def _about_payment(event: Any, kind: str, title: str, body: str) -> Draft:
    data = {
        "payment_id": event.payment_id,
        "purpose": event.purpose,
        "recharge_id": event.reference_id,
        "amount_paise": event.amount_paise,
    }
    return _transactional(event, kind, title, body, data)


def _about_refund(event: Any, kind: str, title: str, body: str) -> Draft:
    data = {
        "refund_id": event.refund_id,
        "payment_id": event.payment_id,
        "amount_paise": event.amount_paise,
    }
    return _transactional(event, kind, title, body, data)


def _transactional(event: Event, kind: str, title: str, body: str, data: dict[str, Any]) -> Draft:
    return Draft(
        recipient=Recipient("user", UUID(event.user_id)),
        kind=kind,
        type=NotificationType.TRANSACTIONAL,
        title=title,
        body=body,
        data=data,
    )
