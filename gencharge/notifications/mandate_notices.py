"""Notices about mandates. What hangs on one that ended is paused, and has notices of its own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from gencharge.core.events.events import Event
from gencharge.mandates.events import MandateActivated, MandateEnded
from gencharge.notifications.kinds import EVERYWHERE, Draft, Kind, Values, choice, date, money
from gencharge.notifications.models import owner_of

_METHOD: Final = choice("upi", "card", "netbanking")
# RBI, e-mandate framework: the customer is told of the registration and of the end of a mandate.
ACTIVATED: Final = Kind(
    "mandate_activated",
    EVERYWHERE,
    {
        "limit": money(50_000, required=True),
        "until": date("2031-12-31T06:00:00+00:00", required=True),
        "method": _METHOD,
    },
    is_mandatory=True,
)
ENDED: Final = Kind(
    "mandate_ended",
    EVERYWHERE,
    {"method": _METHOD, "reason": choice("customer", "bank", "expired")},
    is_mandatory=True,
)


def activated(event: MandateActivated) -> Draft:
    """To the owner: what may be charged, until when, and how to take it back."""
    values: Values = {
        "limit": event.max_amount_paise,
        "until": event.expires_at,
        "method": event.payment_method,
    }
    return Draft(owner_of(event), ACTIVATED, values, {"mandate_id": event.mandate_id})


def ended(event: MandateEnded) -> Draft | None:
    """To the owner: why nothing is charged any more. None if they closed the account or never approved it."""
    if event.reason not in ENDED.variables["reason"].choices:
        return None
    values: Values = {"method": event.payment_method, "reason": event.reason}
    return Draft(owner_of(event), ENDED, values, {"mandate_id": event.mandate_id, "reason": event.reason})


KINDS: Final = (ACTIVATED, ENDED)
NOTICES: Final[dict[type[Event], Callable[[Any], Draft | None]]] = {
    MandateActivated: activated,
    MandateEnded: ended,
}
