"""The texts of notices about autopay. A recharge that an autopay made has the notice of every recharge."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from gencharge.autopay.events import AutopayAnnounced, AutopayFailed, AutopayPaused
from gencharge.core.events.events import Event
from gencharge.core.values.clock import IST
from gencharge.notifications.models import Draft, NotificationType, Recipient
from gencharge.notifications.templates import rupees, spaced

_PAUSED: Final = {
    "price": "it costs {price} now, more than your limit of {limit}. Raise the limit and resume it to go on.",
    "plan_withdrawn": "the plan is not on sale any more. Please choose another one.",
    "number_changed": "the plan no longer fits the number. Please check its operator and choose another plan.",
    "mandate_ended": "its mandate has ended. Choose another one, or pay it from the wallet, and resume it.",
    "mandate_limit": "it costs {price}, more than one charge of its mandate may be. Choose another mandate and resume it.",
    "account_inactive": "your account was not active. Resume it when you want it to go on.",
}
_SOURCES: Final = {
    "wallet": "your wallet",
    "mandate": "your wallet, or by your mandate if your wallet does not cover it",
}
_FAILED: Final = {
    "insufficient_balance": "there is not enough money in your wallet",
    "duplicate_recharge": "the same plan was bought for this number a moment ago",
    "operator_down": "the operator is not accepting recharges right now",
    "operator_channel_unavailable": "the operator is not accepting recharges right now",
    "base_plan_required": "the number has no active base plan",
    "velocity_limit_exceeded": "your limit for recharges is reached",
    "payment_failed": "your bank did not pay by your mandate",
    "gateway_unavailable": "the payment gateway could not be reached",
    "recharge_failed": "the operator did not deliver the recharge",
}


def announced(event: AutopayAnnounced) -> Draft:
    """To the owner, a day before: what will be charged, and how to leave it out."""
    body = (
        f"{event.plan_name} for {spaced(event.phone_number)} is due on {_when(event.due_at)}. {rupees(event.price_paise)} will be "
        f"taken from {_SOURCES[event.payment_method]}. You can skip this one until then."
    )
    return _draft(event, "autopay_announced", "Your next autopay", body, due_at=event.due_at)


def paused(event: AutopayPaused) -> Draft:
    """To the owner: why nothing is charged, and what to do."""
    why = _PAUSED[event.reason].format(price=rupees(event.price_paise), limit=rupees(event.max_amount_paise))
    body = f"{event.plan_name} for {spaced(event.phone_number)} is paused: {why} Nothing was charged."
    return _draft(event, "autopay_paused", "Your autopay is paused", body, reason=event.reason)


def failed(event: AutopayFailed) -> Draft:
    """To the owner: why it failed, and when it is tried again."""
    why = _FAILED.get(event.reason, "the recharge could not be made")
    if event.retry_at is not None:
        then = f"We will try again on {_when(event.retry_at)}."
    elif event.next_due is not None:
        then = f"We will not try again this time; the next one is due on {_when(event.next_due)}."
    else:
        then = "We will not try again. You can recharge the number yourself at any time."
    body = f"{event.plan_name} for {spaced(event.phone_number)} was not recharged: {why}. Nothing was charged. {then}"
    return _draft(event, "autopay_failed", "Your autopay did not go through", body, reason=event.reason)


def _draft(event: Any, kind: str, title: str, body: str, **data: str) -> Draft:
    return Draft(
        recipient=Recipient("user", UUID(event.user_id)),
        kind=kind,
        type=NotificationType.TRANSACTIONAL,
        title=title,
        body=body,
        data={"autopay_id": event.autopay_id, "phone_number": event.phone_number, **data},
    )


def _when(instant: str) -> str:
    """`2026-08-14T00:30:00Z` -> `14 August 2026 at 06:00`, in India."""
    local = datetime.fromisoformat(instant).astimezone(IST)
    return f"{local.day} {local:%B %Y} at {local:%H:%M}"


TEMPLATES: Final[dict[type[Event], Callable[[Any], Draft | None]]] = {
    AutopayAnnounced: announced,
    AutopayPaused: paused,
    AutopayFailed: failed,
}
