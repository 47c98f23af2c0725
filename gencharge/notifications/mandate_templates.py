"""The texts of notices about mandates. What hangs on one that ended is paused, and has notices of its own."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from gencharge.core.events.events import Event
from gencharge.core.values.clock import IST
from gencharge.mandates.events import MandateActivated, MandateEnded
from gencharge.notifications.models import Draft, NotificationType, Recipient
from gencharge.notifications.templates import rupees

_METHODS: Final = {"upi": "UPI", "card": "card", "netbanking": "net banking"}
_ENDED: Final = {
    "customer": "You revoked it. Nothing will be charged to it any more.",
    "bank": "It was revoked at your bank, so nothing will be charged to it any more. To go on, set up a new one.",
    "expired": "It has expired, so nothing will be charged to it any more. To go on, set up a new one.",
}


def activated(event: MandateActivated) -> Draft:
    """To the owner: what may be charged, until when, and how to take it back."""
    until = datetime.fromisoformat(event.expires_at).astimezone(IST)
    body = (
        f"You allowed charges of up to {rupees(event.max_amount_paise)} each to your {_METHODS[event.payment_method]} until "
        f"{until.day} {until:%B %Y}. You can revoke it at any time."
    )
    return _draft(event, "mandate_activated", "Your mandate is active", body)


def ended(event: MandateEnded) -> Draft | None:
    """To the owner: why nothing is charged any more. None if they closed the account or never approved it."""
    why = _ENDED.get(event.reason)
    if why is None:
        return None
    title = f"Your {_METHODS[event.payment_method]} mandate has ended"
    return _draft(event, "mandate_ended", title, why, reason=event.reason)


def _draft(event: Any, kind: str, title: str, body: str, **data: str) -> Draft:
    return Draft(
        recipient=Recipient("user", UUID(event.user_id)),
        kind=kind,
        type=NotificationType.TRANSACTIONAL,
        title=title,
        body=body,
        data={"mandate_id": event.mandate_id, **data},
    )


TEMPLATES: Final[dict[type[Event], Callable[[Any], Draft | None]]] = {
    MandateActivated: activated,
    MandateEnded: ended,
}
