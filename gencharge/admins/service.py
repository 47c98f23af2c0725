"""What can be done with and by admins."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.admins import crud
from gencharge.admins.errors import AdminBlocked, AdminUnknown
from gencharge.admins.models import Admin, AdminStatus, Role
from gencharge.admins.roles import SEEDED_ROLES
from gencharge.core.ids import new_id
from gencharge.directory import service as directory
from gencharge.directory.models import OwnerKind

ADMINS_PER_ROLE = 3
FIRST_ADMIN_PHONE = 9_000_000_001


async def seed(db: AsyncSession) -> None:
    """The five roles, and fifteen admins with the numbers from 9000000001 on. What is there stays as it is."""
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
    """The five roles that every installation starts with."""
    for role in SEEDED_ROLES:
        await crud.add_role_if_missing(
            db, name=role.name, description=role.description, permissions=role.permissions
        )


async def create(
    db: AsyncSession,
    *,
    name: str,
    email: str,
    phone_number: str,
    role_id: UUID,
    operator_scope: tuple[str, ...] = (),
) -> Admin:
    """A new active admin. Raises PhoneTaken, EmailTaken (409; each names its field)."""
    admin_id = new_id()
    await directory.claim_phone(db, phone_number, kind=OwnerKind.ADMIN, owner_id=admin_id)
    await directory.claim_email(db, email, kind=OwnerKind.ADMIN, owner_id=admin_id)
    admin = Admin(
        admin_id=admin_id,
        name=name,
        email=email,
        phone_number=phone_number,
        role_id=role_id,
        operator_scope=list(operator_scope),
        status=AdminStatus.ACTIVE.value,
    )
    db.add(admin)
    await db.flush()
    return admin


async def role_id_of(db: AsyncSession, name: str) -> UUID:
    """The id of the role with this name. Raises KeyError."""
    return (await crud.list_role_ids(db))[name]


async def admit(db: AsyncSession, admin_id: UUID) -> tuple[Admin, Role]:
    """The admin, held to the end of the transaction, and the role, if they may have a session.

    Raises AdminUnknown, AdminBlocked.
    """
    found = await crud.lock_admin_with_role(db, admin_id)
    if found is None:
        raise AdminUnknown
    admin, role = found
    if admin.status == AdminStatus.ARCHIVED:
        raise AdminUnknown
    if admin.status == AdminStatus.BLOCKED:
        raise AdminBlocked
    return admin, role


async def email_of(db: AsyncSession, admin_id: UUID) -> str | None:
    """Where to write to the admin."""
    admin = await db.get(Admin, admin_id)
    return admin.email if admin else None
