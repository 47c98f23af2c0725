"""What can go wrong with admins and their roles."""

from __future__ import annotations

from collections.abc import Iterable

from gencharge.core.errors import Conflict, Forbidden, NotFound, field_problem


class AdminUnknown(NotFound):
    """There is no such admin."""


class AdminBlocked(Forbidden):
    """This admin account is blocked."""


class RoleUnknown(NotFound):
    """There is no such role."""

    def __init__(self, available: Iterable[str]) -> None:
        names = sorted(available)
        super().__init__(f"{self.title()} There are: {', '.join(names)}.", available=names)


class PermissionUnknown(NotFound):
    """There is no such permission."""

    def __init__(self, unknown: Iterable[str], available: Iterable[str]) -> None:
        names = sorted(available)
        super().__init__(
            f"There is no permission {', '.join(sorted(unknown))}. There are: {', '.join(names)}.",
            available=names,
        )


class OwnAccount(Conflict):
    """Nobody does this to their own account; ask another admin."""


class OwnRole(Conflict):
    """Nobody changes the role that they have themselves; ask another admin."""


class LastSuperAdmin(Conflict):
    """This is the last active SuperAdmin for all operators; make another one first."""


class AdminNotActive(Conflict):
    """Only an active admin can be blocked."""


class AdminNotBlocked(Conflict):
    """Only a blocked admin can be unblocked."""


class AdminGone(Conflict):
    """This admin has been archived; nothing about them changes any more."""


class _TooMuch(Forbidden):
    """It would take more than you hold."""

    def __init__(self, missing: Iterable[str]) -> None:
        names = sorted(missing)
        super().__init__(f"{self.title()} You lack: {', '.join(names)}.", missing=names)


class GrantExceedsOwn(_TooMuch):
    """Nobody grants what they don't hold."""


class RankTooLow(_TooMuch):
    """Who or what you want to change holds more than you do."""


class RoleNameTaken(Conflict):
    """There is a role of this name already."""

    def __init__(self) -> None:
        super().__init__(errors=[field_problem("body.name", self.title(), "role_name_taken")])


class RoleInUse(Conflict):
    """Admins have this role; give them another one first."""


class RoleProtected(Conflict):
    """Every installation has this role: it is not deleted or renamed, and SuperAdmin always allows everything."""
