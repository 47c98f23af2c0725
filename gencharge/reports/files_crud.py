"""SQL of report files. Decides nothing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.admins.models import Admin, RolePermission
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


async def lock_admin(db: AsyncSession, admin_id: UUID) -> None:
    """Hold the admin's row, so that of many requests at once none counts without the others."""
    await db.execute(select(Admin.admin_id).where(Admin.admin_id == admin_id).with_for_update(key_share=True))


async def count_open(db: AsyncSession, requested_by: UUID) -> int:
    """How many of the admin's files wait or are being made."""
    statement = select(func.count()).where(
        ReportFile.requested_by == requested_by, ReportFile.status.in_(OPEN)
    )
    return int((await db.execute(statement)).scalar_one())


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
