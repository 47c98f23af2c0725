"""What happens to admins and roles. It is about no customer, so `user_id` is the system's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from gencharge.core.events.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class AdminCreated(Event):
    """Somebody joined the staff."""

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
    """An admin was shut out."""

    admin_id: str
    reason: str
    changes: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class AdminUnblocked(Event):
    """An admin may come back."""

    admin_id: str
    changes: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class AdminArchived(Event):
    """An admin left; number and e-mail address are free again."""

    admin_id: str
    changes: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleCreated(Event):
    """There is a new role."""

    role_id: str
    changes: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleUpdated(Event):
    """A role's name, description or permissions changed."""

    role_id: str
    changes: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleDeleted(Event):
    """A role that nobody had is gone."""

    role_id: str
    changes: dict[str, Any]
