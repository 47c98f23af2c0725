"""What happens to plans and their groups."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from gencharge.core.events.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanCreated(Event):
    """An admin added a plan."""

    plan_id: str
    operator: str
    version: int
    changes: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanUpdated(Event):
    """An admin changed a plan. `version` is the one that is sold from now on."""

    plan_id: str
    operator: str
    version: int
    changes: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanDeleted(Event):
    """An admin deleted a draft."""

    plan_id: str
    operator: str
    version: int
    changes: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanGroupCreated(Event):
    """An admin made a plan group."""

    plan_group_id: str
    changes: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanGroupUpdated(Event):
    """An admin changed a plan group."""

    plan_group_id: str
    changes: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanGroupDeleted(Event):
    """An admin deleted a plan group that was empty."""

    plan_group_id: str
    changes: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlansImported(Event):
    """A file of plans was imported as a whole; each plan that it changed has an event of its own."""

    plan_import_id: str
    created: int
    updated: int
    unchanged: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PlansExported(Event):
    """An admin exported plans as a file. `filters` are those of the export."""

    plan_export_id: str
    file_format: str
    plans: int
    filters: dict[str, Any] = field(default_factory=dict)
