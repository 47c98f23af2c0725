"""What complaints announce. Amounts in paise, instants RFC 3339."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from gencharge.core.events.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class ComplaintMade(Event):
    """A customer complained about a recharge."""

    complaint_id: str
    recharge_id: str
    operator: str
    cause: str
    due_at: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ComplaintAssigned(Event):
    """Another admin works on a complaint, or nobody."""

    complaint_id: str
    recharge_id: str
    changes: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class ComplaintResolved(Event):
    """The staff settled a complaint. `compensation_paise` waits for a second admin, as every adjustment does."""

    complaint_id: str
    recharge_id: str
    operator: str
    plan_name: str
    phone_number: str
    status: str  # upheld | rejected
    reason: str
    compensation_paise: int
    changes: dict[str, Any]
