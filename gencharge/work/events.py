"""What this room announces."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from gencharge.core.events.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkAssigned(Event):
    """An admin took something over, gave it to a colleague, or gave it back."""

    work_id: str  # kind:item
    changes: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkRerun(Event):
    """An admin had something tried again that was parked."""

    work_id: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkClosed(Event):
    """An admin closed something that an event had reported."""

    work_id: str
    reason: str
