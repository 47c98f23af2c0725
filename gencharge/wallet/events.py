"""What this room announces."""

from __future__ import annotations

from dataclasses import dataclass, field

from gencharge.core.events.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class AdjustmentRequested(Event):
    """An admin requested an adjustment of a customer's balance. No money has moved."""

    adjustment_id: str
    direction: str  # credit | debit
    amount_paise: int
    reason: str
    changes: dict[str, dict[str, object]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class AdjustmentApproved(Event):
    """A second admin approved an adjustment: the money has moved."""

    adjustment_id: str
    direction: str
    amount_paise: int
    reason: str
    changes: dict[str, dict[str, object]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class AdjustmentRejected(Event):
    """A second admin rejected an adjustment."""

    adjustment_id: str
    direction: str
    amount_paise: int
    reason: str
    changes: dict[str, dict[str, object]] = field(default_factory=dict)
    result: str = "succeeded"  # of the admin's action: rejecting succeeded


@dataclass(frozen=True, slots=True, kw_only=True)
class AdjustmentCancelled(Event):
    """The admin who requested an adjustment cancelled it."""

    adjustment_id: str
    direction: str
    amount_paise: int
    reason: str
    changes: dict[str, dict[str, object]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class AdjustmentExpired(Event):
    """Nobody decided on an adjustment in time."""

    adjustment_id: str
    direction: str
    amount_paise: int
    reason: str
    changes: dict[str, dict[str, object]] = field(default_factory=dict)
