"""Reports as files: asked for by an admin, made by a worker, taken by a link that expires."""

from __future__ import annotations

from collections.abc import Set
from datetime import timedelta
from typing import Final
from uuid import UUID

from pydantic import ValidationError
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.admins import service as admins
from gencharge.admins.errors import AdminBlocked, AdminNotFound
from gencharge.admins.models import Admin, Role
from gencharge.core.background import jobs, long_jobs
from gencharge.core.errors import ValidationFailed, field_problem
from gencharge.core.events.events import emit
from gencharge.core.http import language
from gencharge.core.http.paging import Page
from gencharge.core.settings import Settings
from gencharge.core.values import clock
from gencharge.core.values.ids import SYSTEM_USER_ID, new_id
from gencharge.reports import files_crud, links, service
from gencharge.reports.definitions import Report
from gencharge.reports.errors import (
    ReportFileAlreadyEnded,
    ReportFileLimitExceeded,
    ReportFileNotFound,
    ReportFileNotReady,
    ReportLinkNotFound,
)
from gencharge.reports.events import ReportCancelled, ReportLinkMade, ReportRequested
from gencharge.reports.models import FileStatus, ReportFile
from gencharge.reports.schemas import (
    MakeReport,
    ReportFileOut,
    ReportFileQuery,
    ReportFormat,
    ReportLinkOut,
    ReportQuery,
)
from gencharge.sessions.guards import Action, Principal, Resource, permission

MAKE: Final = "reports.make"
# Files hold customers' data, so they do not stay for long.
KEEP: Final = timedelta(days=3)
LINK_LIVES: Final = timedelta(hours=1)
MOST_OPEN: Final = 3
_SYSTEM: Final = str(SYSTEM_USER_ID)


async def request(
    db: AsyncSession, admin: Principal, granted: Set[str], command: MakeReport
) -> ReportFileOut:
    """Have a worker make a report.

    Raises ValidationFailed for a report that the admin may not have, and for its filters and columns, ReportFileLimitExceeded.
    """
    report = choose(admin, granted, command.report)
    query = parse(report, command.model_dump(exclude={"report"}, mode="json"))
    if report.check is not None:
        await report.check(db, query, "body.filters")
    await files_crud.lock_admin(db, admin.user_id)
    if await files_crud.count_open(db, admin.user_id) >= MOST_OPEN:
        raise ReportFileLimitExceeded
    now = clock.now()
    row = ReportFile(
        file_id=new_id(),
        requested_by=admin.user_id,
        report=report.name,
        file_format=query.format.value,
        query={
            "columns": command.columns,
            "headings": command.headings,
            "filters": command.filters,
            "language": language.spoken().value,
        },
        status=FileStatus.WAITING,
        rows=0,
        attempts=0,
        created_at=now,
        expires_at=now + KEEP,
    )
    db.add(row)
    await db.flush()
    await jobs.defer(db, MAKE, file_id=str(row.file_id))
    event = ReportRequested(
        user_id=_SYSTEM,
        report_file_id=str(row.file_id),
        report=report.name,
        file_format=query.format.value,
        filters=dict(query.filters()),
    )
    await emit(db, event)
    return show(row)


def choose(admin: Principal, granted: Set[str], name: str) -> Report:
    """The report of this name. Raises ValidationFailed for one that the admin may not have."""
    allowed = {report.name: report for report in service.allowed(granted, admin)}
    report = allowed.get(name)
    if report is None:
        right = f"Must be one of: {', '.join(allowed)}"
        raise ValidationFailed(errors=[field_problem("body.report", right, "report_invalid")])
    return report


def parse(report: Report, command: dict[str, object]) -> ReportQuery:
    """The query of a report from filters as texts. Raises ValidationFailed, with what would be right."""
    filters = command["filters"]
    assert isinstance(filters, dict), "a JSON object of texts"
    names = service.filters_of(report)
    unknown = [name for name in filters if name not in names]
    if unknown:
        right = f"Is no filter of {report.name}; there are {', '.join(names) or 'none'}"
        raise ValidationFailed(
            errors=[field_problem(f"body.filters.{name[:80]}", right, "extra_forbidden") for name in unknown]
        )
    try:
        query = report.query.model_validate(
            {
                **filters,
                "format": command["format"],
                "columns": command["columns"],
                # A file that was asked for before there was a choice has none.
                "headings": command.get("headings"),
            }
        )
    except ValidationError as error:
        raise ValidationFailed(
            errors=[
                field_problem(
                    ".".join(["body.filters", *(str(part) for part in problem["loc"])]),
                    problem["msg"],
                    problem["type"],
                )
                for problem in error.errors(include_url=False, include_input=False)
            ]
        ) from None
    service.columns_of(report, query)
    return query


async def list_files(db: AsyncSession, admin: Principal, query: ReportFileQuery) -> Page[ReportFileOut]:
    """A page of the admin's own files, the newest first."""
    rows, cursor, total = await files_crud.list_files(db, admin.user_id, query)
    return Page(items=[show(row) for row in rows], next_cursor=cursor, total=total)


async def get(db: AsyncSession, admin: Principal, file_id: UUID) -> ReportFile:
    """One of the admin's own files. Raises ReportFileNotFound, also for another admin's."""
    row = await files_crud.get_file(db, file_id)
    if row is None or row.requested_by != admin.user_id:
        raise ReportFileNotFound
    return row


async def cancel(db: AsyncSession, admin: Principal, file_id: UUID) -> ReportFileOut:
    """Stop a report that waits or is being made. Raises ReportFileNotFound, ReportFileAlreadyEnded."""
    row = await get(db, admin, file_id)
    if not await long_jobs.cancel(db, ReportFile, file_id, now=clock.now()):
        raise ReportFileAlreadyEnded
    await db.refresh(row)
    await emit(db, ReportCancelled(user_id=_SYSTEM, report_file_id=str(file_id), report=row.report))
    return show(row)


async def link(
    db: AsyncSession, settings: Settings, admin: Principal, granted: Set[str], file_id: UUID
) -> ReportLinkOut:
    """A link to the file, for an hour. Raises ReportFileNotFound, also if the admin may no longer see what is in it, ReportFileNotReady."""
    row = await get(db, admin, file_id)
    if row.report not in {report.name for report in service.allowed(granted, admin)}:
        raise ReportFileNotFound
    if row.status != FileStatus.READY:
        raise ReportFileNotReady
    if not _may_see(row, admin, granted):
        raise ReportFileNotFound
    expires_at = min(clock.now() + LINK_LIVES, row.expires_at)
    await emit(db, ReportLinkMade(user_id=_SYSTEM, report_file_id=str(file_id), report=row.report))
    return ReportLinkOut(url=links.path_of(settings, file_id, expires_at), expires_at=expires_at)


def rights_of(admin: Principal, *, whole_contacts: bool) -> dict[str, object]:
    """What a file is made with: the operators that the admin is limited to (none: all of them), and whether contacts stand in it whole."""
    return {"operators": sorted(admin.operator_scope), "whole_contacts": whole_contacts}


def _may_see(row: ReportFile, admin: Principal, granted: Set[str]) -> bool:
    """Whether the admin has the rights still that the file was made with: it may be older than a limit of theirs."""
    made_with = row.query["made_with"]
    if made_with["whole_contacts"] and permission(Resource.PERSONAL_DATA, Action.READ) not in granted:
        return False
    operators = set(made_with["operators"])
    return not admin.operator_scope or (bool(operators) and operators <= set(admin.operator_scope))


async def by_link(
    db: AsyncSession, settings: Settings, file_id: UUID, *, until: int, signature: str
) -> ReportFile:
    """The file that a link leads to.

    Raises ReportLinkNotFound: for a link that is not ours, has expired, whose file is gone, or whose admin may no longer see what is in it.
    """
    now = clock.now()
    if not links.is_valid(settings, file_id, until, signature, now):
        raise ReportLinkNotFound
    row = await files_crud.get_file(db, file_id)
    if row is None or row.status != FileStatus.READY or row.expires_at <= now:
        raise ReportLinkNotFound
    try:
        admin, role = await admins.admit(db, row.requested_by)
    except (AdminNotFound, AdminBlocked):
        raise ReportLinkNotFound from None
    granted = await files_crud.list_permissions(db, role.role_id)
    principal = principal_of(admin, role)
    allowed = {report.name for report in service.allowed(granted, principal)}
    may_take = permission(Resource.REPORTS, Action.READ) in granted and row.report in allowed
    if not may_take or not _may_see(row, principal, granted):
        raise ReportLinkNotFound
    return row


def principal_of(admin: Admin, role: Role) -> Principal:
    """The admin as their role and their operators are now, without a session."""
    return Principal(
        user_id=admin.admin_id,
        kind="admin",
        session_id=admin.admin_id,
        role=role.name,
        operator_scope=tuple(admin.operator_scope),
    )


def key_of(row: ReportFile, attempt: int | None = None) -> str:
    """The key of its file in the storage. Each attempt has its own, so that none meets what another one left."""
    return f"reports/{row.file_id}-{attempt or row.attempts}.{row.file_format}"


def show(row: ReportFile) -> ReportFileOut:
    """A file as the API shows it. Percent and pace are those of the rows."""
    percent = seconds_left = None
    if row.status == FileStatus.READY:
        percent, seconds_left = 100.0, 0
    elif row.total_rows and row.started_at is not None:
        percent = round(min(100.0, row.rows * 100 / row.total_rows), 1)
        if row.rows and row.status == FileStatus.RUNNING:
            spent = (clock.now() - row.started_at).total_seconds()
            seconds_left = max(0, round(spent / row.rows * (row.total_rows - row.rows)))
    return ReportFileOut(
        report_file_id=row.file_id,
        report=row.report,
        format=ReportFormat(row.file_format),
        filters=row.query["filters"],
        status=FileStatus(row.status),
        rows=row.rows,
        total_rows=row.total_rows,
        percent=percent,
        seconds_left=seconds_left,
        size_bytes=row.size_bytes,
        failure=row.failure,
        created_at=row.created_at,
        ended_at=row.ended_at,
        expires_at=row.expires_at,
    )
