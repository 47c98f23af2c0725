"""What admins do with each other's accounts; never with their own or a higher rank's."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.admins import crud, events, service
from gencharge.admins.errors import AdminAlreadyArchived, AdminNotActive, AdminNotBlocked, OwnAccount
from gencharge.admins.hierarchy_service import Staff, lock_staff
from gencharge.admins.models import Admin, AdminStatus, Role
from gencharge.admins.roles import SUPER_ADMIN
from gencharge.admins.staff_schemas import AdminOut
from gencharge.core.events.events import changes, emit
from gencharge.core.http import etags
from gencharge.core.values import clock
from gencharge.core.values.ids import SYSTEM_USER_ID
from gencharge.directory import service as directory
from gencharge.sessions import service as sessions

# How long no code goes to an address that a colleague set.
EMAIL_HOLD: Final = timedelta(days=1)


async def appoint(
    db: AsyncSession,
    actor_id: UUID,
    *,
    name: str,
    email: str,
    phone_number: str,
    role: str,
    operator_scope: Collection[str],
) -> AdminOut:
    """A new active admin, made by another one. The scope's operators exist.

    Raises RoleNotFound, PermissionNotHeld, OperatorOutOfScope, PhoneNumberAlreadyExists, EmailAlreadyExists.
    """
    staff = await lock_staff(db, actor_id)
    granted = _check_grant(staff, actor_id, role, operator_scope)
    admin = await service.create(
        db,
        name=name,
        email=email,
        phone_number=phone_number,
        role_id=granted.role_id,
        operator_scope=operator_scope,
    )
    await _announce(db, admin, role)
    return _to_out(staff, admin)


async def appoint_first(db: AsyncSession, *, name: str, email: str, phone_number: str) -> bool:
    """A SuperAdmin for all operators, created at the command line. False if an active one exists.

    Raises PhoneNumberAlreadyExists, EmailAlreadyExists.
    """
    await service.seed_roles(db)
    await lock_staff(db)
    role_id = await service.role_id_of(db, SUPER_ADMIN)
    if await crud.has_other_active(db, role_id=role_id, except_admin_id=SYSTEM_USER_ID):
        return False
    admin = await service.create(db, name=name, email=email, phone_number=phone_number, role_id=role_id)
    await _announce(db, admin, SUPER_ADMIN)
    return True


async def _announce(db: AsyncSession, admin: Admin, role: str) -> None:
    after = service.contact(admin) | {"role": role, "operator_scope": admin.operator_scope}
    await emit(
        db, events.AdminCreated(**service.about(admin), changes=changes({}, after | {"status": admin.status}))
    )


async def update(
    db: AsyncSession,
    actor_id: UUID,
    admin_id: UUID,
    *,
    name: str | None = None,
    email: str | None = None,
    phone_number: str | None = None,
    if_match: str | None = None,
) -> AdminOut:
    """Change another admin's account. A new number ends their sessions: it is what they sign in with. No code goes to a new
    address for a day.

    Raises OwnAccount, AdminNotFound, AdminAlreadyArchived, ResourceChanged, RankTooLow, PhoneNumberAlreadyExists, EmailAlreadyExists.
    """
    staff, admin = await _lock_other(db, actor_id, admin_id, if_match)
    changed = await service.rewrite(db, admin, name=name, email=email, phone_number=phone_number)
    if "email" in changed:
        admin.email_usable_from = clock.now() + EMAIL_HOLD
        await db.flush()
    if "phone_number" in changed:
        await sessions.revoke(db, admin_id, reason="phone_changed")
    return _to_out(staff, admin)


async def assign_role(
    db: AsyncSession,
    actor_id: UUID,
    admin_id: UUID,
    *,
    role: str,
    operator_scope: Collection[str],
    if_match: str | None = None,
) -> AdminOut:
    """Give another admin a role and its operators, which exist. Ends their sessions: tokens carry both.

    Raises OwnAccount, AdminNotFound, AdminAlreadyArchived, ResourceChanged, RankTooLow, RoleNotFound, PermissionNotHeld,
    OperatorOutOfScope, LastSuperAdmin.
    """
    staff, admin = await _lock_other(db, actor_id, admin_id, if_match)
    granted = _check_grant(staff, actor_id, role, operator_scope)
    before = {"role": _role_name(staff, admin), "operator_scope": admin.operator_scope}
    changed = changes(before, {"role": role, "operator_scope": list(operator_scope)})
    if not changed:
        return _to_out(staff, admin)
    await staff.check_not_last(db, admin)
    admin.role_id, admin.operator_scope = granted.role_id, list(operator_scope)
    await service.touch(db, admin)
    await emit(db, events.AdminRoleChanged(**service.about(admin), changes=changed))
    await sessions.revoke(db, admin_id, reason="role_changed")
    return _to_out(staff, admin)


async def block(
    db: AsyncSession, actor_id: UUID, admin_id: UUID, *, reason: str, if_match: str | None = None
) -> AdminOut:
    """Block another admin.

    Raises OwnAccount, AdminNotFound, AdminAlreadyArchived, ResourceChanged, AdminNotActive, RankTooLow, LastSuperAdmin.
    """
    staff, admin = await _lock_other(db, actor_id, admin_id, if_match)
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
    staff, admin = await _lock_other(db, actor_id, admin_id, if_match)
    if admin.status != AdminStatus.BLOCKED:
        raise AdminNotBlocked
    status_change = await _set_status(db, admin, AdminStatus.ACTIVE)
    await emit(db, events.AdminUnblocked(**service.about(admin), changes=status_change))
    return _to_out(staff, admin)


async def archive(db: AsyncSession, actor_id: UUID, admin_id: UUID) -> None:
    """Archive another admin for good; their number and address are free again.

    Raises OwnAccount, AdminNotFound, AdminAlreadyArchived, RankTooLow, LastSuperAdmin.
    """
    staff, admin = await _lock_other(db, actor_id, admin_id)
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


async def _lock_other(
    db: AsyncSession, actor_id: UUID, admin_id: UUID, if_match: str | None = None
) -> tuple[Staff, Admin]:
    if actor_id == admin_id:
        raise OwnAccount
    staff = await lock_staff(db, actor_id, admin_id)
    admin = staff.admin(admin_id)
    if admin.status == AdminStatus.ARCHIVED:
        raise AdminAlreadyArchived
    staff.check_rank(actor_id, admin)
    etags.check(if_match, admin)
    return staff, admin


async def _set_status(db: AsyncSession, admin: Admin, status: AdminStatus) -> dict[str, Any]:
    status_change = changes({"status": admin.status}, {"status": status})
    admin.status = status.value
    await service.touch(db, admin)
    return status_change


def _role_name(staff: Staff, admin: Admin) -> str | None:
    role = staff.role_of(admin)
    return role.name if role is not None else None


def _to_out(staff: Staff, admin: Admin) -> AdminOut:
    return AdminOut(**service.fields(admin, _role_name(staff, admin)))
