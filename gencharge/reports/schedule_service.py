"""Reports that are made again and again.

A slot is one transaction under the schedule's row: a file to be made for each recipient, and the next slot. So a worker that dies has
made all or nothing, and two workers never both. Each file is then made as any other, with the rights that its recipient has at that time;
the e-mail follows when it is ready, and leads to it for who signs in.
"""

from __future__ import annotations

from collections.abc import Set
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.admins import service as admins
from gencharge.admins.errors import AdminBlocked, AdminNotFound
from gencharge.core.background import jobs
from gencharge.core.errors import ValidationFailed, field_problem
from gencharge.core.events.events import emit
from gencharge.core.http.paging import Page, PageQuery
from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.core.values.ids import SYSTEM_USER_ID, new_id
from gencharge.reports import files_crud, files_service, schedule_crud, service
from gencharge.reports.definitions import Report
from gencharge.reports.errors import ReportScheduleLimitExceeded, ReportScheduleNotFound
from gencharge.reports.events import ReportScheduled, ReportUnscheduled
from gencharge.reports.models import FileStatus, ReportFile
from gencharge.reports.schedule_models import ReportSchedule
from gencharge.reports.schedule_schemas import ReportScheduleOut, ScheduleReport
from gencharge.reports.schemas import ReportFormat
from gencharge.reports.slots import Every, Slots, filters_of
from gencharge.sessions.guards import Action, Principal, Resource, permission

MAXIMUM: Final = 20
# What a slot itself says.
_OF_TIME: Final = frozenset({"from", "to", "month"})


async def create(
    db: AsyncSession, admin: Principal, granted: Set[str], command: ScheduleReport
) -> ReportScheduleOut:
    """Have a report made again and again.

    Raises ValidationFailed for a report that the admin may not have, and for its filters, columns and recipients,
    ReportScheduleLimitExceeded.
    """
    report = files_service.choose(admin, granted, command.report)
    now = clock.now()
    slots = Slots(command.every, command.hour, command.weekday, command.month_day)
    next_at = slots.next_after(now)
    _check(report, command, next_at)
    recipients = list(dict.fromkeys(command.recipients)) or [admin.user_id]
    active = await schedule_crud.list_admins(db, recipients)
    if len(active) < len(recipients):
        right = "Must be active admins"
        raise ValidationFailed(errors=[field_problem("body.recipients", right, "recipients_invalid")])
    await files_crud.lock_admin(db, admin.user_id)
    if await schedule_crud.count_schedules(db, admin.user_id) >= MAXIMUM:
        raise ReportScheduleLimitExceeded
    row = ReportSchedule(
        schedule_id=new_id(),
        created_by=admin.user_id,
        report=report.name,
        file_format=command.format.value,
        query={"columns": command.columns, "headings": command.headings, "filters": command.filters},
        every=command.every.value,
        hour=command.hour,
        weekday=command.weekday,
        month_day=command.month_day,
        recipients=recipients,
        next_at=next_at,
        created_at=now,
    )
    db.add(row)
    await db.flush()
    event = ReportScheduled(
        user_id=str(SYSTEM_USER_ID),
        report_schedule_id=str(row.schedule_id),
        report=report.name,
        every=row.every,
        recipients=[str(recipient) for recipient in recipients],
    )
    await emit(db, event)
    return show(row)


def _check(report: Report, command: ScheduleReport, slot: datetime) -> None:
    """Raises ValidationFailed unless the report can be made in a slot."""
    own = sorted(_OF_TIME & set(command.filters))
    if own:
        right = "Is set by the schedule: leave it out"
        raise ValidationFailed(
            errors=[field_problem(f"body.filters.{name}", right, "extra_forbidden") for name in own]
        )
    filters = command.filters | filters_of(command.every, slot, service.filters_of(report))
    files_service.parse(
        report,
        {
            "filters": filters,
            "format": command.format.value,
            "columns": command.columns,
            "headings": command.headings,
        },
    )


async def list_schedules(db: AsyncSession, admin: Principal, page: PageQuery) -> Page[ReportScheduleOut]:
    """A page of the admin's own schedules, the newest first."""
    rows, cursor, total = await schedule_crud.list_schedules(db, admin.user_id, page)
    return Page(items=[show(row) for row in rows], next_cursor=cursor, total=total)


async def delete(db: AsyncSession, admin: Principal, schedule_id: UUID) -> None:
    """Make it no more; files that are ready stay. Raises ReportScheduleNotFound, also for another admin's."""
    row = await schedule_crud.get_schedule(db, schedule_id)
    if row is None or row.created_by != admin.user_id:
        raise ReportScheduleNotFound
    await db.delete(row)
    await db.flush()
    event = ReportUnscheduled(
        user_id=str(SYSTEM_USER_ID), report_schedule_id=str(schedule_id), report=row.report
    )
    await emit(db, event)


async def run_due(stores: Stores) -> int:
    """Have the files made of all slots that have come. Of slots that no worker saw, only the last one is made. Returns how many schedules."""
    now = clock.now()
    due = await stores.database.run(lambda db: schedule_crud.list_due(db, now=now))
    runs = 0
    for schedule_id in due:
        runs += await stores.database.run(
            lambda db, schedule_id=schedule_id: _run(db, schedule_id, now)  # type: ignore[misc]
        )
    return runs


async def _run(db: AsyncSession, schedule_id: UUID, now: datetime) -> bool:
    row = await schedule_crud.lock_due(db, schedule_id, now=now)
    if row is None or row.next_at is None:
        return False
    slot = row.next_at
    if not await _may_schedule(db, row.created_by):
        row.next_at = None
        await db.flush()
        return False
    slots = Slots(Every(row.every), row.hour, row.weekday, row.month_day)
    while (later := slots.next_after(slot)) <= now:
        slot = later
    names = service.filters_of(service.REPORTS[row.report]) if row.report in service.REPORTS else []
    filters = row.query["filters"] | filters_of(Every(row.every), slot, names)
    for recipient in row.recipients:
        file = ReportFile(
            file_id=new_id(),
            requested_by=recipient,
            schedule_id=schedule_id,
            report=row.report,
            file_format=row.file_format,
            query={**row.query, "filters": filters},
            status=FileStatus.WAITING,
            rows=0,
            attempts=0,
            created_at=now,
            expires_at=now + files_service.KEEP,
        )
        db.add(file)
        await db.flush()
        await jobs.defer(db, files_service.MAKE, file_id=str(file.file_id))
    row.next_at = slots.next_after(now)
    await db.flush()
    return True


async def _may_schedule(db: AsyncSession, admin_id: UUID) -> bool:
    """Whether who made a schedule may still have reports made."""
    try:
        _, role = await admins.admit(db, admin_id)
    except (AdminNotFound, AdminBlocked):
        return False
    granted = await files_crud.list_permissions(db, role.role_id)
    return permission(Resource.REPORTS, Action.WRITE) in granted


def show(row: ReportSchedule) -> ReportScheduleOut:
    """A schedule as the API shows it."""
    query: dict[str, Any] = row.query
    return ReportScheduleOut(
        report_schedule_id=row.schedule_id,
        report=row.report,
        format=ReportFormat(row.file_format),
        columns=query["columns"],
        filters=query["filters"],
        every=Every(row.every),
        hour=row.hour,
        weekday=row.weekday,
        month_day=row.month_day,
        recipients=row.recipients,
        next_at=row.next_at,
        created_at=row.created_at,
    )
