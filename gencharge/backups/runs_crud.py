"""SQL of the work on backups. Decides nothing."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.admins.models import RolePermission
from gencharge.backups.models import BackupLink, BackupRun, RunKind, RunStatus
from gencharge.backups.staff_schemas import BackupRunQuery
from gencharge.core.http.paging import Order, column_of, fetch_page

_TABLES = text(
    """
    SELECT relname FROM pg_class
    WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition ORDER BY relname
""".replace("::", r"\:\:")
)

_OID = text("SELECT CAST(oid AS bigint) FROM pg_database WHERE datname = current_database()")


async def list_table_names(db: AsyncSession) -> list[str]:
    """All tables of the database, in order."""
    return list(await db.scalars(_TABLES))


async def get_database_oid(db: AsyncSession) -> int:
    """The number of this database. A copy of it, also a restored one, has another."""
    return int((await db.execute(_OID)).scalar_one())


async def add_run(db: AsyncSession, **values: Any) -> BackupRun | None:
    """Add work to be done; None if the same is open for this backup, or was done for this slot."""
    statement = insert(BackupRun).values(**values).on_conflict_do_nothing().returning(BackupRun)
    return (await db.scalars(statement)).one_or_none()


async def get_run(db: AsyncSession, run_id: UUID) -> BackupRun | None:
    """The row, as it is now."""
    return await db.get(BackupRun, run_id, populate_existing=True)


async def list_runs(
    db: AsyncSession, query: BackupRunQuery
) -> tuple[list[BackupRun], str | None, int | None]:
    """A page of the work, the newest first."""
    statement = select(BackupRun)
    if query.kind is not None:
        statement = statement.where(BackupRun.kind == query.kind)
    if query.status is not None:
        statement = statement.where(BackupRun.status == query.status)
    if query.backup is not None:
        statement = statement.where(BackupRun.backup_id == query.backup)
    newest = Order(column_of(BackupRun.created_at), column_of(BackupRun.run_id))
    return await fetch_page(db, statement, newest, query)


async def list_creations(
    db: AsyncSession, *, since: datetime, backup_ids: Collection[str]
) -> Sequence[BackupRun]:
    """The makings of these backups, and those since then that made none."""
    made_none = (BackupRun.status != RunStatus.SUCCEEDED) & (BackupRun.created_at >= since)
    statement = (
        select(BackupRun)
        .where(BackupRun.kind == RunKind.CREATE, made_none | BackupRun.backup_id.in_(backup_ids))
        .order_by(BackupRun.created_at.desc())
        .limit(1_000)
    )
    return (await db.scalars(statement)).all()


async def get_creation(db: AsyncSession, backup_id: str) -> BackupRun | None:
    """The making of a backup by a worker."""
    statement = select(BackupRun).where(BackupRun.kind == RunKind.CREATE, BackupRun.backup_id == backup_id)
    return (await db.scalars(statement.limit(1))).first()


async def has_open(db: AsyncSession, backup_id: str) -> bool:
    """Whether a worker is to do, or does, something with a backup."""
    statement = select(BackupRun.run_id).where(
        BackupRun.backup_id == backup_id, BackupRun.status.in_((RunStatus.WAITING, RunStatus.RUNNING))
    )
    return (await db.scalars(statement.limit(1))).first() is not None


async def has_slot(db: AsyncSession, slot: str) -> bool:
    """Whether the work of a slot of the schedule was asked for."""
    statement = select(BackupRun.run_id).where(BackupRun.slot == slot)
    return (await db.scalars(statement)).first() is not None


async def count_open(db: AsyncSession, kind: RunKind) -> int:
    """How many of a kind wait or run, up to ten."""
    statement = select(BackupRun.run_id).where(
        BackupRun.kind == kind, BackupRun.status.in_((RunStatus.WAITING, RunStatus.RUNNING))
    )
    return len((await db.scalars(statement.limit(10))).all())


async def delete_runs_before(db: AsyncSession, instant: datetime) -> None:
    """Forget work that ended before then."""
    await db.execute(delete(BackupRun).where(BackupRun.ended_at < instant))


async def add_link(db: AsyncSession, **values: Any) -> None:
    """Add a link."""
    await db.execute(insert(BackupLink).values(**values))


async def take_link(db: AsyncSession, link_id: UUID, *, backup_id: str, now: datetime) -> BackupLink | None:
    """Use a link up; None if it is none, has expired, or was used: of many calls at once one gets it."""
    statement = (
        update(BackupLink)
        .where(
            BackupLink.link_id == link_id,
            BackupLink.backup_id == backup_id,
            BackupLink.taken_at.is_(None),
            BackupLink.expires_at > now,
        )
        .values(taken_at=now)
        .returning(BackupLink)
    )
    return (await db.scalars(statement)).one_or_none()


async def delete_links_before(db: AsyncSession, instant: datetime) -> None:
    """Forget links that expired before then."""
    await db.execute(delete(BackupLink).where(BackupLink.expires_at < instant))


async def list_permissions(db: AsyncSession, role_id: UUID) -> frozenset[str]:
    """What a role allows now."""
    statement = select(RolePermission.permission).where(RolePermission.role_id == role_id)
    return frozenset(await db.scalars(statement))
