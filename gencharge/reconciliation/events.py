"""What this room announces. Amounts in paise, days in India."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from gencharge.core.events.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class ReconciliationRequested(Event):
    """An admin asked for a run."""

    run_id: str
    counterparty: str
    day: str
    changes: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReconciliationFinished(Event):
    """A statement was matched with our books, or could not be had (`status` failed)."""

    run_id: str
    counterparty: str
    day: str
    status: str
    rows_theirs: int = 0
    rows_ours: int = 0
    matched: int = 0
    differences: int = 0
    difference_paise: int = 0
    error: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReconciliationDifferenceResolved(Event):
    """A difference between a statement and our books was dealt with."""

    difference_id: str
    run_id: str
    counterparty: str
    kind: str
    reference: str
    resolution: str
    moved_paise: int
    reason: str
    changes: dict[str, Any] = field(default_factory=dict)
