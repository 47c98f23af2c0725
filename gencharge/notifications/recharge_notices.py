"""Notices about recharges and plans: to the payer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from gencharge.core.events.events import Event
from gencharge.notifications.kinds import (
    EVERYWHERE,
    NO_SMS,
    Draft,
    Kind,
    Values,
    choice,
    label,
    last_day,
    money,
    phone,
)
from gencharge.notifications.models import owner_of
from gencharge.recharge.events import (
    QUEUED_PLAN_CANCELLED,
    BillPaid,
    PaymentReturned,
    PlanActivated,
    PlanExpired,
    PlanRecharged,
    RechargeFailed,
    RechargeRefunded,
)

_PLAN: Final = label("Jio 199", required=True)
_NUMBER: Final = phone(required=True)
PLAN_RECHARGED: Final = Kind(
    "plan_recharged",
    EVERYWHERE,
    {
        "paid": money(required=True),
        "plan": _PLAN,
        "number": _NUMBER,
        "outcome": choice("active_until", "active", "queued_from", "queued"),
        "until": last_day(optional=True),
        "begins": last_day(optional=True),
    },
)
BILL_PAID: Final = Kind(
    "bill_paid",
    EVERYWHERE,
    {"paid": money(required=True), "operator": label("JIO"), "number": _NUMBER},
)
PLAN_ACTIVATED: Final = Kind(
    "plan_activated",
    EVERYWHERE,
    {
        "plan": _PLAN,
        "number": _NUMBER,
        "outcome": choice("active_until", "active"),
        "until": last_day(optional=True),
    },
)
PLAN_EXPIRED: Final = Kind("plan_expired", EVERYWHERE, {"plan": _PLAN, "number": _NUMBER})
RECHARGE_FAILED: Final = Kind(
    "recharge_failed",
    EVERYWHERE,
    {
        "plan": _PLAN,
        "number": _NUMBER,
        "operator": label("JIO"),
        "reason": choice("payment_failed", "operator_unreachable", "resolved_by_staff", "other"),
        "money": choice("returned", "not_taken"),
        "refunded": money(optional=True),
    },
)
BILL_PAYMENT_FAILED: Final = Kind(
    "bill_payment_failed",
    EVERYWHERE,
    {
        "number": _NUMBER,
        "operator": label("JIO"),
        "reason": choice("operator_unreachable", "other"),
        "refunded": money(required=True),
    },
)
BILL_PAYMENT_REFUNDED: Final = Kind(
    "bill_payment_refunded",
    EVERYWHERE,
    {"amount": money(required=True), "operator": label("JIO"), "number": _NUMBER},
)
RECHARGE_REFUNDED: Final = Kind(
    "recharge_refunded",
    EVERYWHERE,
    {
        "amount": money(required=True),
        "plan": _PLAN,
        "number": _NUMBER,
        "ending": choice("in_full", "in_part", "cancelled"),
    },
)
PAYMENT_RETURNED: Final = Kind(
    "payment_returned", NO_SMS, {"amount": money(required=True), "number": _NUMBER}
)


def plan_recharged(event: PlanRecharged) -> Draft:
    """It worked, what it cost, from when until when."""
    if event.status == "queued":
        outcome = "queued_from" if event.valid_from else "queued"
    else:
        outcome = "active_until" if event.valid_until else "active"
    return Draft(
        owner_of(event),
        PLAN_RECHARGED,
        {
            "paid": event.total_paid_paise,
            "plan": event.plan_name,
            "number": event.phone_number,
            "outcome": outcome,
            "until": event.valid_until,
            "begins": event.valid_from,
        },
        {
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


def bill_paid(event: BillPaid) -> Draft:
    """The operator took the payment."""
    return Draft(
        owner_of(event),
        BILL_PAID,
        {"paid": event.total_paid_paise, "operator": event.operator, "number": event.phone_number},
        {
            "recharge_id": event.recharge_id,
            "bill_id": event.bill_id,
            "phone_number": event.phone_number,
            "operator": event.operator,
            "total_paid_paise": event.total_paid_paise,
        },
    )


def plan_activated(event: PlanActivated) -> Draft:
    """The queued plan has started."""
    return Draft(
        owner_of(event),
        PLAN_ACTIVATED,
        {
            "plan": event.plan_name,
            "number": event.phone_number,
            "outcome": "active_until" if event.valid_until else "active",
            "until": event.valid_until,
        },
        {**_about(event), "valid_until": event.valid_until},
    )


def plan_expired(event: PlanExpired) -> Draft:
    """The plan's validity ended."""
    values: Values = {"plan": event.plan_name, "number": event.phone_number}
    return Draft(owner_of(event), PLAN_EXPIRED, values, _about(event))


def recharge_failed(event: RechargeFailed) -> Draft:
    """It did not work, and where the money is."""
    if event.bill_id is not None:
        return _bill_payment_failed(event, event.bill_id)
    reasons = RECHARGE_FAILED.variables["reason"].choices
    return Draft(
        owner_of(event),
        RECHARGE_FAILED,
        {
            "plan": event.plan_name,
            "number": event.phone_number,
            "operator": event.operator,
            "reason": event.reason if event.reason in reasons else "other",
            "money": "returned" if event.refunded_paise else "not_taken",
            "refunded": event.refunded_paise,
        },
        {
            "recharge_id": event.recharge_id,
            "phone_number": event.phone_number,
            "reason": event.reason,
            "refunded_paise": event.refunded_paise,
        },
    )


def _bill_payment_failed(event: RechargeFailed, bill_id: str) -> Draft:
    """A bill is paid from the wallet, so its money was held and is back."""
    reasons = BILL_PAYMENT_FAILED.variables["reason"].choices
    return Draft(
        owner_of(event),
        BILL_PAYMENT_FAILED,
        {
            "number": event.phone_number,
            "operator": event.operator,
            "reason": event.reason if event.reason in reasons else "other",
            "refunded": event.refunded_paise,
        },
        {
            "recharge_id": event.recharge_id,
            "bill_id": bill_id,
            "phone_number": event.phone_number,
            "reason": event.reason,
            "refunded_paise": event.refunded_paise,
        },
    )


def recharge_refunded(event: RechargeRefunded) -> Draft:
    """A recharge or the payment of a bill was refunded, in part or in full, or its plan was given back before it started."""
    data = {
        "recharge_id": event.recharge_id,
        "refund_id": event.refund_id,
        "amount_paise": event.amount_paise,
    }
    if event.bill_id is not None:
        values: Values = {
            "amount": event.amount_paise,
            "operator": event.operator,
            "number": event.phone_number,
        }
        return Draft(owner_of(event), BILL_PAYMENT_REFUNDED, values, data | {"bill_id": event.bill_id})
    ending = "in_full" if event.in_full else "in_part"
    return Draft(
        owner_of(event),
        RECHARGE_REFUNDED,
        {
            "amount": event.amount_paise,
            "plan": event.plan_name,
            "number": event.phone_number,
            "ending": "cancelled" if event.reason == QUEUED_PLAN_CANCELLED else ending,
        },
        data,
    )


def payment_returned(event: PaymentReturned) -> Draft:
    """The money came too late for the recharge."""
    return Draft(
        owner_of(event),
        PAYMENT_RETURNED,
        {"amount": event.amount_paise, "number": event.phone_number},
        {"recharge_id": event.recharge_id, "payment_id": event.payment_id},
    )


def _about(event: PlanActivated | PlanExpired) -> Values:
    return {
        "recharge_id": event.recharge_id,
        "phone_number": event.phone_number,
        "plan_name": event.plan_name,
    }


KINDS: Final = (
    PLAN_RECHARGED,
    BILL_PAID,
    PLAN_ACTIVATED,
    PLAN_EXPIRED,
    RECHARGE_FAILED,
    BILL_PAYMENT_FAILED,
    BILL_PAYMENT_REFUNDED,
    RECHARGE_REFUNDED,
    PAYMENT_RETURNED,
)
NOTICES: Final[dict[type[Event], Callable[[Any], Draft | None]]] = {
    PlanRecharged: plan_recharged,
    BillPaid: bill_paid,
    PlanActivated: plan_activated,
    PlanExpired: plan_expired,
    RechargeFailed: recharge_failed,
    RechargeRefunded: recharge_refunded,
    PaymentReturned: payment_returned,
}
