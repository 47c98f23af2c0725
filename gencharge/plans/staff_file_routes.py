"""Importing and exporting plans as files, for the staff."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any, Final

from fastapi import Depends, Query, Request
from fastapi.responses import StreamingResponse

from gencharge.core.errors import DatabaseUnavailable, TooLarge, ValidationFailed
from gencharge.core.http.uploads import read_upload
from gencharge.core.http.web import PREFIX, errors
from gencharge.core.http.web import router as router_of
from gencharge.core.postgres.database import Db
from gencharge.plans import export_service, import_service, plan_rows, spreadsheet
from gencharge.plans.errors import PlanFileInvalid, PlanImportInvalid
from gencharge.plans.staff_schemas import PlanExportQuery, PlanImportOut
from gencharge.sessions.errors import StepUpRequired
from gencharge.sessions.guards import SCOPED_ERRORS, Action, Principal, Requires, Resource

_MAX_BYTES: Final = 5_000_000
LARGE_BODIES: Final = {f"{PREFIX}/plans/admin/import": _MAX_BYTES}
Reader = Annotated[Principal, Depends(Requires(Resource.PLANS, Action.READ, scoped=True))]
# A file may add and change plans, so an import needs both permissions.
Importer = Annotated[Principal, Depends(Requires(Resource.PLANS, Action.WRITE, scoped=True, step_up=True))]
_ALSO_EDIT: Final = Depends(Requires(Resource.PLANS, Action.EDIT, scoped=True))
_FILE: Final[dict[str, Any]] = {"type": "string", "format": "binary"}
_BODY: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {"type": "object", "required": ["file"], "properties": {"file": _FILE}}
            },
            "text/csv": {"schema": {"type": "string"}},
            spreadsheet.XLSX: {"schema": _FILE},
        },
    }
}
_FILES: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "description": "The file.",
        "content": {"text/csv": {"schema": {"type": "string"}}, spreadsheet.XLSX: {"schema": _FILE}},
    }
}
router = router_of("plans")


@router.get(
    "/admin/export",
    summary="Plans as a file (staff)",
    response_class=StreamingResponse,
    responses=_FILES | errors(*SCOPED_ERRORS, ValidationFailed, DatabaseUnavailable),
)
async def staff_export_plans(
    admin: Reader, db: Db, query: Annotated[PlanExportQuery, Query()]
) -> StreamingResponse:
    """The plans of your scope as CSV or XLSX, to be edited and given back to `POST /plans/admin/import`.

    The columns are `plan_id`, `version`, `operator`, `name`, `description`, `plan_type`, `category`, `group` (its
    name), `price` (rupees), `validity_count`, `validity_unit`, `circles` (codes with blanks between; empty: all),
    `data_total_mb`, `data_per_day_mb`, `voice_unlimited`, `voice_minutes`, `sms_total`, `sms_per_day`, `talktime`
    (rupees), `extras` (one a line), `most_popular`, `criteria`, `status`, `active_from`, `active_until`. A text that
    a spreadsheet would run has an apostrophe in front, which the import takes away.
    """
    plans, vocabulary = await export_service.rows_of(db, admin, query)
    headers = {
        "Content-Disposition": f'attachment; filename="{export_service.file_name(query.format)}"',
        "Cache-Control": "no-store",
    }
    return StreamingResponse(
        export_service.chunks(plans, vocabulary, query.format),
        media_type=export_service.MEDIA_TYPES[query.format],
        headers=headers,
    )


@router.post(
    "/admin/import",
    summary="Plans from a file (staff)",
    response_model=PlanImportOut,
    dependencies=[_ALSO_EDIT],
    openapi_extra=_BODY,
    responses=errors(
        *SCOPED_ERRORS,
        StepUpRequired,
        TooLarge,
        ValidationFailed,
        PlanFileInvalid,
        PlanImportInvalid,
        DatabaseUnavailable,
    ),
)
async def staff_import_plans(
    admin: Importer,
    db: Db,
    request: Request,
    dry_run: Annotated[bool, Query(description="true: only say what would happen.")] = False,
) -> PlanImportOut:
    """Create and change plans from CSV (UTF-8) or XLSX: at most 10,000 rows and 5 MB, all of them or none.

    The columns are those of the export, in any order; a column that is missing leaves its values as they are. A row
    with a `plan_id` changes that plan, one without makes a new one. With `version` a row is refused when the plan
    has changed since. Every bad row is listed with its line, its column and what would be right.
    """
    upload = await read_upload(request, PlanFileInvalid)
    rows = await asyncio.to_thread(spreadsheet.read, upload.content, plan_rows.COLUMNS)
    return await import_service.run(db, admin, rows, dry_run=dry_run)
