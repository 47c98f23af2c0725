"""What can go wrong with admins and their roles."""

from __future__ import annotations

from collections.abc import Iterable

from gencharge.core.errors import Conflict, Forbidden, NotFound, field_problem
from gencharge.core.wording import worded


class AdminNotFound(NotFound):
    """Admin not found."""


class AdminBlocked(Forbidden):
    """This admin account is blocked. Ask another admin to unblock it."""


class RoleNotFound(NotFound):
    """Role not found."""

    def __init__(self, available: Iterable[str]) -> None:
        names = sorted(available)
        super().__init__(
            worded("{title} Available: {names}.", title=worded(self.title()), names=names), available=names
        )


class PermissionNotFound(NotFound):
    """Permission not found."""

    def __init__(self, unknown: Iterable[str], available: Iterable[str]) -> None:
        names = sorted(available)
        super().__init__(
            worded(
                "Unknown permission: {unknown}. Available: {names}.", unknown=sorted(unknown), names=names
            ),
            available=names,
        )


class OwnAccount(Conflict):
    """You can't do this to your own account. Ask another admin."""


class OwnRole(Conflict):
    """You can't change your own role. Ask another admin."""


class LastSuperAdmin(Conflict):
    """This is the last active SuperAdmin with access to all operators. Appoint another one first."""


class AdminNotActive(Conflict):
    """Only an active admin can be blocked."""


class AdminNotBlocked(Conflict):
    """Only a blocked admin can be unblocked."""


class AdminAlreadyArchived(Conflict):
    """This admin is archived and can no longer be changed."""


class _BeyondOwnPermissions(Forbidden):
    """This needs permissions you don't have."""

    def __init__(self, missing: Iterable[str]) -> None:
        names = sorted(missing)
        super().__init__(
            worded("{title} Missing: {names}.", title=worded(self.title()), names=names), missing=names
        )


class PermissionNotHeld(_BeyondOwnPermissions):
    """You can't grant a permission you don't have."""


class RankTooLow(_BeyondOwnPermissions):
    """You can't change an admin or a role with more permissions than you have."""


class RoleAlreadyExists(Conflict):
    """A role with this name already exists."""

    def __init__(self) -> None:
        super().__init__(errors=[field_problem("body.name", self.title(), "role_already_exists")])


class RoleInUse(Conflict):
    """This role is assigned to admins. Give them another role first."""


class RoleProtected(Conflict):
    """This is a built-in role. It can't be renamed or deleted, and SuperAdmin keeps every permission."""
