"""Queries of the admins."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.admins.models import Admin, Role, RolePermission
from gencharge.core.ids import new_id


async def lock_admin_with_role(db: AsyncSession, admin_id: UUID) -> tuple[Admin, Role] | None:
    """The admin, held to the end of the transaction, and the role."""
    statement = (
        select(Admin, Role)
        .join(Role, Role.role_id == Admin.role_id)
        .where(Admin.admin_id == admin_id)
        .with_for_update(of=Admin)
        .execution_options(populate_existing=True)
    )
    row = (await db.execute(statement)).one_or_none()
    return (row[0], row[1]) if row else None


async def add_role_if_missing(
    db: AsyncSession, *, name: str, description: str, permissions: frozenset[str]
) -> None:
    """Write a role down, unless there is one of that name, whose permissions stay as they are."""
    role_id = await db.scalar(
        insert(Role)
        .values(role_id=new_id(), name=name, description=description)
        .on_conflict_do_nothing(index_elements=[Role.name])
        .returning(Role.role_id)
    )
    if role_id is not None:
        rows = [{"role_id": role_id, "permission": granted} for granted in sorted(permissions)]
        await db.execute(insert(RolePermission), rows)


async def list_role_ids(db: AsyncSession) -> dict[str, UUID]:
    """Name -> id of all roles."""
    rows = await db.execute(select(Role.name, Role.role_id))
    return {row.name: row.role_id for row in rows}


async def get_roles_fingerprint(db: AsyncSession) -> tuple[object, ...]:
    """Values that change whenever a role or what it allows does: cheap enough to ask each second."""
    return tuple(
        (
            await db.execute(
                select(func.count(), func.sum(Role.permissions_version), func.max(Role.updated_at))
            )
        ).one()
    )


async def list_grants(db: AsyncSession) -> dict[str, frozenset[str]]:
    """Role name -> what it allows, for all roles."""
    statement = select(Role.name, RolePermission.permission).join(
        RolePermission, RolePermission.role_id == Role.role_id, isouter=True
    )
    grants: dict[str, set[str]] = {}
    for name, granted in await db.execute(statement):
        grants.setdefault(name, set()).update([granted] if granted else [])
    return {name: frozenset(granted) for name, granted in grants.items()}
