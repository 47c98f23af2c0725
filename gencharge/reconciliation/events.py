"""What this room announces. Amounts in paise, days of India."""

from __future__ import annotations

from dataclasses import dataclass, field

from gencharge.core.events.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class ReconciliationRequested(Event):
    """An admin requested a run."""

    run_id: str
    counterparty: str
    day: str
    changes: dict[str, dict[str, object]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReconciliationFinished(Event):
    """A run ended. Its `status` is failed if the statement was not available or not valid."""

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
    """A difference was claimed or resolved, or the counterparty is asked again."""

    difference_id: str
    run_id: str
    counterparty: str
    kind: str
    reference: str
    resolution: str
    moved_paise: int
    reason: str
    changes: dict[str, dict[str, object]] = field(default_factory=dict)
