"""What happens in velocity."""

from __future__ import annotations

from dataclasses import dataclass

from gencharge.core.events.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentHeldBack(Event):
    """A velocity rule refused a recharge or a top-up, for the first time in this hour."""

    held_back_id: str
    rule: str
    kind: str
    amount_paise: int
    phone_number: str | None
    result: str = "failed"
