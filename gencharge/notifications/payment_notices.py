"""Notices about the wallet, payments and refunds. A payment for a recharge is covered by the recharge's own notices."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from gencharge.core.events.events import Event
from gencharge.notifications.kinds import APP_ONLY, EVERYWHERE, NO_SMS, Draft, Kind, Values, choice, money
from gencharge.notifications.models import owner_of
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
from gencharge.wallet.events import AdjustmentApproved

_AMOUNT: Final = {"amount": money(required=True)}
TOPUP_RECEIVED: Final = Kind("topup_received", EVERYWHERE, _AMOUNT)
PAYMENT_FAILED: Final = Kind("payment_failed", APP_ONLY, _AMOUNT)
PAYMENT_OVER_LIMIT: Final = Kind("payment_over_limit", NO_SMS, _AMOUNT)
PAYMENT_CAPTURED_TWICE: Final = Kind("payment_captured_twice", NO_SMS, _AMOUNT)
REFUND_REQUESTED: Final = Kind("refund_requested", NO_SMS, _AMOUNT)
REFUND_PROCESSED: Final = Kind("refund_processed", EVERYWHERE, _AMOUNT)
REFUND_FAILED: Final = Kind("refund_failed", NO_SMS, _AMOUNT | {"place": choice("wallet", "set_aside")})
ADJUSTMENT_APPROVED: Final = Kind(
    "adjustment_approved",
    EVERYWHERE,
    _AMOUNT
    | {
        "heading": choice("credit", "debit"),
        "movement": choice("credit", "debit"),
        # The staff's note about a correction is not shown.
        "reason": choice(
            "failed_recharge", "duplicate_charge", "wrong_amount", "goodwill", "chargeback", "other"
        ),
    },
)


def payment_captured(event: PaymentCaptured) -> Draft | None:
    """The money is in the wallet."""
    if event.purpose != PaymentPurpose.TOPUP:
        return None
    return _about_payment(event, TOPUP_RECEIVED)


def payment_failed(event: PaymentFailed) -> Draft | None:
    """The payment failed, and what happens if money left the account nevertheless.

    An abandoned payment gets no notice.
    """
    if event.purpose != PaymentPurpose.TOPUP or event.reason == "abandoned":
        return None
    return _about_payment(event, PAYMENT_FAILED)


def payment_over_limit(event: PaymentOverLimit) -> Draft:
    """The wallet may not hold this much, so it goes back."""
    return _about_payment(event, PAYMENT_OVER_LIMIT)


def payment_captured_twice(event: PaymentCapturedTwice) -> Draft:
    """They paid twice, and get the second payment back."""
    return _about_payment(event, PAYMENT_CAPTURED_TWICE, event.returned_paise)


def refund_requested(event: RefundRequested) -> Draft:
    """The money left the wallet for its source. The staff's note is not shown."""
    return _about_refund(event, REFUND_REQUESTED)


def refund_processed(event: RefundProcessed) -> Draft:
    """The gateway has paid it out."""
    return _about_refund(event, REFUND_PROCESSED)


def refund_failed(event: RefundFailed) -> Draft:
    """It could not be paid out, and where the money is."""
    return _about_refund(event, REFUND_FAILED, place="wallet" if event.in_wallet else "set_aside")


def adjustment_approved(event: AdjustmentApproved) -> Draft:
    """The balance was corrected, and why."""
    reasons = ADJUSTMENT_APPROVED.variables["reason"].choices
    return Draft(
        owner_of(event),
        ADJUSTMENT_APPROVED,
        {
            "amount": event.amount_paise,
            "heading": event.direction,
            "movement": event.direction,
            "reason": event.reason if event.reason in reasons else "other",
        },
        {
            "adjustment_id": event.adjustment_id,
            "direction": event.direction,
            "amount_paise": event.amount_paise,
            "reason": event.reason,
        },
    )


def _about_payment(event: Any, kind: Kind, amount_paise: int | None = None) -> Draft:
    data: Values = {
        "payment_id": event.payment_id,
        "purpose": event.purpose,
        "recharge_id": event.reference_id,
        "amount_paise": event.amount_paise,
    }
    values: Values = {"amount": event.amount_paise if amount_paise is None else amount_paise}
    return Draft(owner_of(event), kind, values, data)


def _about_refund(event: Any, kind: Kind, **values: str) -> Draft:
    data: Values = {
        "refund_id": event.refund_id,
        "payment_id": event.payment_id,
        "amount_paise": event.amount_paise,
    }
    return Draft(owner_of(event), kind, {"amount": event.amount_paise, **values}, data)


KINDS: Final = (
    TOPUP_RECEIVED,
    PAYMENT_FAILED,
    PAYMENT_OVER_LIMIT,
    PAYMENT_CAPTURED_TWICE,
    REFUND_REQUESTED,
    REFUND_PROCESSED,
    REFUND_FAILED,
    ADJUSTMENT_APPROVED,
)
NOTICES: Final[dict[type[Event], Callable[[Any], Draft | None]]] = {
    PaymentCaptured: payment_captured,
    PaymentFailed: payment_failed,
    PaymentOverLimit: payment_over_limit,
    PaymentCapturedTwice: payment_captured_twice,
    RefundRequested: refund_requested,
    RefundProcessed: refund_processed,
    RefundFailed: refund_failed,
    AdjustmentApproved: adjustment_approved,
}
