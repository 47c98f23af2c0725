"""`/backups`: restoring them, and the databases that restores make and leave (staff)."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path, Query, Request
from pydantic import StringConstraints

from gencharge.approvals.errors import ApprovalAlreadyPending
from gencharge.approvals.service import ApprovalOut
from gencharge.backups import in_place_staff_service, staff_service
from gencharge.backups.errors import (
    BackupConfirmationMismatch,
    BackupDatabaseLimitExceeded,
    BackupDatabaseNotFound,
    BackupInvalid,
    BackupNotFound,
    BackupRestoreAlreadyRunning,
    BackupRunAlreadyOpen,
)
from gencharge.backups.staff_routes import (
    READING,
    WRITING,
    BackupName,
    Deleter,
    Reader,
    Taker,
    stores_of,
)
from gencharge.backups.staff_schemas import BackupDatabaseOut, BackupRestore, BackupRunOut
from gencharge.core.errors import MalformedJson
from gencharge.core.http import web
from gencharge.core.http.paging import CursorInvalid, Page, PageParams
from gencharge.core.stores.storage import StorageUnavailable

router = web.router("backups")
DatabaseName = Annotated[
    str, StringConstraints(max_length=63), Path(description="As `GET /backups/databases` shows it.")
]


@router.get(
    "/databases",
    summary="The databases that restores made or left (staff)",
    response_model=Page[BackupDatabaseOut],
    responses=web.errors(*READING, CursorInvalid),
)
async def list_databases(
    _admin: Reader, request: Request, query: Annotated[PageParams, Query()]
) -> Page[BackupDatabaseOut]:
    """Beside the live one, the newest first. With BACKUP_DATABASES_AT_MOST of them no restore begins."""
    return await in_place_staff_service.list_databases(stores_of(request), query)


@router.delete(
    "/databases/{database}",
    status_code=204,
    summary="Delete a database that a restore made or left (staff)",
    responses=web.errors(*WRITING, BackupDatabaseNotFound, BackupRestoreAlreadyRunning),
)
async def delete_database(_admin: Deleter, request: Request, database: DatabaseName) -> None:
    """And what belongs to it in MongoDB. No other database is ever deleted. Needs step-up."""
    await in_place_staff_service.drop_database(stores_of(request), database)


@router.post(
    "/{backup}/restore",
    status_code=202,
    summary="Have a backup restored (staff)",
    response_model=BackupRunOut | ApprovalOut,
    responses=web.errors(
        *WRITING,
        MalformedJson,
        BackupNotFound,
        BackupRunAlreadyOpen,
        BackupConfirmationMismatch,
        BackupDatabaseLimitExceeded,
        ApprovalAlreadyPending,
        BackupInvalid,
        StorageUnavailable,
    ),
)
async def restore_backup(
    admin: Taker, request: Request, backup: BackupName, body: BackupRestore | None = None
) -> BackupRunOut | ApprovalOut:
    """Without a body a worker restores it beside what is in use, which it does not touch. The answer has the names of the new databases.

    With `in_place` it takes the place of what is live, once a second admin has approved (`/approvals`): everything answers 503
    `maintenance` while it is done, what is live is backed up first and kept, and all sessions end. Needs step-up."""
    if body is not None and body.in_place:
        return await in_place_staff_service.ask(stores_of(request), admin.user_id, backup, body)
    return await staff_service.restore(stores_of(request), admin.user_id, backup)
