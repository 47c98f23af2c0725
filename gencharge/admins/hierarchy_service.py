"""Rank: which admin holds which permissions, read under locks, so that a decision is still right when it commits.

Changes of admins and roles are serialized: each locks all roles (a handful of rows) first. So two SuperAdmins who
demote each other at once don't both succeed.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.admins import crud
from gencharge.admins.errors import (
    AdminAlreadyArchived,
    AdminNotFound,
    LastSuperAdmin,
    OwnAccount,
    PermissionNotHeld,
    RankTooLow,
    RoleNotFound,
)
from gencharge.admins.models import Admin, AdminStatus, Role
from gencharge.admins.roles import SUPER_ADMIN
from gencharge.core.http import etags
from gencharge.core.wording import worded
from gencharge.sessions.errors import OperatorOutOfScope

_NOTHING: Final[frozenset[str]] = frozenset()


@dataclass(frozen=True, slots=True)
class Staff:
    """All roles and some admins, held to the end of the transaction."""

    roles: Mapping[UUID, Role]
    permissions: Mapping[UUID, frozenset[str]]
    admins: Mapping[UUID, Admin]

    def admin(self, admin_id: UUID) -> Admin:
        """One of the admins that are held. Raises AdminNotFound."""
        try:
            return self.admins[admin_id]
        except KeyError:
            raise AdminNotFound from None

    def role_of(self, admin: Admin) -> Role | None:
        """The admin's role; None for one who left and whose role is gone."""
        return self.roles[admin.role_id] if admin.role_id is not None else None

    def role_named(self, name: str) -> Role:
        """The role of this name. Raises RoleNotFound, which lists all."""
        for role in self.roles.values():
            if role.name == name:
                return role
        raise RoleNotFound(role.name for role in self.roles.values())

    def role(self, role_id: UUID) -> Role:
        """The role of this id. Raises RoleNotFound, which lists all."""
        try:
            return self.roles[role_id]
        except KeyError:
            raise RoleNotFound(role.name for role in self.roles.values()) from None

    def permissions_of(self, role: Role) -> frozenset[str]:
        """What a role allows."""
        return self.permissions.get(role.role_id, _NOTHING)

    def held_by(self, admin_id: UUID) -> frozenset[str]:
        """The permissions that an active admin has now, whatever their token says; none for any other admin."""
        admin = self.admins.get(admin_id)
        if admin is None or admin.role_id is None or admin.status != AdminStatus.ACTIVE:
            return _NOTHING
        return self.permissions.get(admin.role_id, _NOTHING)

    def check_grant(self, actor_id: UUID, permissions: Iterable[str]) -> None:
        """Raises PermissionNotHeld, which names what the actor lacks."""
        missing = set(permissions) - self.held_by(actor_id)
        if missing:
            raise PermissionNotHeld(missing)

    def check_scope(self, actor_id: UUID, operators: Collection[str]) -> None:
        """Raises OperatorOutOfScope if a scope (empty = all) reaches beyond the actor's own."""
        own = self._scope(actor_id)
        if own and (not operators or not set(operators) <= set(own)):
            raise OperatorOutOfScope(worded("Your role covers only {operators}.", operators=list(own)))

    def check_rank(self, actor_id: UUID, target: Admin) -> None:
        """Raises RankTooLow if the target holds, or once unblocked will hold, more than the actor."""
        target_permissions = (
            self.permissions.get(target.role_id, _NOTHING) if target.role_id is not None else _NOTHING
        )
        missing = target_permissions - self.held_by(actor_id)
        own = self._scope(actor_id)
        if own and not (target.operator_scope and set(target.operator_scope) <= set(own)):
            missing |= {"access to other operators"}
        if missing:
            raise RankTooLow(missing)

    def _scope(self, actor_id: UUID) -> list[str]:
        actor = self.admins.get(actor_id)
        return actor.operator_scope if actor is not None else []

    async def check_not_last(self, db: AsyncSession, target: Admin) -> None:
        """Raises LastSuperAdmin if there is no other active SuperAdmin for all operators."""
        role = self.role_of(target)
        if role is None or role.name != SUPER_ADMIN:
            return
        if target.status != AdminStatus.ACTIVE or target.operator_scope:
            return
        if not await crud.has_other_active(db, role_id=role.role_id, except_admin_id=target.admin_id):
            raise LastSuperAdmin


async def lock_staff(db: AsyncSession, *admin_ids: UUID) -> Staff:
    """All roles and these admins, held to the end of the transaction: roles first, each kind in the order of ids."""
    roles = await crud.lock_roles(db)
    admins = await crud.lock_admins(db, admin_ids)
    return Staff(
        roles={role.role_id: role for role in roles},
        permissions=await crud.list_permissions(db),
        admins={admin.admin_id: admin for admin in admins},
    )


async def lock_other(
    db: AsyncSession, actor_id: UUID, admin_id: UUID, if_match: str | None = None
) -> tuple[Staff, Admin]:
    """Another admin of no higher rank, held to the end of the transaction.

    Raises OwnAccount, AdminNotFound, AdminAlreadyArchived, RankTooLow, ResourceChanged.
    """
    if actor_id == admin_id:
        raise OwnAccount
    staff = await lock_staff(db, actor_id, admin_id)
    admin = staff.admin(admin_id)
    if admin.status == AdminStatus.ARCHIVED:
        raise AdminAlreadyArchived
    staff.check_rank(actor_id, admin)
    etags.check(if_match, admin)
    return staff, admin
