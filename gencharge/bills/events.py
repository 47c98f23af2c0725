"""What bills announces."""

from __future__ import annotations

from dataclasses import dataclass

from gencharge.core.events.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class BillDue(Event):
    """A bill is to be paid by `due_on` (a day in India, YYYY-MM-DD), in so many `days`: 3, 1 or 0. The amount is in paise."""

    bill_id: str
    phone_number: str
    operator: str
    amount_paise: int
    due_on: str
    days: int
