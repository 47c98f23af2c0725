"""Roles: listing, adding, replacing and deleting them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.admins import crud
from gencharge.admins.errors import (
    OwnRole,
    PermissionNotFound,
    RankTooLow,
    RoleAlreadyExists,
    RoleInUse,
    RoleNotFound,
    RoleProtected,
)
from gencharge.admins.events import RoleCreated, RoleDeleted, RoleUpdated
from gencharge.admins.hierarchy_service import Staff, lock_staff
from gencharge.admins.models import Role
from gencharge.admins.roles import SEEDED_NAMES, SENSITIVE, SNAPSHOT, SUPER_ADMIN
from gencharge.admins.staff_schemas import (
    PermissionGroupOut,
    PermissionGroupPage,
    PermissionOut,
    RoleOut,
    RolePage,
)
from gencharge.approvals import service as approvals
from gencharge.approvals.service import ApprovalOut
from gencharge.core.events.events import changes, emit
from gencharge.core.http import etags
from gencharge.core.http.paging import Order, PageParams, column_of, fetch_page, slice_page
from gencharge.core.rooms import snapshots
from gencharge.core.rooms.acts import Act, Approved
from gencharge.core.values import clock
from gencharge.core.values.ids import SYSTEM_USER_ID, new_id
from gencharge.core.wording import worded
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
    db: AsyncSession,
    actor_id: UUID,
    *,
    name: str,
    description: str,
    permissions: Collection[str],
    reason: str = "",
) -> RoleOut | ApprovalOut:
    """A new role; one that allows what is sensitive waits for a second admin.

    Raises PermissionNotFound, PermissionNotHeld, RoleAlreadyExists, ApprovalAlreadyPending.
    """
    _check_known(permissions)
    staff = await lock_staff(db, actor_id)
    staff.check_grant(actor_id, permissions)
    _check_name_free(staff, name)
    sensitive = SENSITIVE.intersection(permissions)
    if not sensitive:
        return await _create(db, name, description, permissions)
    proposal = approvals.Proposal(
        act=CREATE,
        target=f"role:{name.casefold()}",
        summary=worded(
            "Make the role {name}, which allows {permissions}.", name=name, permissions=sorted(sensitive)
        ),
        reason=reason,
        payload={"name": name, "description": description, "permissions": sorted(set(permissions))},
    )
    return (await approvals.request(db, actor_id, proposal)).answer


async def _create_approved(db: AsyncSession, approved: Approved) -> None:
    payload = approved.payload
    _check_known(payload["permissions"])
    staff = await lock_staff(db, approved.requested_by, approved.approved_by)
    for actor_id in (approved.requested_by, approved.approved_by):
        staff.check_grant(actor_id, payload["permissions"])
    _check_name_free(staff, payload["name"])
    await _create(db, payload["name"], payload["description"], payload["permissions"])


async def _create(db: AsyncSession, name: str, description: str, permissions: Collection[str]) -> RoleOut:
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
    reason: str = "",
    if_match: str | None = None,
) -> RoleOut | ApprovalOut:
    """Replace name, description and permissions. A new name ends the sessions of those who have the role. If it then allows
    more of what is sensitive, all of it waits for a second admin.

    Raises RoleNotFound, ResourceChanged, PermissionNotFound, RoleProtected, OwnRole, RankTooLow, PermissionNotHeld,
    RoleAlreadyExists, ApprovalAlreadyPending.
    """
    _check_known(permissions)
    staff = await lock_staff(db, actor_id)
    role = staff.role(role_id)
    etags.check(if_match, role)
    _check_replace(staff, actor_id, role, name, permissions)
    added = SENSITIVE.intersection(permissions) - staff.permissions_of(role)
    if not added:
        return await _replace(db, staff, role, name, description, permissions)
    proposal = approvals.Proposal(
        act=REPLACE,
        target=f"role:{role_id}",
        summary=worded(
            "Let the role {name} allow {permissions}, too.", name=role.name, permissions=sorted(added)
        ),
        reason=reason,
        payload={
            "role_id": str(role_id),
            "name": name,
            "description": description,
            "permissions": sorted(set(permissions)),
            "if_match": f'"{role.etag}"',
        },
    )
    return (await approvals.request(db, actor_id, proposal)).answer


async def _replace_approved(db: AsyncSession, approved: Approved) -> None:
    payload = approved.payload
    name, permissions = payload["name"], payload["permissions"]
    _check_known(permissions)
    staff = await lock_staff(db, approved.requested_by, approved.approved_by)
    role = staff.role(UUID(payload["role_id"]))
    etags.check(payload["if_match"], role)
    for actor_id in (approved.requested_by, approved.approved_by):
        _check_replace(staff, actor_id, role, name, permissions)
    await _replace(db, staff, role, name, payload["description"], permissions)


def _check_replace(staff: Staff, actor_id: UUID, role: Role, name: str, permissions: Collection[str]) -> None:
    if name != role.name and role.name in SEEDED_NAMES:
        raise RoleProtected
    if role.name == SUPER_ADMIN and set(permissions) != ALL:
        raise RoleProtected
    _check_not_own(staff, actor_id, role)
    _check_above(staff, actor_id, staff.permissions_of(role))
    staff.check_grant(actor_id, permissions)
    if name.casefold() != role.name.casefold():
        _check_name_free(staff, name)


async def _replace(
    db: AsyncSession, staff: Staff, role: Role, name: str, description: str, permissions: Collection[str]
) -> RoleOut:
    role_id, old, new = role.role_id, staff.permissions_of(role), frozenset(permissions)
    renamed = name != role.name
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


CREATE: Final = Act(
    name="create_role", permission=permission(Resource.ROLES, Action.WRITE), run=_create_approved
)
REPLACE: Final = Act(
    name="replace_role", permission=permission(Resource.ROLES, Action.EDIT), run=_replace_approved
)
