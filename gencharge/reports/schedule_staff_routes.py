"""`/reports/schedules`: reports that are made again and again (staff)."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Request
from starlette.status import HTTP_201_CREATED, HTTP_204_NO_CONTENT

from gencharge.core.errors import DatabaseUnavailable, MalformedJson, ValidationFailed
from gencharge.core.http import web
from gencharge.core.http.paging import CursorInvalid, Page, Paging
from gencharge.core.postgres.database import Db
from gencharge.reports import schedule_service as service
from gencharge.reports.errors import ReportScheduleLimitExceeded, ReportScheduleNotFound
from gencharge.reports.schedule_schemas import ReportScheduleOut, ScheduleReport
from gencharge.sessions.guards import SCOPED_ERRORS, Action, Gate, Principal, Requires, Resource

router = web.router("reports")
Reader = Annotated[Principal, Depends(Requires(Resource.REPORTS, Action.READ, scoped=True))]
Maker = Annotated[Principal, Depends(Requires(Resource.REPORTS, Action.WRITE, scoped=True))]
_ALWAYS = (*SCOPED_ERRORS, ValidationFailed, DatabaseUnavailable)


@router.post(
    "/schedules",
    status_code=HTTP_201_CREATED,
    summary="Schedule a report (staff)",
    response_model=ReportScheduleOut,
    responses=web.errors(*_ALWAYS, MalformedJson, ReportScheduleLimitExceeded),
)
async def make_schedule(admin: Maker, db: Db, request: Request, body: ScheduleReport) -> ReportScheduleOut:
    """It is made each day, week or month at an hour in India, once, for each recipient with what they may see then. When a file is ready its
    recipient gets an e-mail that leads to it for who signs in; nothing of it is in the e-mail. It ends when you may have no reports made
    any more. At most 20 of yours."""
    granted = frozenset(Gate.of(request.scope["app"]).grants.get(admin.role, ()))
    return await service.create(db, admin, granted, body)


@router.get(
    "/schedules",
    summary="My scheduled reports (staff)",
    response_model=Page[ReportScheduleOut],
    responses=web.errors(*_ALWAYS, CursorInvalid),
)
async def list_schedules(admin: Reader, db: Db, page: Paging) -> Page[ReportScheduleOut]:
    """Those that you made, the newest first."""
    return await service.list_schedules(db, admin, page)


@router.delete(
    "/schedules/{report_schedule_id}",
    status_code=HTTP_204_NO_CONTENT,
    summary="End a scheduled report (staff)",
    responses=web.errors(*_ALWAYS, ReportScheduleNotFound),
)
async def delete_schedule(admin: Maker, db: Db, report_schedule_id: UUID) -> None:
    """It is made no more. Files that are ready stay until they expire."""
    await service.delete(db, admin, report_schedule_id)
