"""Notices about autopay. A recharge that an autopay made has the notice of every recharge."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from gencharge.autopay.events import AutopayAnnounced, AutopayFailed, AutopayPaused
from gencharge.core.events.events import Event
from gencharge.notifications.kinds import EVERYWHERE, Draft, Kind, Values, choice, label, moment, money, phone
from gencharge.notifications.models import owner_of

_PLAN: Final = {"plan": label("Jio 299", required=True), "number": phone(required=True)}
# RBI, e-mandate framework for recurring transactions: the customer is told 24 hours before a debit, so no preference stops it.
ANNOUNCED: Final = Kind(
    "autopay_announced",
    EVERYWHERE,
    _PLAN
    | {
        "due": moment(required=True),
        "price": money(29_900, required=True),
        "source": choice("wallet", "mandate"),
    },
    is_mandatory=True,
)
PAUSED: Final = Kind(
    "autopay_paused",
    EVERYWHERE,
    _PLAN
    | {
        "price": money(34_900),
        "limit": money(29_900),
        "reason": choice(
            "price", "plan_withdrawn", "number_changed", "mandate_ended", "mandate_limit", "account_inactive"
        ),
    },
)
FAILED: Final = Kind(
    "autopay_failed",
    EVERYWHERE,
    _PLAN
    | {
        "reason": choice(
            "insufficient_balance",
            "duplicate_recharge",
            "operator_down",
            "operator_channel_unavailable",
            "base_plan_required",
            "velocity_limit_exceeded",
            "payment_failed",
            "gateway_unavailable",
            "recharge_failed",
            "other",
        ),
        "next": choice("retry", "next_due", "never"),
        "retry": moment("2026-08-14T08:00:00+00:00", optional=True),
        "next_due": moment("2026-09-14T06:00:00+00:00", optional=True),
    },
)


def announced(event: AutopayAnnounced) -> Draft:
    """To the owner, a day before: what will be charged, and how to leave it out."""
    values: Values = {"due": event.due_at, "price": event.price_paise, "source": event.payment_method}
    return _draft(event, ANNOUNCED, values, due_at=event.due_at)


def paused(event: AutopayPaused) -> Draft:
    """To the owner: why nothing is charged, and what to do."""
    values: Values = {"price": event.price_paise, "limit": event.max_amount_paise, "reason": event.reason}
    return _draft(event, PAUSED, values, reason=event.reason)


def failed(event: AutopayFailed) -> Draft:
    """To the owner: why it failed, and when it is tried again."""
    values: Values = {
        "reason": event.reason if event.reason in FAILED.variables["reason"].choices else "other",
        "next": "retry" if event.retry_at else "next_due" if event.next_due else "never",
        "retry": event.retry_at,
        "next_due": event.next_due,
    }
    return _draft(event, FAILED, values, reason=event.reason)


def _draft(event: Any, kind: Kind, values: Values, **data: str) -> Draft:
    return Draft(
        owner_of(event),
        kind,
        {"plan": event.plan_name, "number": event.phone_number, **values},
        {"autopay_id": event.autopay_id, "phone_number": event.phone_number, **data},
    )


KINDS: Final = (ANNOUNCED, PAUSED, FAILED)
NOTICES: Final[dict[type[Event], Callable[[Any], Draft | None]]] = {
    AutopayAnnounced: announced,
    AutopayPaused: paused,
    AutopayFailed: failed,
}
