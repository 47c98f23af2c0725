"""The events of this room."""

from __future__ import annotations

from dataclasses import dataclass, field

from gencharge.core.events.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class _ApprovalEvent(Event):
    """What every event of a request says."""

    approval_id: str
    act: str
    target: str
    summary: str
    reason: str
    operator: str | None
    changes: dict[str, dict[str, object]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalRequested(_ApprovalEvent):
    """An admin requested an act that takes a second one, who needs the `permission`. Nothing was done yet."""

    permission: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalGranted(_ApprovalEvent):
    """A second admin approved a request, and it was done."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalDenied(_ApprovalEvent):
    """A second admin rejected a request. Nothing was done."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalCancelled(_ApprovalEvent):
    """The admin who had made a request cancelled it. Nothing was done."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalExpired(_ApprovalEvent):
    """Nobody decided on a request in time. Nothing was done."""
