"""What happens to mandates. Amounts in paise; instants are RFC 3339."""

from __future__ import annotations

from dataclasses import dataclass

from gencharge.core.events.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class MandateRequested(Event):
    """A customer asked for a mandate, and has yet to approve it at the gateway."""

    mandate_id: str
    payment_method: str
    max_amount_paise: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MandateActivated(Event):
    """The customer approved a mandate: it can be charged."""

    mandate_id: str
    payment_method: str
    max_amount_paise: int
    expires_at: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MandateEnded(Event):
    """A mandate can't be charged any more.

    `reason`: `customer` revoked it here, `bank` (it was revoked there), `expired`, `not_approved`, `account_closed`.
    """

    mandate_id: str
    payment_method: str
    reason: str
