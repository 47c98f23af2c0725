"""SQL of report files. Decides nothing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, delete, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.admins.models import RolePermission
from gencharge.core.http.paging import Order, column_of, fetch_page
from gencharge.reports.models import FileStatus, ReportFile
from gencharge.reports.schemas import ReportFileQuery

OPEN = (FileStatus.WAITING, FileStatus.RUNNING)


async def get_file(db: AsyncSession, file_id: UUID) -> ReportFile | None:
    """The row, as it is now."""
    return await db.get(ReportFile, file_id, populate_existing=True)


async def list_files(
    db: AsyncSession, requested_by: UUID, query: ReportFileQuery
) -> tuple[list[ReportFile], str | None, int | None]:
    """A page of the admin's files, the newest first."""
    statement = select(ReportFile).where(ReportFile.requested_by == requested_by)
    if query.status is not None:
        statement = statement.where(ReportFile.status == query.status)
    if query.report is not None:
        statement = statement.where(ReportFile.report == query.report)
    newest = Order(column_of(ReportFile.created_at), column_of(ReportFile.file_id))
    return await fetch_page(db, statement, newest, query)


async def count_open(db: AsyncSession, requested_by: UUID) -> int:
    """How many of the admin's files wait or are being made."""
    statement = select(func.count()).where(
        ReportFile.requested_by == requested_by, ReportFile.status.in_(OPEN)
    )
    return int((await db.execute(statement)).scalar_one())


async def claim(
    db: AsyncSession, file_id: UUID, *, now: datetime, lease: timedelta, attempts: int
) -> ReportFile | None:
    """Take a file that waits, or whose maker let its lease run out; None if there is nothing to take."""
    statement = (
        update(ReportFile)
        .where(
            ReportFile.file_id == file_id,
            ReportFile.attempts < attempts,
            or_(
                ReportFile.status == FileStatus.WAITING,
                and_(ReportFile.status == FileStatus.RUNNING, ReportFile.leased_until <= now),
            ),
        )
        .values(
            status=FileStatus.RUNNING,
            attempts=ReportFile.attempts + 1,
            leased_until=now + lease,
            started_at=now,
            rows=0,
        )
        .returning(ReportFile)
    )
    return (await db.scalars(statement)).one_or_none()


async def renew(
    db: AsyncSession,
    claimed: ReportFile,
    *,
    now: datetime,
    lease: timedelta,
    rows: int,
    total_rows: int | None,
) -> bool:
    """Say how far it is and keep the lease; False if it was cancelled, or another worker has it."""
    statement = (
        update(ReportFile)
        .where(*_still(claimed))
        .values(leased_until=now + lease, rows=rows, total_rows=total_rows)
        .returning(ReportFile.file_id)
    )
    return (await db.execute(statement)).first() is not None


async def end(
    db: AsyncSession,
    claimed: ReportFile,
    status: FileStatus,
    *,
    now: datetime,
    rows: int = 0,
    size_bytes: int | None = None,
    failure: str | None = None,
    made_with: dict[str, Any] | None = None,
) -> bool:
    """Write the end down, and with which rights the file was made; False if it was cancelled, or another worker has it."""
    values: dict[str, Any] = {"rows": rows, "size_bytes": size_bytes, "failure": failure}
    if made_with is not None:
        values["query"] = {**claimed.query, "made_with": made_with}
    statement = (
        update(ReportFile)
        .where(*_still(claimed))
        .values(status=status, ended_at=now, **values)
        .returning(ReportFile.file_id)
    )
    return (await db.execute(statement)).first() is not None


async def cancel(db: AsyncSession, file_id: UUID, *, now: datetime) -> bool:
    """Cancel what waits or is being made; False if it has ended."""
    statement = (
        update(ReportFile)
        .where(ReportFile.file_id == file_id, ReportFile.status.in_(OPEN))
        .values(status=FileStatus.CANCELLED, ended_at=now)
        .returning(ReportFile.file_id)
    )
    return (await db.execute(statement)).first() is not None


async def list_due(db: AsyncSession, *, now: datetime, waiting_since: datetime) -> Sequence[UUID]:
    """Files that nobody makes: their request is older than `waiting_since`, or their maker let the lease run out."""
    statement = select(ReportFile.file_id).where(
        or_(
            and_(ReportFile.status == FileStatus.WAITING, ReportFile.created_at < waiting_since),
            and_(ReportFile.status == FileStatus.RUNNING, ReportFile.leased_until <= now),
        )
    )
    return (await db.scalars(statement.order_by(ReportFile.created_at).limit(100))).all()


async def give_up(db: AsyncSession, *, now: datetime, attempts: int) -> int:
    """End what was tried often enough; how many."""
    statement = (
        update(ReportFile)
        .where(
            ReportFile.status == FileStatus.RUNNING,
            ReportFile.leased_until <= now,
            ReportFile.attempts >= attempts,
        )
        .values(status=FileStatus.FAILED, ended_at=now, failure="worker_stopped")
        .returning(ReportFile.file_id)
    )
    return len((await db.execute(statement)).all())


async def list_expired(db: AsyncSession, *, now: datetime) -> Sequence[ReportFile]:
    """Files whose time is over."""
    statement = select(ReportFile).where(ReportFile.expires_at <= now).limit(500)
    return (await db.scalars(statement)).all()


async def delete_file(db: AsyncSession, file_id: UUID) -> None:
    """Forget a file."""
    await db.execute(delete(ReportFile).where(ReportFile.file_id == file_id))


async def list_permissions(db: AsyncSession, role_id: UUID) -> frozenset[str]:
    """What a role allows now."""
    statement = select(RolePermission.permission).where(RolePermission.role_id == role_id)
    return frozenset(await db.scalars(statement))


def _still(claimed: ReportFile) -> tuple[ColumnElement[bool], ...]:
    return (
        ReportFile.file_id == claimed.file_id,
        ReportFile.status == FileStatus.RUNNING,
        ReportFile.attempts == claimed.attempts,
    )
