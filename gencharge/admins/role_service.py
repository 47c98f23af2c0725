"""Roles: listing, adding, replacing and deleting them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.admins import crud
from gencharge.admins.errors import (
    OwnRole,
    PermissionNotFound,
    PermissionNotHeld,
    RankTooLow,
    RoleAlreadyExists,
    RoleInUse,
    RoleNotFound,
    RoleProtected,
)
from gencharge.admins.events import RoleCreated, RoleDeleted, RoleUpdated
from gencharge.admins.hierarchy_service import Staff, lock_staff
from gencharge.admins.models import Role
from gencharge.admins.roles import SEEDED_NAMES, SNAPSHOT, SUPER_ADMIN
from gencharge.admins.staff_schemas import (
    PermissionGroupOut,
    PermissionGroupPage,
    PermissionOut,
    RoleOut,
    RolePage,
)
from gencharge.core.events.events import changes, emit
from gencharge.core.http import etags
from gencharge.core.http.paging import Order, PageParams, column_of, fetch_page, slice_page
from gencharge.core.rooms import snapshots
from gencharge.core.values import clock
from gencharge.core.values.ids import SYSTEM_USER_ID, new_id
from gencharge.sessions import service as sessions
from gencharge.sessions.guards import ALL, Action, Resource, describe, permission

_ORDER = Order(column_of(Role.name), column_of(Role.role_id), descending=False)


def list_permissions(page: PageParams) -> PermissionGroupPage:
    """A page of all that roles can allow, by resource, each with a sentence. Raises CursorInvalid."""
    place = {resource: (number,) for number, resource in enumerate(Resource)}
    resources, cursor, total = slice_page(tuple(Resource), page, place.__getitem__)
    items = [
        PermissionGroupOut(
            resource=resource.value,
            permissions=[
                PermissionOut(permission=permission(resource, action), description=describe(resource, action))
                for action in Action
            ],
        )
        for resource in resources
    ]
    return PermissionGroupPage(items=items, next_cursor=cursor, total=total)


async def list_roles(db: AsyncSession, page: PageParams) -> RolePage:
    """A page of the roles, by name."""
    rows, cursor, total = await fetch_page(db, crud.select_roles(), _ORDER, page)
    return RolePage(items=await _to_out(db, rows), next_cursor=cursor, total=total)


async def show_role(db: AsyncSession, role_id: UUID) -> RoleOut:
    """One role. Raises RoleNotFound."""
    role = await crud.get_role(db, role_id)
    if role is None:
        raise RoleNotFound(await crud.list_role_ids(db))
    return (await _to_out(db, [role]))[0]


async def create_role(
    db: AsyncSession, actor_id: UUID, *, name: str, description: str, permissions: Collection[str]
) -> RoleOut:
    """A new role. Raises PermissionNotFound, PermissionNotHeld, RoleAlreadyExists."""
    _check_known(permissions)
    staff = await lock_staff(db, actor_id)
    staff.check_grant(actor_id, permissions)
    _check_name_free(staff, name)
    now = clock.now()
    role = Role(
        role_id=new_id(),
        name=name,
        description=description,
        permissions_version=1,
        created_at=now,
        updated_at=now,
    )
    db.add(role)
    await db.flush()
    await crud.add_permissions(db, role.role_id, set(permissions))
    after = _state_of(name, description, permissions)
    await emit(
        db, RoleCreated(user_id=str(SYSTEM_USER_ID), role_id=str(role.role_id), changes=changes({}, after))
    )
    await snapshots.bump(db, SNAPSHOT)
    return (await _to_out(db, [role]))[0]


async def replace_role(
    db: AsyncSession,
    actor_id: UUID,
    role_id: UUID,
    *,
    name: str,
    description: str,
    permissions: Collection[str],
    if_match: str | None = None,
) -> RoleOut:
    """Replace name, description and permissions. A new name ends the sessions of those who have the role.

    Raises RoleNotFound, ResourceChanged, PermissionNotFound, RoleProtected, OwnRole, RankTooLow, PermissionNotHeld, RoleAlreadyExists.
    """
    _check_known(permissions)
    staff = await lock_staff(db, actor_id)
    role = staff.role(role_id)
    etags.check(if_match, role)
    old, new = staff.permissions.get(role_id, frozenset()), frozenset(permissions)
    renamed = name != role.name
    if (renamed and role.name in SEEDED_NAMES) or (role.name == SUPER_ADMIN and new != ALL):
        raise RoleProtected
    _check_not_own(staff, actor_id, role)
    _check_above(staff, actor_id, old)
    if missing := new - staff.held_by(actor_id):
        raise PermissionNotHeld(missing)
    if name.casefold() != role.name.casefold():
        _check_name_free(staff, name)
    before = _state_of(role.name, role.description, old)
    changed = changes(before, _state_of(name, description, new))
    if not changed:
        return (await _to_out(db, [role]))[0]
    role.name, role.description, role.updated_at = name, description, clock.now()
    if old != new:
        role.permissions_version += 1
        await crud.delete_permissions(db, role_id, old - new)
        await crud.add_permissions(db, role_id, new - old)
    await db.flush()
    await emit(db, RoleUpdated(user_id=str(SYSTEM_USER_ID), role_id=str(role_id), changes=changed))
    await snapshots.bump(db, SNAPSHOT)
    if renamed:
        # Their tokens carry the old name, which another role may take.
        for admin_id in await crud.list_admin_ids_of_role(db, role_id):
            await sessions.revoke(db, admin_id, reason="role_renamed")
    return (await _to_out(db, [role]))[0]


async def delete_role(db: AsyncSession, actor_id: UUID, role_id: UUID) -> None:
    """Delete a role without admins. Raises RoleNotFound, RoleProtected, RankTooLow, RoleInUse."""
    staff = await lock_staff(db, actor_id)
    role = staff.role(role_id)
    if role.name in SEEDED_NAMES:
        raise RoleProtected
    allowed = staff.permissions.get(role_id, frozenset())
    _check_above(staff, actor_id, allowed)
    if await crud.list_admin_ids_of_role(db, role_id):
        raise RoleInUse
    removed = changes(_state_of(role.name, role.description, allowed), {})
    await crud.delete_role(db, role_id)
    await emit(db, RoleDeleted(user_id=str(SYSTEM_USER_ID), role_id=str(role_id), changes=removed))
    await snapshots.bump(db, SNAPSHOT)


def _state_of(name: str, description: str, permissions: Collection[str]) -> dict[str, Any]:
    return {"name": name, "description": description, "permissions": frozenset(permissions)}


def _check_known(permissions: Collection[str]) -> None:
    if unknown := set(permissions) - ALL:
        raise PermissionNotFound(unknown, ALL)


def _check_not_own(staff: Staff, actor_id: UUID, role: Role) -> None:
    actor = staff.admins.get(actor_id)
    if actor is not None and actor.role_id == role.role_id:
        raise OwnRole


def _check_above(staff: Staff, actor_id: UUID, permissions: frozenset[str]) -> None:
    if missing := permissions - staff.held_by(actor_id):
        raise RankTooLow(missing)


def _check_name_free(staff: Staff, name: str) -> None:
    # Names that differ only in case are easily confused.
    if name.casefold() in {role.name.casefold() for role in staff.roles.values()}:
        raise RoleAlreadyExists


async def _to_out(db: AsyncSession, roles: Sequence[Role]) -> list[RoleOut]:
    role_ids = [role.role_id for role in roles]
    permissions = await crud.list_permissions(db, role_ids)
    counts = await crud.count_admins_by_role(db, role_ids)
    return [
        RoleOut(
            etag=role.etag,
            role_id=role.role_id,
            name=role.name,
            description=role.description,
            permissions=sorted(permissions.get(role.role_id, ())),
            permissions_version=role.permissions_version,
            admins=counts.get(role.role_id, 0),
            seeded=role.name in SEEDED_NAMES,
            created_at=role.created_at,
            updated_at=role.updated_at,
        )
        for role in roles
    ]
