"""What happens to operators."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from gencharge.core.events.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatorCreated(Event):
    """An admin added an operator. Its id is its code."""

    operator_id: str
    changes: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatorUpdated(Event):
    """An admin changed an operator: its names, whether recharges go through, over which channel."""

    operator_id: str
    changes: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatorDeleted(Event):
    """An admin deleted an operator that nothing referred to."""

    operator_id: str
    changes: dict[str, Any] = field(default_factory=dict)
