"""What happens to admins and roles. No customer is concerned, so `user_id` is the system's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from gencharge.core.events.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class AdminCreated(Event):
    """An admin was added."""

    admin_id: str
    changes: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class AdminUpdated(Event):
    """An admin's name, e-mail address or number changed."""

    admin_id: str
    changes: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class AdminRoleChanged(Event):
    """An admin was given another role, or other operators."""

    admin_id: str
    changes: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class AdminBlocked(Event):
    """An admin was blocked."""

    admin_id: str
    reason: str
    changes: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class AdminUnblocked(Event):
    """An admin was unblocked."""

    admin_id: str
    changes: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class AdminArchived(Event):
    """An admin was archived; their number and e-mail address are free again."""

    admin_id: str
    changes: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleCreated(Event):
    """A role was added."""

    role_id: str
    changes: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleUpdated(Event):
    """A role's name, description or permissions changed."""

    role_id: str
    changes: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleDeleted(Event):
    """A role was deleted."""

    role_id: str
    changes: dict[str, Any]
