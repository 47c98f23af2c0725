"""`/reports/files`: reports that a worker makes (staff)."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Query, Request
from fastapi.responses import StreamingResponse

from gencharge.core.errors import DatabaseUnavailable, MalformedJson, ValidationFailed
from gencharge.core.http import web
from gencharge.core.http.downloads import REDIRECT, download
from gencharge.core.http.paging import CursorInvalid, Page
from gencharge.core.postgres.database import Db
from gencharge.core.stores.open_storage import open_storage
from gencharge.core.stores.storage import StorageUnavailable, StoredFileNotFound
from gencharge.reports import files_service, service
from gencharge.reports.errors import (
    ReportFileAlreadyEnded,
    ReportFileLimitExceeded,
    ReportFileNotFound,
    ReportFileNotReady,
    ReportLinkNotFound,
)
from gencharge.reports.schemas import (
    FILES,
    MakeReport,
    ReportFileOut,
    ReportFileQuery,
    ReportLinkOut,
)
from gencharge.sessions.guards import SCOPED_ERRORS, Action, Gate, Principal, Requires, Resource

router = web.router("reports")
Reader = Annotated[Principal, Depends(Requires(Resource.REPORTS, Action.READ, scoped=True))]
Maker = Annotated[Principal, Depends(Requires(Resource.REPORTS, Action.WRITE, scoped=True))]
_ALWAYS = (*SCOPED_ERRORS, ValidationFailed, DatabaseUnavailable)


def _granted(request: Request, admin: Principal) -> frozenset[str]:
    return frozenset(Gate.of(request.scope["app"]).grants.get(admin.role, ()))


@router.post(
    "/files",
    status_code=202,
    summary="Have a report made as a file (staff)",
    response_model=ReportFileOut,
    responses=web.errors(*_ALWAYS, MalformedJson, ReportFileLimitExceeded),
)
async def make_file(admin: Maker, db: Db, request: Request, body: MakeReport) -> ReportFileOut:
    """A worker makes it, of any size; `GET /reports/files/{report_file_id}` says how far it is. At most three of yours at a time. The file is
    kept for three days."""
    return await files_service.request(db, admin, _granted(request, admin), body)


@router.get(
    "/files",
    summary="My report files (staff)",
    response_model=Page[ReportFileOut],
    responses=web.errors(*_ALWAYS, CursorInvalid),
)
async def list_files(
    admin: Reader, db: Db, query: Annotated[ReportFileQuery, Query()]
) -> Page[ReportFileOut]:
    """The files that you asked for, the newest first."""
    return await files_service.list_files(db, admin, query)


@router.get(
    "/files/{report_file_id}",
    summary="How far a report file is (staff)",
    response_model=ReportFileOut,
    responses=web.errors(*_ALWAYS, ReportFileNotFound),
)
async def get_file(admin: Reader, db: Db, report_file_id: UUID) -> ReportFileOut:
    """Percent, rows, and how many seconds it takes yet."""
    return files_service.show(await files_service.get(db, admin, report_file_id))


@router.post(
    "/files/{report_file_id}/cancel",
    summary="Cancel a report file (staff)",
    response_model=ReportFileOut,
    responses=web.errors(*_ALWAYS, ReportFileNotFound, ReportFileAlreadyEnded),
)
async def cancel_file(admin: Maker, db: Db, report_file_id: UUID) -> ReportFileOut:
    """Stop it; its worker notices within seconds."""
    return await files_service.cancel(db, admin, report_file_id)


@router.post(
    "/files/{report_file_id}/link",
    summary="A link to a report file (staff)",
    response_model=ReportLinkOut,
    responses=web.errors(*_ALWAYS, ReportFileNotFound, ReportFileNotReady),
)
async def make_link(admin: Reader, db: Db, request: Request, report_file_id: UUID) -> ReportLinkOut:
    """It works for an hour, without signing in."""
    settings = request.scope["app"].state.settings
    return await files_service.link(db, settings, admin, _granted(request, admin), report_file_id)


@router.get(
    "/files/{report_file_id}/content",
    summary="The file that a link leads to",
    response_class=StreamingResponse,
    responses=FILES
    | REDIRECT
    | web.errors(
        ValidationFailed, ReportLinkNotFound, StoredFileNotFound, StorageUnavailable, DatabaseUnavailable
    ),
)
async def get_content(
    request: Request,
    db: Db,
    report_file_id: UUID,
    until: Annotated[int, Query(ge=0, lt=2**40, description="Of the link, in seconds since 1970.")],
    signature: Annotated[str, Query(pattern="^[0-9a-f]{64}$", description="Of the link.")],
) -> Any:
    """The whole file. The link comes from `POST /reports/files/{report_file_id}/link`."""
    settings = request.scope["app"].state.settings
    row = await files_service.by_link(db, settings, report_file_id, until=until, signature=signature)
    try:
        return await download(
            open_storage(settings),
            files_service.key_of(row),
            file_name=service.file_name(row.report, row.file_format),
            size_bytes=row.size_bytes or 0,
        )
    except StoredFileNotFound:
        raise ReportLinkNotFound from None
