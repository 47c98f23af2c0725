"""What admins do with each other's accounts; never with their own or a higher rank's."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from typing import Any, Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.admins import crud, events, service
from gencharge.admins.contact_service import check_email_free, check_number_free
from gencharge.admins.errors import AdminNotActive, AdminNotBlocked
from gencharge.admins.hierarchy_service import Staff, lock_other, lock_staff
from gencharge.admins.models import Admin, AdminStatus, Role
from gencharge.admins.roles import SENSITIVE, SUPER_ADMIN
from gencharge.admins.staff_schemas import AdminOut
from gencharge.approvals import service as approvals
from gencharge.approvals.service import ApprovalOut
from gencharge.core.events.events import changes, emit
from gencharge.core.rooms.acts import Act, Approved
from gencharge.core.wording import Worded, worded
from gencharge.directory import service as directory
from gencharge.sessions import service as sessions
from gencharge.sessions.guards import Action, Resource, permission

# How many SuperAdmins the command line makes: as many as a grant to a third one takes.
FIRST_ADMINS: Final = 2


async def appoint(
    db: AsyncSession,
    actor_id: UUID,
    *,
    name: str,
    email: str,
    phone_number: str,
    role: str,
    operator_scope: Collection[str],
    reason: str = "",
) -> AdminOut | ApprovalOut:
    """A new active admin, made by another one. The scope's operators exist. With a role that allows what is sensitive, the
    appointment waits for a second admin.

    Raises RoleNotFound, PermissionNotHeld, OperatorOutOfScope, PhoneNumberAlreadyExists, EmailAlreadyExists, ApprovalAlreadyPending.
    """
    staff = await lock_staff(db, actor_id)
    granted = _check_grant(staff, actor_id, role, operator_scope)
    fields = {"name": name, "email": email, "phone_number": phone_number}
    if not staff.permissions_of(granted) & SENSITIVE:
        return await _appoint(db, staff, granted, **fields, operator_scope=operator_scope)
    await check_number_free(db, phone_number)
    await check_email_free(db, email)
    proposal = approvals.Proposal(
        act=APPOINT,
        # The number itself stays out of lists and notices.
        target=f"new_admin:{hashlib.sha256(phone_number.encode()).hexdigest()[:16]}",
        summary=worded(
            "Make {name} an admin: {described}.", name=name, described=_described(role, operator_scope)
        ),
        reason=reason,
        payload=fields | {"role": role, "operator_scope": list(operator_scope)},
    )
    return (await approvals.request(db, actor_id, proposal)).answer


async def _appoint_approved(db: AsyncSession, approved: Approved) -> None:
    payload = dict(approved.payload)
    staff = await lock_staff(db, approved.requested_by, approved.approved_by)
    role = payload.pop("role")
    for admin_id in (approved.requested_by, approved.approved_by):
        granted = _check_grant(staff, admin_id, role, payload["operator_scope"])
    await _appoint(db, staff, granted, **payload)


async def _appoint(
    db: AsyncSession,
    staff: Staff,
    granted: Role,
    *,
    name: str,
    email: str,
    phone_number: str,
    operator_scope: Collection[str],
) -> AdminOut:
    admin = await service.create(
        db,
        name=name,
        email=email,
        phone_number=phone_number,
        role_id=granted.role_id,
        operator_scope=operator_scope,
    )
    await _announce(db, admin, granted.name)
    return _to_out(staff, admin)


async def appoint_first(db: AsyncSession, *, name: str, email: str, phone_number: str) -> bool:
    """A SuperAdmin for all operators, created at the command line, because a new installation has no two admins who could
    make a third. False if there are two who may sign in.

    Raises PhoneNumberAlreadyExists, EmailAlreadyExists.
    """
    await service.seed_roles(db)
    await lock_staff(db)
    role_id = await service.role_id_of(db, SUPER_ADMIN)
    if await crud.count_active(db, role_id=role_id) >= FIRST_ADMINS:
        return False
    admin = await service.create(db, name=name, email=email, phone_number=phone_number, role_id=role_id)
    await _announce(db, admin, SUPER_ADMIN)
    return True


async def _announce(db: AsyncSession, admin: Admin, role: str) -> None:
    after = service.contact(admin) | {"role": role, "operator_scope": admin.operator_scope}
    await emit(
        db, events.AdminCreated(**service.about(admin), changes=changes({}, after | {"status": admin.status}))
    )


async def assign_role(
    db: AsyncSession,
    actor_id: UUID,
    admin_id: UUID,
    *,
    role: str,
    operator_scope: Collection[str],
    reason: str = "",
    if_match: str | None = None,
) -> AdminOut | ApprovalOut:
    """Give another admin a role and its operators, which exist. Ends their sessions: tokens carry both. If the admin may then
    do more of what is sensitive, or do it for more operators, it waits for a second admin.

    Raises OwnAccount, AdminNotFound, AdminAlreadyArchived, ResourceChanged, RankTooLow, RoleNotFound, PermissionNotHeld,
    OperatorOutOfScope, LastSuperAdmin, ApprovalAlreadyPending.
    """
    staff, admin = await lock_other(db, actor_id, admin_id, if_match)
    granted = _check_grant(staff, actor_id, role, operator_scope)
    await staff.check_not_last(db, admin)
    if not _is_wider(staff, admin, granted, operator_scope):
        return await _assign(db, staff, admin, granted, operator_scope)
    proposal = approvals.Proposal(
        act=ASSIGN,
        target=f"admin:{admin_id}",
        summary=worded(
            "Make the admin {name} {described}, until now {before}.",
            name=admin.name,
            described=_described(role, operator_scope),
            before=_described(_role_name(staff, admin) or worded("without a role"), admin.operator_scope),
        ),
        reason=reason,
        payload={
            "admin_id": str(admin_id),
            "role": role,
            "operator_scope": list(operator_scope),
            "if_match": f'"{admin.etag}"',
        },
    )
    return (await approvals.request(db, actor_id, proposal)).answer


async def _assign_approved(db: AsyncSession, approved: Approved) -> None:
    payload = approved.payload
    admin_id, role, scope = UUID(payload["admin_id"]), payload["role"], payload["operator_scope"]
    for actor_id in (approved.requested_by, approved.approved_by):
        staff, admin = await lock_other(db, actor_id, admin_id, payload["if_match"])
        granted = _check_grant(staff, actor_id, role, scope)
    await staff.check_not_last(db, admin)
    await _assign(db, staff, admin, granted, scope)


def _is_wider(staff: Staff, admin: Admin, granted: Role, operator_scope: Collection[str]) -> bool:
    old_role = staff.role_of(admin)
    old = staff.permissions_of(old_role) if old_role is not None else frozenset()
    new = staff.permissions_of(granted) & SENSITIVE
    reaches_further = bool(admin.operator_scope) and not (
        operator_scope and set(operator_scope) <= set(admin.operator_scope)
    )
    return bool(new - old) or (bool(new) and reaches_further)


async def _assign(
    db: AsyncSession, staff: Staff, admin: Admin, granted: Role, operator_scope: Collection[str]
) -> AdminOut:
    before = {"role": _role_name(staff, admin), "operator_scope": admin.operator_scope}
    changed = changes(before, {"role": granted.name, "operator_scope": list(operator_scope)})
    if not changed:
        return _to_out(staff, admin)
    admin.role_id, admin.operator_scope = granted.role_id, list(operator_scope)
    await service.touch(db, admin)
    await emit(db, events.AdminRoleChanged(**service.about(admin), changes=changed))
    await sessions.revoke(db, admin.admin_id, reason="role_changed")
    return _to_out(staff, admin)


async def block(
    db: AsyncSession, actor_id: UUID, admin_id: UUID, *, reason: str, if_match: str | None = None
) -> AdminOut:
    """Block another admin.

    Raises OwnAccount, AdminNotFound, AdminAlreadyArchived, ResourceChanged, AdminNotActive, RankTooLow, LastSuperAdmin.
    """
    staff, admin = await lock_other(db, actor_id, admin_id, if_match)
    if admin.status != AdminStatus.ACTIVE:
        raise AdminNotActive
    await staff.check_not_last(db, admin)
    status_change = await _set_status(db, admin, AdminStatus.BLOCKED)
    await emit(db, events.AdminBlocked(**service.about(admin), reason=reason, changes=status_change))
    await sessions.revoke(db, admin_id, reason="admin_blocked")
    return _to_out(staff, admin)


async def unblock(
    db: AsyncSession, actor_id: UUID, admin_id: UUID, *, if_match: str | None = None
) -> AdminOut:
    """Unblock a blocked admin.

    Raises OwnAccount, AdminNotFound, AdminAlreadyArchived, ResourceChanged, AdminNotBlocked, RankTooLow.
    """
    staff, admin = await lock_other(db, actor_id, admin_id, if_match)
    if admin.status != AdminStatus.BLOCKED:
        raise AdminNotBlocked
    status_change = await _set_status(db, admin, AdminStatus.ACTIVE)
    await emit(db, events.AdminUnblocked(**service.about(admin), changes=status_change))
    return _to_out(staff, admin)


async def archive(db: AsyncSession, actor_id: UUID, admin_id: UUID) -> None:
    """Archive another admin for good; their number and address are free again.

    Raises OwnAccount, AdminNotFound, AdminAlreadyArchived, RankTooLow, LastSuperAdmin.
    """
    staff, admin = await lock_other(db, actor_id, admin_id)
    await staff.check_not_last(db, admin)
    status_change = await _set_status(db, admin, AdminStatus.ARCHIVED)
    await directory.release(db, owner_id=admin_id, phone_number=admin.phone_number, email=admin.email)
    await emit(db, events.AdminArchived(**service.about(admin), changes=status_change))
    await sessions.revoke(db, admin_id, reason="admin_archived")


def _check_grant(staff: Staff, actor_id: UUID, name: str, operator_scope: Collection[str]) -> Role:
    role = staff.role_named(name)
    staff.check_grant(actor_id, staff.permissions.get(role.role_id, frozenset()))
    staff.check_scope(actor_id, operator_scope)
    return role


async def _set_status(db: AsyncSession, admin: Admin, status: AdminStatus) -> dict[str, Any]:
    status_change = changes({"status": admin.status}, {"status": status})
    admin.status = status.value
    await service.touch(db, admin)
    return status_change


def _role_name(staff: Staff, admin: Admin) -> str | None:
    role = staff.role_of(admin)
    return role.name if role is not None else None


def _described(role: str, operator_scope: Collection[str]) -> Worded:
    return worded(
        "{role} for {operators}", role=role, operators=list(operator_scope) or worded("all operators")
    )


def _to_out(staff: Staff, admin: Admin) -> AdminOut:
    return AdminOut(**service.fields(admin, _role_name(staff, admin)))


APPOINT: Final = Act(
    name="appoint_admin", permission=permission(Resource.ADMINS, Action.WRITE), run=_appoint_approved
)
ASSIGN: Final = Act(
    name="assign_role", permission=permission(Resource.ADMINS, Action.EDIT), run=_assign_approved
)
