"""Creating, admitting, reading and updating admins."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any, Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.admins import crud
from gencharge.admins.errors import AdminBlocked, AdminNotFound, OwnAccount
from gencharge.admins.events import AdminUpdated
from gencharge.admins.hierarchy_service import lock_staff
from gencharge.admins.models import Admin, AdminStatus, Role, SubscriptionNotices
from gencharge.admins.roles import SEEDED_ROLES, SNAPSHOT
from gencharge.admins.staff_schemas import AdminDetail, AdminOut, AdminPage, AdminQuery
from gencharge.core.errors import ValidationFailed, field_problem
from gencharge.core.events.events import changes, emit
from gencharge.core.http import etags
from gencharge.core.http.paging import Order, column_of, fetch_page
from gencharge.core.rooms import snapshots
from gencharge.core.values import clock
from gencharge.core.values.ids import SYSTEM_USER_ID, new_id
from gencharge.core.values.language import Language
from gencharge.core.values.recipient import Contact
from gencharge.core.wording import worded
from gencharge.directory import service as directory
from gencharge.directory.models import OwnerKind

ADMINS_PER_ROLE: Final = 3
FIRST_ADMIN_PHONE: Final = 9_000_000_001
_ID: Final = column_of(Admin.admin_id)
_ORDERS: Final = {
    "created_at": Order(column_of(Admin.created_at), _ID, descending=False),
    "-created_at": Order(column_of(Admin.created_at), _ID),
    "name": Order(column_of(Admin.name), _ID, descending=False),
}


async def seed(db: AsyncSession) -> None:
    """The five roles, and fifteen admins with the numbers from 9000000001 on. Existing ones stay as they are."""
    await seed_roles(db)
    role_ids = await crud.list_role_ids(db)
    phone = FIRST_ADMIN_PHONE
    for role in SEEDED_ROLES:
        for index in range(1, ADMINS_PER_ROLE + 1):
            phone_number = f"+91{phone}"
            phone += 1
            if await directory.phone_owner(db, phone_number) is None:
                await create(
                    db,
                    name=f"{role.name} {index}",
                    email=f"{role.name.lower()}_admin{index}@example.com",
                    phone_number=phone_number,
                    role_id=role_ids[role.name],
                )


async def seed_roles(db: AsyncSession) -> None:
    """The five roles that every installation starts with. Nothing is written where they are, which is nearly always."""
    existing = await crud.list_role_ids(db)
    new = [
        await crud.add_role_if_missing(
            db, name=role.name, description=role.description, permissions=role.permissions
        )
        for role in SEEDED_ROLES
        if role.name not in existing
    ]
    if any(new):
        await snapshots.bump(db, SNAPSHOT)


async def create(
    db: AsyncSession,
    *,
    name: str,
    email: str,
    phone_number: str,
    role_id: UUID,
    operator_scope: Collection[str] = (),
) -> Admin:
    """A new active admin. Raises PhoneNumberAlreadyExists, EmailAlreadyExists (409; each names its field)."""
    admin_id = new_id()
    await directory.claim_phone(db, phone_number, kind=OwnerKind.ADMIN, owner_id=admin_id)
    await directory.claim_email(db, email, kind=OwnerKind.ADMIN, owner_id=admin_id)
    now = clock.now()
    admin = Admin(
        admin_id=admin_id,
        name=name,
        email=email,
        email_usable_from=now,
        phone_number=phone_number,
        role_id=role_id,
        operator_scope=list(operator_scope),
        status=AdminStatus.ACTIVE.value,
        created_at=now,
        updated_at=now,
    )
    db.add(admin)
    await db.flush()
    return admin


async def role_id_of(db: AsyncSession, name: str) -> UUID:
    """The id of the role with this name. Raises KeyError."""
    return (await crud.list_role_ids(db))[name]


async def admit(db: AsyncSession, admin_id: UUID) -> tuple[Admin, Role]:
    """The admin, held to the end of the transaction, and the role, if they may have a session.

    Raises AdminNotFound, AdminBlocked.
    """
    row = await crud.lock_admin_with_role(db, admin_id)
    if row is None:
        raise AdminNotFound
    admin, role = row
    if admin.status == AdminStatus.ARCHIVED:
        raise AdminNotFound
    if admin.status == AdminStatus.BLOCKED:
        raise AdminBlocked
    return admin, role


async def holders_of(db: AsyncSession, permission: str, operator: str | None = None) -> list[UUID]:
    """The active admins who may do `permission` (`Recharge:edit`), for this operator if one is given."""
    return [
        admin_id
        for admin_id, scope in await crud.list_holders(db, permission)
        if not scope or (operator is not None and operator in scope)
    ]


async def subscribers_of(
    db: AsyncSession, permission: str, choice: SubscriptionNotices
) -> list[tuple[UUID, tuple[str, ...]]]:
    """The active admins who may do `permission` and chose this, each with the operators that it is limited to; none: all operators."""
    return await crud.list_holders(db, permission, subscription_notices=choice)


async def email_of(db: AsyncSession, admin_id: UUID) -> str | None:
    """Where to write to the admin; None while no code goes to the address yet."""
    admin = await crud.get_admin(db, admin_id)
    return admin.email if admin is not None and admin.email_usable_from <= clock.now() else None


async def contacts(db: AsyncSession, admin_ids: Iterable[UUID]) -> dict[UUID, Contact]:
    """Where these admins are reached, in one query; an unknown id is not in the answer."""
    unique_ids = set(admin_ids)
    if not unique_ids:
        return {}
    now = clock.now()
    return {
        admin_id: Contact(
            phone_number=phone_number,
            email=email if usable_from <= now else "",
            is_active=status == AdminStatus.ACTIVE,
        )
        for admin_id, phone_number, email, usable_from, status in await crud.list_contacts(db, unique_ids)
    }


async def get(db: AsyncSession, admin_id: UUID) -> Admin:
    """The admin, whatever their status. Raises AdminNotFound."""
    admin = await crud.get_admin(db, admin_id)
    if admin is None:
        raise AdminNotFound
    return admin


async def show(db: AsyncSession, admin_id: UUID) -> AdminDetail:
    """One admin, and what the role allows. Raises AdminNotFound."""
    admin = await get(db, admin_id)
    role = await crud.get_role(db, admin.role_id) if admin.role_id is not None else None
    granted = (await crud.list_permissions(db, [role.role_id])).get(role.role_id, ()) if role else ()
    return AdminDetail(
        **fields(admin, role.name if role else None),
        permissions=sorted(granted),
        language=Language(admin.language),
        subscription_notices=SubscriptionNotices(admin.subscription_notices),
    )


async def list_admins(db: AsyncSession, query: AdminQuery) -> AdminPage:
    """A page of the admins. Raises ValidationFailed for a role that there is not, with those that there are."""
    role_ids = await crud.list_role_ids(db)
    if query.role is not None and query.role not in role_ids:
        right = worded("Must be one of: {choices}", choices=sorted(role_ids))
        raise ValidationFailed(errors=[field_problem("query.role", right, "role_invalid")])
    statement = crud.select_admins(
        status=query.status,
        role_id=role_ids[query.role] if query.role is not None else None,
        operator=query.operator.upper() if query.operator is not None else None,
        search=query.search,
    )
    rows, cursor, total = await fetch_page(db, statement, _ORDERS[query.sort], query)
    names = {role_id: name for name, role_id in role_ids.items()}
    items = [AdminOut(**fields(admin, names.get(admin.role_id))) for admin in rows]
    return AdminPage(items=items, next_cursor=cursor, total=total)


async def update_profile(
    db: AsyncSession,
    admin_id: UUID,
    *,
    name: str | None = None,
    language: Language | None = None,
    subscription_notices: SubscriptionNotices | None = None,
    if_match: str | None = None,
) -> AdminDetail:
    """Change one's own name, language or notices; None: it stays. Raises AdminNotFound, AdminBlocked, ResourceChanged."""
    admin, _role = await admit(db, admin_id)
    etags.check(if_match, admin)
    before = {"language": admin.language, "subscription_notices": admin.subscription_notices}
    chosen = {"language": language, "subscription_notices": subscription_notices}
    changed = changes(before, before | {field: one.value for field, one in chosen.items() if one is not None})
    if changed:
        for field, change in changed.items():
            setattr(admin, field, change["new"])
        await touch(db, admin)
        await emit(db, AdminUpdated(**about(admin), changes=changed))
    await rewrite(db, admin, name=name)
    return await show(db, admin_id)


async def names_of(db: AsyncSession, admin_ids: Collection[UUID]) -> dict[UUID, str]:
    """The name of each of these admins, whatever their status; an unknown id is not in the answer."""
    return dict(await crud.list_names(db, admin_ids)) if admin_ids else {}


async def languages_of(db: AsyncSession, admin_ids: Collection[UUID]) -> dict[UUID, Language]:
    """In which language each of these admins reads notices; an unknown id is not in the answer."""
    return {admin_id: Language(language) for admin_id, language in await crud.list_languages(db, admin_ids)}


async def confirm_email(db: AsyncSession, admin_id: UUID, email: str) -> None:
    """Make an address that the admin has proved theirs. Raises AdminNotFound, AdminBlocked, EmailAlreadyExists."""
    admin, _role = await admit(db, admin_id)
    await rewrite(db, admin, email=email)
    admin.email_usable_from = clock.now()
    await db.flush()


async def check_rank(db: AsyncSession, actor_id: UUID, admin_id: UUID) -> bool:
    """Check that the actor may change an owner's sessions or second factor. True if the owner is an admin.

    Raises OwnAccount, and RankTooLow for an admin who has more permissions. Locks both to the end of the transaction.
    """
    if await crud.get_admin(db, admin_id) is None:
        return False
    if actor_id == admin_id:
        raise OwnAccount
    staff = await lock_staff(db, actor_id, admin_id)
    staff.check_rank(actor_id, staff.admin(admin_id))
    return True


async def rewrite(
    db: AsyncSession,
    admin: Admin,
    *,
    name: str | None = None,
    email: str | None = None,
    phone_number: str | None = None,
) -> dict[str, Any]:
    """Update contact data and announce it; returns the changes. Raises PhoneNumberAlreadyExists, EmailAlreadyExists."""
    before = contact(admin)
    values = {"name": name, "email": email, "phone_number": phone_number}
    changed = changes(before, before | {field: value for field, value in values.items() if value is not None})
    if not changed:
        return changed
    owner_id = admin.admin_id
    if phone_number is not None and "phone_number" in changed:
        await directory.claim_phone(db, phone_number, kind=OwnerKind.ADMIN, owner_id=owner_id)
        await directory.release(db, owner_id=owner_id, phone_number=admin.phone_number, email=None)
    if email is not None and "email" in changed:
        await directory.claim_email(db, email, kind=OwnerKind.ADMIN, owner_id=owner_id)
        if email.lower() != admin.email.lower():
            await directory.release(db, owner_id=owner_id, phone_number=None, email=admin.email)
    for field, change in changed.items():
        setattr(admin, field, change["new"])
    await touch(db, admin)
    await emit(db, AdminUpdated(**about(admin), changes=changed))
    return changed


async def touch(db: AsyncSession, admin: Admin) -> None:
    """Store an admin's changes."""
    admin.updated_at = clock.now()
    await db.flush()


def about(admin: Admin) -> dict[str, str]:
    """Who an event is about."""
    return {"user_id": str(SYSTEM_USER_ID), "admin_id": str(admin.admin_id)}


def contact(admin: Admin) -> dict[str, Any]:
    """An admin's personal data."""
    return {"name": admin.name, "email": admin.email, "phone_number": admin.phone_number}


def fields(admin: Admin, role: str | None) -> dict[str, Any]:
    """The fields of an answer."""
    return contact(admin) | {
        "etag": admin.etag,
        "admin_id": admin.admin_id,
        "role": role,
        "operator_scope": admin.operator_scope,
        "status": admin.status,
        "created_at": admin.created_at,
        "updated_at": admin.updated_at,
    }
