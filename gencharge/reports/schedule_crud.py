"""SQL of scheduled reports. Decides nothing."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.admins.models import Admin, AdminStatus
from gencharge.core.http.paging import Order, PageQuery, column_of, fetch_page
from gencharge.reports.schedule_models import ReportSchedule


async def get_schedule(db: AsyncSession, schedule_id: UUID) -> ReportSchedule | None:
    """One schedule."""
    return await db.get(ReportSchedule, schedule_id)


async def list_schedules(
    db: AsyncSession, created_by: UUID, page: PageQuery
) -> tuple[list[ReportSchedule], str | None, int | None]:
    """A page of the admin's schedules, the newest first."""
    newest = Order(column_of(ReportSchedule.created_at), column_of(ReportSchedule.schedule_id))
    statement = select(ReportSchedule).where(ReportSchedule.created_by == created_by)
    return await fetch_page(db, statement, newest, page)


async def count_schedules(db: AsyncSession, created_by: UUID) -> int:
    """How many an admin has."""
    statement = select(func.count()).where(ReportSchedule.created_by == created_by)
    return int((await db.execute(statement)).scalar_one())


async def list_due(db: AsyncSession, *, now: datetime) -> Sequence[UUID]:
    """The schedules whose slot has come."""
    statement = select(ReportSchedule.schedule_id).where(ReportSchedule.next_at <= now)
    return (await db.scalars(statement.order_by(ReportSchedule.next_at).limit(500))).all()


async def lock_due(db: AsyncSession, schedule_id: UUID, *, now: datetime) -> ReportSchedule | None:
    """A schedule whose slot has come, held to the end of the transaction; None if another worker had it."""
    statement = select(ReportSchedule).where(
        ReportSchedule.schedule_id == schedule_id, ReportSchedule.next_at <= now
    )
    return (await db.scalars(statement.with_for_update())).one_or_none()


async def list_admins(db: AsyncSession, admin_ids: Collection[UUID]) -> set[UUID]:
    """Those of the admins that are active."""
    statement = select(Admin.admin_id).where(
        Admin.admin_id.in_(admin_ids), Admin.status == AdminStatus.ACTIVE
    )
    return set(await db.scalars(statement))
