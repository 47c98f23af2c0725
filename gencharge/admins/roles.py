"""The five roles that every installation starts with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from gencharge.sessions.guards import ALL, Action, Resource, permission

_READ, _WRITE, _EDIT, _DELETE = Action.READ, Action.WRITE, Action.EDIT, Action.DELETE
SUPER_ADMIN: Final = "SuperAdmin"
# The name under which every process keeps what roles allow (`core.snapshots`).
SNAPSHOT: Final = "roles"


@dataclass(frozen=True, slots=True)
class SeededRole:
    """A role's name, what it is for, and what it allows."""

    name: str
    description: str
    permissions: frozenset[str]


def _grant(resources: tuple[Resource, ...], *actions: Action) -> frozenset[str]:
    return frozenset(permission(resource, action) for resource in resources for action in actions)


_CATALOGUE = (
    Resource.PLAN_GROUPS,
    Resource.PLANS,
    Resource.OFFER_TYPES,
    Resource.OFFERS,
    Resource.OPERATORS,
)
_CUSTOMERS = (
    Resource.USERS,
    Resource.RECHARGE,
    Resource.WALLET,
    Resource.PAYMENTS,
    Resource.AUTOPAY,
    Resource.REFERRALS,
)
_TALK = (Resource.NOTIFICATIONS, Resource.ANNOUNCEMENTS, Resource.CONTENT, Resource.CONTACT)
_FIGURES = (Resource.REPORTS, Resource.ANALYTICS)

SEEDED_ROLES: Final = (
    SeededRole(SUPER_ADMIN, "Everything, including staff, roles and backups.", ALL),
    SeededRole(
        "Manager",
        "Runs the catalogue and looks after customers; no staff, roles or backups.",
        _grant(_CATALOGUE, *Action)
        | _grant(_TALK, *Action)
        | _grant(_CUSTOMERS, _READ, _EDIT)
        | _grant(_FIGURES, _READ, _WRITE)
        | _grant((Resource.ADMINS, Resource.ROLES, Resource.AUDIT_LOGS, Resource.PERSONAL_DATA), _READ)
        | _grant((Resource.SESSIONS,), _READ, _DELETE),
    ),
    SeededRole(
        "Support",
        "Answers customers: sees their accounts, with masked numbers, blocks and unblocks, ends sessions.",
        _grant(_CATALOGUE, _READ)
        | _grant(_CUSTOMERS, _READ)
        | _grant((Resource.USERS,), _EDIT)
        | _grant((Resource.NOTIFICATIONS,), _READ, _WRITE)
        | _grant((Resource.CONTACT,), _READ, _EDIT)
        | _grant((Resource.SESSIONS,), _READ, _DELETE),
    ),
    SeededRole(
        "ContentEditor",
        "Writes pages, questions and answers, and announcements.",
        _grant((Resource.CONTENT, Resource.ANNOUNCEMENTS), *Action)
        | _grant((Resource.NOTIFICATIONS,), _READ, _WRITE)
        | _grant((Resource.CONTACT,), _READ, _EDIT)
        | _grant(_CATALOGUE, _READ),
    ),
    SeededRole(
        "Viewer",
        "Sees the catalogue, customers with masked numbers, and figures; changes nothing.",
        _grant((*_CATALOGUE, *_CUSTOMERS, *_TALK, *_FIGURES), _READ),
    ),
)

# What takes a second admin to grant: it moves money, or grants to others what does.
SENSITIVE: Final = _grant(
    (
        Resource.WALLET,
        Resource.PAYMENTS,
        Resource.RECHARGE,
        Resource.AUTOPAY,
        Resource.REFERRALS,
        Resource.OPERATORS,
        Resource.ADMINS,
        Resource.ROLES,
    ),
    _WRITE,
    _EDIT,
    _DELETE,
)
SEEDED_NAMES: Final = frozenset(role.name for role in SEEDED_ROLES)
