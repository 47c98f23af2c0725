"""Notices about automatic top-ups. The money that one brings has the notice of every top-up."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from gencharge.autopay.events import (
    AutoTopupAnnounced,
    AutoTopupFailed,
    AutoTopupHeldBack,
    AutoTopupPaused,
)
from gencharge.core.events.events import Event
from gencharge.notifications.kinds import EVERYWHERE, Draft, Kind, Values, choice, moment, money
from gencharge.notifications.models import owner_of

_AMOUNT: Final = {"amount": money(50_000, required=True)}
# RBI, e-mandate framework for recurring transactions: the customer is told 24 hours before a debit, so no preference stops it.
ANNOUNCED: Final = Kind(
    "auto_topup_announced",
    EVERYWHERE,
    _AMOUNT | {"threshold": money(10_000, required=True), "due": moment(required=True)},
    is_mandatory=True,
)
FAILED: Final = Kind(
    "auto_topup_failed",
    EVERYWHERE,
    _AMOUNT
    | {
        "retry": moment(required=True),
        "reason": choice("payment_failed", "gateway_unavailable", "velocity_limit_exceeded", "other"),
    },
)
HELD_BACK: Final = Kind(
    "auto_topup_held_back",
    EVERYWHERE,
    _AMOUNT | {"limit": money(200_000), "reason": choice("monthly_max", "wallet_limit")},
)
PAUSED: Final = Kind(
    "auto_topup_paused",
    EVERYWHERE,
    _AMOUNT | {"reason": choice("mandate_ended", "mandate_limit", "account_inactive", "failing")},
)


def announced(event: AutoTopupAnnounced) -> Draft:
    """To the owner, a day before: what will be charged, and how to leave it out."""
    values: Values = {
        "amount": event.amount_paise,
        "threshold": event.threshold_paise,
        "due": event.charge_at,
    }
    return Draft(owner_of(event), ANNOUNCED, values, {"charge_at": event.charge_at})


def failed(event: AutoTopupFailed) -> Draft:
    """To the owner: why it failed, and when it is tried again."""
    reason = event.reason if event.reason in FAILED.variables["reason"].choices else "other"
    values: Values = {"amount": event.amount_paise, "retry": event.retry_at, "reason": reason}
    return Draft(owner_of(event), FAILED, values, {"reason": event.reason})


def held_back(event: AutoTopupHeldBack) -> Draft:
    """To the owner: which limit keeps it back."""
    values: Values = {
        "amount": event.amount_paise,
        "limit": event.monthly_max_paise,
        "reason": event.reason,
    }
    return Draft(owner_of(event), HELD_BACK, values, {"reason": event.reason})


def paused(event: AutoTopupPaused) -> Draft:
    """To the owner: why nothing is charged, and what to do."""
    values: Values = {"amount": event.amount_paise, "reason": event.reason}
    return Draft(owner_of(event), PAUSED, values, {"reason": event.reason})


KINDS: Final = (ANNOUNCED, FAILED, HELD_BACK, PAUSED)
NOTICES: Final[dict[type[Event], Callable[[Any], Draft | None]]] = {
    AutoTopupAnnounced: announced,
    AutoTopupFailed: failed,
    AutoTopupHeldBack: held_back,
    AutoTopupPaused: paused,
}
