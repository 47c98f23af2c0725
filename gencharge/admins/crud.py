"""Queries of the admins and roles."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, delete, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.admins.models import Admin, AdminStatus, Role, RolePermission
from gencharge.core.values.ids import new_id


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


async def lock_roles(db: AsyncSession) -> Sequence[Role]:
    """All roles, held to the end of the transaction. Adding an admin with one of them does not wait for this lock."""
    statement = select(Role).order_by(Role.role_id).with_for_update(key_share=True)
    return (await db.scalars(statement, execution_options={"populate_existing": True})).all()


async def lock_admins(db: AsyncSession, admin_ids: Iterable[UUID]) -> Sequence[Admin]:
    """These admins, held to the end of the transaction, in the order of their ids."""
    statement = (
        select(Admin).where(Admin.admin_id.in_(set(admin_ids))).order_by(Admin.admin_id).with_for_update()
    )
    return (await db.scalars(statement, execution_options={"populate_existing": True})).all()


async def get_admin(db: AsyncSession, admin_id: UUID) -> Admin | None:
    """The admin, whatever their status."""
    return await db.get(Admin, admin_id)


async def list_contacts(db: AsyncSession, admin_ids: Iterable[UUID]) -> Sequence[Row[*tuple[Any, ...]]]:
    """Where these admins are reached: id, number, address, since when that counts, status."""
    columns = (Admin.admin_id, Admin.phone_number, Admin.email, Admin.email_usable_from, Admin.status)
    return (await db.execute(select(*columns).where(Admin.admin_id.in_(set(admin_ids))))).all()


async def list_names(db: AsyncSession, admin_ids: Iterable[UUID]) -> Sequence[tuple[UUID, str]]:
    """Of these admins: id and name."""
    statement = select(Admin.admin_id, Admin.name).where(Admin.admin_id.in_(set(admin_ids)))
    return [(admin_id, name) for admin_id, name in await db.execute(statement)]


async def list_languages(db: AsyncSession, admin_ids: Iterable[UUID]) -> Sequence[tuple[UUID, str]]:
    """Of these admins: id and language."""
    statement = select(Admin.admin_id, Admin.language).where(Admin.admin_id.in_(set(admin_ids)))
    return [(admin_id, language) for admin_id, language in await db.execute(statement)]


def select_admins(
    *, status: str | None, role_id: UUID | None, operator: str | None, search: str | None
) -> Select[Admin]:
    """The admins that match all filters."""
    statement = select(Admin)
    if status is not None:
        statement = statement.where(Admin.status == status)
    if role_id is not None:
        statement = statement.where(Admin.role_id == role_id)
    if operator is not None:
        statement = statement.where(Admin.operator_scope.contains([operator]))
    if search is not None:
        columns = (Admin.name, Admin.email, Admin.phone_number)
        statement = statement.where(or_(*(column.icontains(search, autoescape=True) for column in columns)))
    return statement


async def list_admin_ids_of_role(db: AsyncSession, role_id: UUID) -> Sequence[UUID]:
    """The admins of this role who are not archived."""
    statement = select(Admin.admin_id).where(Admin.role_id == role_id, Admin.status != AdminStatus.ARCHIVED)
    return (await db.scalars(statement.order_by(Admin.admin_id))).all()


async def count_admins_by_role(db: AsyncSession, role_ids: Iterable[UUID]) -> dict[UUID, int]:
    """The number of admins of each role, without archived ones. A role without admins is not in the result."""
    statement = (
        select(Admin.role_id, func.count())
        .where(Admin.role_id.in_(set(role_ids)), Admin.status != AdminStatus.ARCHIVED)
        .group_by(Admin.role_id)
    )
    return {role_id: count for role_id, count in await db.execute(statement) if role_id is not None}


async def has_other_active(db: AsyncSession, *, role_id: UUID, except_admin_id: UUID) -> bool:
    """True if an active admin other than `except_admin_id` has the role for all operators."""
    statement = select(Admin.admin_id).where(
        Admin.role_id == role_id,
        Admin.status == AdminStatus.ACTIVE,
        func.cardinality(Admin.operator_scope) == 0,
        Admin.admin_id != except_admin_id,
    )
    return await db.scalar(statement.limit(1)) is not None


async def count_active(db: AsyncSession, *, role_id: UUID) -> int:
    """How many active admins have the role for all operators."""
    statement = select(func.count()).where(
        Admin.role_id == role_id,
        Admin.status == AdminStatus.ACTIVE,
        func.cardinality(Admin.operator_scope) == 0,
    )
    return await db.scalar(statement) or 0


async def add_role_if_missing(
    db: AsyncSession, *, name: str, description: str, permissions: frozenset[str]
) -> bool:
    """Add a role unless its name exists, which then keeps its permissions. True if it was added."""
    role_id = await db.scalar(
        insert(Role)
        .values(role_id=new_id(), name=name, description=description)
        .on_conflict_do_nothing(index_elements=[Role.name])
        .returning(Role.role_id)
    )
    if role_id is not None:
        await add_permissions(db, role_id, permissions)
    return role_id is not None


async def add_permissions(db: AsyncSession, role_id: UUID, permissions: Iterable[str]) -> None:
    """Add permissions to a role."""
    rows = [{"role_id": role_id, "permission": granted} for granted in sorted(permissions)]
    if rows:
        await db.execute(insert(RolePermission), rows)


async def delete_permissions(db: AsyncSession, role_id: UUID, permissions: Iterable[str]) -> None:
    """Remove permissions from a role."""
    await db.execute(
        delete(RolePermission).where(
            RolePermission.role_id == role_id, RolePermission.permission.in_(set(permissions))
        )
    )


async def delete_role(db: AsyncSession, role_id: UUID) -> None:
    """Delete a role that only archived admins have, who then have none."""
    await db.execute(
        update(Admin)
        .where(Admin.role_id == role_id, Admin.status == AdminStatus.ARCHIVED)
        .values(role_id=None)
    )
    await db.execute(delete(Role).where(Role.role_id == role_id))


async def get_role(db: AsyncSession, role_id: UUID) -> Role | None:
    """The role of this id."""
    return await db.get(Role, role_id)


def select_roles() -> Select[Role]:
    """All roles."""
    return select(Role)


async def list_role_ids(db: AsyncSession) -> dict[str, UUID]:
    """Name -> id of all roles."""
    rows = await db.execute(select(Role.name, Role.role_id))
    return {row.name: row.role_id for row in rows}


async def list_permissions(
    db: AsyncSession, role_ids: Iterable[UUID] | None = None
) -> dict[UUID, frozenset[str]]:
    """Id -> what it allows, for these roles or all."""
    statement = select(RolePermission.role_id, RolePermission.permission)
    if role_ids is not None:
        statement = statement.where(RolePermission.role_id.in_(set(role_ids)))
    by_role: dict[UUID, set[str]] = {}
    for role_id, granted in await db.execute(statement):
        by_role.setdefault(role_id, set()).add(granted)
    return {role_id: frozenset(granted) for role_id, granted in by_role.items()}


async def list_holders(
    db: AsyncSession, permission: str, *, subscription_notices: str | None = None
) -> list[tuple[UUID, tuple[str, ...]]]:
    """The active admins whose role allows `permission`, each with the operators that it is limited to.

    `subscription_notices`: only those who chose this.
    """
    query = (
        select(Admin.admin_id, Admin.operator_scope)
        .join(RolePermission, RolePermission.role_id == Admin.role_id)
        .where(RolePermission.permission == permission, Admin.status == AdminStatus.ACTIVE.value)
        .order_by(Admin.admin_id)
    )
    if subscription_notices is not None:
        query = query.where(Admin.subscription_notices == subscription_notices)
    return [(row.admin_id, tuple(row.operator_scope)) for row in await db.execute(query)]


async def list_grants(db: AsyncSession) -> dict[str, frozenset[str]]:
    """Role name -> what it allows, for all roles."""
    # One statement, so that no role is seen without its permissions when another process adds it at the same time.
    statement = select(Role.name, RolePermission.permission).join(
        RolePermission, RolePermission.role_id == Role.role_id, isouter=True
    )
    grants: dict[str, set[str]] = {}
    for name, permission in await db.execute(statement):
        grants.setdefault(name, set()).update({permission} if permission is not None else ())
    return {name: frozenset(permissions) for name, permissions in grants.items()}
