"""The texts of notices: one function for each event. Amounts in rupees, dates in India."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from gencharge.core.events.events import Event
from gencharge.core.values.clock import IST
from gencharge.core.values.money import Money
from gencharge.notifications.models import Draft, NotificationType, Recipient
from gencharge.recharge.events import (
    PaymentReturned,
    PlanActivated,
    PlanExpired,
    PlanRecharged,
    RechargeFailed,
    RechargeRefunded,
)
from gencharge.sessions.events import RefreshTokenReused
from gencharge.wallet.events import AdjustmentApproved


def plan_recharged(event: PlanRecharged) -> Draft:
    """To the payer: it worked, what it cost, from when until when."""
    paid = f"{rupees(event.total_paid_paise)} paid."
    number = spaced(event.phone_number)
    if event.status == "queued":
        begins = f"on {day(event.valid_from)}, " if event.valid_from else ""
        body = (
            f"{paid} {event.plan_name} for {number} is queued: it starts {begins}when the present plan ends."
        )
    else:
        body = f"{paid} {event.plan_name} is now active on {number}{_until(event.valid_until)}."
    return Draft(
        recipient=_user(event),
        kind="plan_recharged",
        type=NotificationType.TRANSACTIONAL,
        title="Recharge successful",
        body=body,
        data={
            "recharge_id": event.recharge_id,
            "phone_number": event.phone_number,
            "plan_id": event.plan_id,
            "plan_name": event.plan_name,
            "operator": event.operator,
            "status": event.status,
            "total_paid_paise": event.total_paid_paise,
            "valid_from": event.valid_from,
            "valid_until": event.valid_until,
        },
    )


def plan_activated(event: PlanActivated) -> Draft:
    """To the payer: the queued plan has started."""
    return Draft(
        recipient=_user(event),
        kind="plan_activated",
        type=NotificationType.TRANSACTIONAL,
        title="Your queued plan has started",
        body=f"{event.plan_name} is now active on {spaced(event.phone_number)}{_until(event.valid_until)}.",
        data={
            "recharge_id": event.recharge_id,
            "phone_number": event.phone_number,
            "plan_name": event.plan_name,
            "valid_until": event.valid_until,
        },
    )


def plan_expired(event: PlanExpired) -> Draft:
    """To the payer: the plan's validity ended."""
    number = spaced(event.phone_number)
    return Draft(
        recipient=_user(event),
        kind="plan_expired",
        type=NotificationType.TRANSACTIONAL,
        title="Your plan has ended",
        body=f"{event.plan_name} on {number} has ended. Recharge again to keep calls and data going.",
        data={
            "recharge_id": event.recharge_id,
            "phone_number": event.phone_number,
            "plan_name": event.plan_name,
        },
    )


def refresh_token_reused(event: RefreshTokenReused) -> Draft:
    """To the owner of a sign-in that may have been copied. Security: no preference silences it."""
    return Draft(
        recipient=Recipient("admin" if event.kind == "admin" else "user", UUID(event.user_id)),
        kind="refresh_token_reused",
        type=NotificationType.TRANSACTIONAL,
        title="We ended one of your sign-ins",
        body=(
            "An old key of one of your sign-ins was used again, so we ended that sign-in: the key may have been copied. "
            "Sign in again on your own device, and end every sign-in that you don't recognise."
        ),
        data={"session_id": event.session_id},
    )


def adjustment_approved(event: AdjustmentApproved) -> Draft:
    """To the customer: their balance was corrected, and why."""
    is_credit = event.direction == "credit"
    amount = rupees(event.amount_paise)
    movement = f"{amount} was added to your wallet" if is_credit else f"{amount} was taken out of your wallet"
    return Draft(
        recipient=_user(event),
        kind="adjustment_approved",
        type=NotificationType.TRANSACTIONAL,
        title="Your wallet was credited" if is_credit else "Your wallet was debited",
        body=f"{movement}: {_REASONS.get(event.reason, 'a correction')}. Contact support if you don't recognise this.",
        data={
            "adjustment_id": event.adjustment_id,
            "direction": event.direction,
            "amount_paise": event.amount_paise,
            "reason": event.reason,
        },
    )


def recharge_failed(event: RechargeFailed) -> Draft:
    """To the payer: it did not work, and where the money is."""
    number = spaced(event.phone_number)
    back = f"{rupees(event.refunded_paise)} is back in your wallet." if event.refunded_paise else ""
    why = _FAILURES.get(event.reason, f"{event.operator} did not take it.")
    return Draft(
        recipient=_user(event),
        kind="recharge_failed",
        type=NotificationType.TRANSACTIONAL,
        title="Recharge failed",
        body=f"{event.plan_name} for {number} did not go through: {why} {back}".strip(),
        data={
            "recharge_id": event.recharge_id,
            "phone_number": event.phone_number,
            "reason": event.reason,
            "refunded_paise": event.refunded_paise,
        },
    )


def recharge_refunded(event: RechargeRefunded) -> Draft:
    """To the payer: a recharge was refunded, in part or in full."""
    ended = " The plan has ended." if event.in_full else ""
    return Draft(
        recipient=_user(event),
        kind="recharge_refunded",
        type=NotificationType.TRANSACTIONAL,
        title="Recharge refunded",
        body=f"{rupees(event.amount_paise)} of {event.plan_name} for {spaced(event.phone_number)}"
        f" is in your wallet.{ended}",
        data={
            "recharge_id": event.recharge_id,
            "refund_id": event.refund_id,
            "amount_paise": event.amount_paise,
        },
    )


def payment_returned(event: PaymentReturned) -> Draft:
    """To the payer: the money came too late for the recharge."""
    return Draft(
        recipient=_user(event),
        kind="payment_returned",
        type=NotificationType.TRANSACTIONAL,
        title="Your payment is in your wallet",
        body=f"Your payment of {rupees(event.amount_paise)} came after the recharge of"
        f" {spaced(event.phone_number)} had been cancelled. It is in your wallet; recharge again from there.",
        data={"recharge_id": event.recharge_id, "payment_id": event.payment_id},
    )


_FAILURES: Final = {
    "payment_failed": "the payment was not made.",
    "operator_unreachable": "the operator could not be reached.",
    "resolved_by_staff": "the operator did not deliver it.",
}
# The staff's note about a correction is not shown.
_REASONS: Final = {
    "failed_recharge": "a recharge that failed",
    "duplicate_charge": "an amount that was charged twice",
    "wrong_amount": "a wrong amount",
    "goodwill": "a gesture of goodwill",
    "chargeback": "a payment that your bank took back",
}


TEMPLATES: Final[dict[type[Event], Callable[[Any], Draft]]] = {
    PlanRecharged: plan_recharged,
    PlanActivated: plan_activated,
    PlanExpired: plan_expired,
    RefreshTokenReused: refresh_token_reused,
    AdjustmentApproved: adjustment_approved,
    RechargeFailed: recharge_failed,
    RechargeRefunded: recharge_refunded,
    PaymentReturned: payment_returned,
}


def rupees(paise: int) -> str:
    """`Rs 199.00`, `Rs 1,29,900.00`: Indian grouping, thousands first, then hundreds."""
    whole, _, decimals = str(Money(paise)).partition(".")
    front, last = whole[:-3], whole[-3:]
    groups = [front[max(0, end - 2) : end] for end in range(len(front), 0, -2)]
    return f"Rs {','.join([*reversed(groups), last])}.{decimals}"


def spaced(phone_number: str) -> str:
    """`+919876543210` -> `98765 43210`. The recipient typed it in, so it is shown in full."""
    national = phone_number.removeprefix("+91")
    return f"{national[:5]} {national[5:]}"


def day(instant: str) -> str:
    """`2026-08-14T18:29:59Z` -> `14 August 2026`: the last day in India that an instant (RFC 3339) leaves whole."""
    local = datetime.fromisoformat(instant).astimezone(IST)
    # A validity that ends at midnight ends with the day before.
    if local.time() == local.time().min:
        local -= timedelta(microseconds=1)
    return f"{local.day} {local:%B %Y}"


def _until(instant: str | None) -> str:
    return f", valid until {day(instant)}" if instant else ""


def _user(event: Event) -> Recipient:
    return Recipient("user", UUID(event.user_id))
