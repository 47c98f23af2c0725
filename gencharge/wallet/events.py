"""What this room announces."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from gencharge.core.events.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class AdjustmentRequested(Event):
    """An admin asked for a correction of a customer's balance. No money has moved."""

    adjustment_id: str
    direction: str  # credit | debit
    amount_paise: int
    reason: str
    changes: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class AdjustmentApproved(Event):
    """A second admin approved a correction: the money has moved."""

    adjustment_id: str
    direction: str
    amount_paise: int
    reason: str
    changes: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class AdjustmentRejected(Event):
    """A second admin refused a correction."""

    adjustment_id: str
    direction: str
    amount_paise: int
    reason: str
    changes: dict[str, Any] = field(default_factory=dict)
    result: str = "succeeded"  # the decision did, whatever its name sounds like


@dataclass(frozen=True, slots=True, kw_only=True)
class AdjustmentCancelled(Event):
    """Who asked for a correction took it back."""

    adjustment_id: str
    direction: str
    amount_paise: int
    reason: str
    changes: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class AdjustmentExpired(Event):
    """Nobody decided on a correction in time."""

    adjustment_id: str
    direction: str
    amount_paise: int
    reason: str
    changes: dict[str, Any] = field(default_factory=dict)
