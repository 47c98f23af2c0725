"""Notices about autopay. A recharge that an autopay made has the notice of every recharge."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from gencharge.autopay.events import AutopayAnnounced, AutopayFailed, AutopayPaused, AutopaySkipped
from gencharge.autopay.models import AutopayKind
from gencharge.core.events.events import Event
from gencharge.notifications.kinds import (
    EVERYWHERE,
    NO_SMS,
    Draft,
    Kind,
    Values,
    Variable,
    choice,
    label,
    moment,
    money,
    phone,
)
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
            "price",
            "amount",
            "plan_withdrawn",
            "number_changed",
            "mandate_ended",
            "mandate_limit",
            "account_inactive",
            "bill_above_limit",
            "bill_number_changed",
        ),
    },
)
# What is said of bills instead, for which a pause has reasons of its own.
_OF_BILLS: Final = {"price": "bill_above_limit", "number_changed": "bill_number_changed"}
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
_NEXT: Final[dict[str, Variable]] = {
    "next": choice("retry", "next_due", "never"),
    "retry": moment("2026-08-14T08:00:00+00:00", optional=True),
    "next_due": moment("2026-09-14T06:00:00+00:00", optional=True),
}
# As for a plan, a preference does not stop it.
BILL_ANNOUNCED: Final = Kind(
    "autopay_bill_announced",
    EVERYWHERE,
    {
        "number": phone(required=True),
        "due": moment(required=True),
        "bill": choice("known", "unknown"),
        "price": money(64_900),
        "limit": money(1_00_000),
    },
    is_mandatory=True,
)
BILL_FAILED: Final = Kind(
    "autopay_bill_failed",
    EVERYWHERE,
    {
        "number": phone(required=True),
        "reason": choice(
            "insufficient_balance",
            "operator_down",
            "operator_channel_unavailable",
            "bill_operator_unavailable",
            "bill_payment_pending",
            "bill_changed",
            "velocity_limit_exceeded",
            "recharge_failed",
            "other",
        ),
        **_NEXT,
    },
)
# Nothing was charged, so no SMS.
SKIPPED: Final = Kind(
    "autopay_skipped",
    NO_SMS,
    {
        "number": phone(required=True),
        "next": choice("next_due", "never"),
        "next_due": moment("2026-09-14T06:00:00+00:00", optional=True),
    },
)


def announced(event: AutopayAnnounced) -> Draft:
    """To the owner, a day before: what will be charged, and how to leave it out."""
    if event.kind == AutopayKind.BILL:
        return _bill_draft(
            event,
            BILL_ANNOUNCED,
            {
                "due": event.due_at,
                "bill": "known" if event.price_paise else "unknown",
                "price": event.price_paise,
                "limit": event.max_amount_paise,
            },
            due_at=event.due_at,
        )
    values: Values = {"due": event.due_at, "price": event.price_paise, "source": event.payment_method}
    return _draft(event, ANNOUNCED, values, due_at=event.due_at)


def paused(event: AutopayPaused) -> Draft:
    """To the owner: why nothing is charged, and what to do."""
    reason = _OF_BILLS.get(event.reason, event.reason) if event.kind == AutopayKind.BILL else event.reason
    values: Values = {"price": event.price_paise, "limit": event.max_amount_paise, "reason": reason}
    return _draft(event, PAUSED, values, reason=event.reason)


def failed(event: AutopayFailed) -> Draft:
    """To the owner: why it failed, and when it is tried again."""
    kind = BILL_FAILED if event.kind == AutopayKind.BILL else FAILED
    values: Values = {
        "reason": event.reason if event.reason in kind.variables["reason"].choices else "other",
        "next": "retry" if event.retry_at else "next_due" if event.next_due else "never",
        "retry": event.retry_at,
        "next_due": event.next_due,
    }
    draft = _bill_draft if kind is BILL_FAILED else _draft
    return draft(event, kind, values, reason=event.reason)


def skipped(event: AutopaySkipped) -> Draft:
    """To the owner: no bill was due, so nothing was paid."""
    values: Values = {"next": "next_due" if event.next_due else "never", "next_due": event.next_due}
    return _bill_draft(event, SKIPPED, values, reason=event.reason)


def _bill_draft(event: Any, kind: Kind, values: Values, **data: str) -> Draft:
    return Draft(
        owner_of(event),
        kind,
        {"number": event.phone_number, **values},
        {"autopay_id": event.autopay_id, "phone_number": event.phone_number, **data},
    )


def _draft(event: Any, kind: Kind, values: Values, **data: str) -> Draft:
    return Draft(
        owner_of(event),
        kind,
        {"plan": event.plan_name, "number": event.phone_number, **values},
        {"autopay_id": event.autopay_id, "phone_number": event.phone_number, **data},
    )


KINDS: Final = (ANNOUNCED, PAUSED, FAILED, BILL_ANNOUNCED, BILL_FAILED, SKIPPED)
NOTICES: Final[dict[type[Event], Callable[[Any], Draft | None]]] = {
    AutopayAnnounced: announced,
    AutopayPaused: paused,
    AutopayFailed: failed,
    AutopaySkipped: skipped,
}
