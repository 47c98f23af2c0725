"""`/backups`: making, verifying, taking, restoring and deleting backups (staff)."""

from __future__ import annotations

from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import Depends, Path, Query, Request
from fastapi.responses import Response, StreamingResponse
from starlette.status import HTTP_200_OK, HTTP_202_ACCEPTED

from gencharge.backups import links_service, names, service, staff_service, views_service
from gencharge.backups.errors import (
    BackupInUse,
    BackupLimitExceeded,
    BackupLinkNotFound,
    BackupNotFound,
    BackupRunAlreadyEnded,
    BackupRunAlreadyOpen,
    BackupRunNotFound,
)
from gencharge.backups.staff_schemas import (
    BackupCreate,
    BackupDetail,
    BackupLinkOut,
    BackupLogLine,
    BackupOut,
    BackupQuery,
    BackupRunOut,
    BackupRunQuery,
)
from gencharge.core.errors import DatabaseUnavailable, DocumentsUnavailable, MalformedJson, ValidationFailed
from gencharge.core.http import language, web
from gencharge.core.http.paging import BoundedParams, CursorInvalid, Page
from gencharge.core.http.web import Out
from gencharge.core.postgres.database import Db
from gencharge.core.stores.storage import StorageUnavailable, StoredFileNotFound, type_of
from gencharge.core.stores.stores import Stores
from gencharge.sessions.guards import ADMIN_ERRORS, STEP_UP_ERRORS, Action, Principal, Requires, Resource

router = web.router("backups")
Reader = Annotated[Principal, Depends(Requires(Resource.BACKUPS, Action.READ))]
Maker = Annotated[Principal, Depends(Requires(Resource.BACKUPS, Action.WRITE, step_up=True))]
Taker = Annotated[Principal, Depends(Requires(Resource.BACKUPS, Action.EDIT, step_up=True))]
Deleter = Annotated[Principal, Depends(Requires(Resource.BACKUPS, Action.DELETE, step_up=True))]
BackupName = Annotated[str, Path(max_length=40, description="As the list shows it.")]
READING: Final = (*ADMIN_ERRORS, ValidationFailed, DatabaseUnavailable)
WRITING: Final = (*STEP_UP_ERRORS, ValidationFailed, DatabaseUnavailable)

_ARCHIVE: Final[dict[int | str, dict[str, Any]]] = {
    200: {"content": {"application/octet-stream": {}}, "description": "The archive."}
}


def stores_of(request: Request) -> Stores:
    """The application's stores, for what asks the storage between transactions."""
    stores: Stores = request.scope["app"].state.stores
    return stores


def _reply(answer: Out | Page[Any], status: int = HTTP_200_OK) -> Response:
    """In the language of the caller, which the problems are in."""
    return web.reply(answer, status=status, headers=language.HEADERS[language.spoken()])


@router.post(
    "",
    status_code=202,
    summary="Have a backup made (staff)",
    response_model=BackupOut,
    responses=web.errors(*WRITING, MalformedJson, BackupLimitExceeded),
)
async def create_backup(admin: Maker, request: Request, body: BackupCreate) -> Response:
    """A worker makes it; `GET /backups/{backup}` says how far it is. One at a time. Needs step-up."""
    return _reply(await staff_service.create(stores_of(request), admin.user_id, body), HTTP_202_ACCEPTED)


@router.get(
    "",
    summary="The backups (staff)",
    response_model=Page[BackupOut],
    responses=web.errors(*READING, CursorInvalid, StorageUnavailable),
)
async def list_backups(_admin: Reader, request: Request, query: Annotated[BackupQuery, Query()]) -> Response:
    """What is in the storage, also from the command line, and what workers are at, the newest first. What came to nothing is shown for 30 days."""
    return _reply(await staff_service.list_backups(stores_of(request), query))


@router.get(
    "/runs",
    summary="Work on backups (staff)",
    response_model=Page[BackupRunOut],
    responses=web.errors(*READING, CursorInvalid),
)
async def list_runs(_admin: Reader, db: Db, query: Annotated[BackupRunQuery, Query()]) -> Response:
    """What workers made, verified and restored, the newest first. What the command line did is not among it."""
    return _reply(await staff_service.list_runs(db, query))


@router.get(
    "/runs/{backup_run_id}",
    summary="How far work on a backup is (staff)",
    response_model=BackupRunOut,
    responses=web.errors(*READING, BackupRunNotFound),
)
async def get_run(_admin: Reader, db: Db, backup_run_id: UUID) -> Response:
    """Stage, percent, and how many seconds it takes yet."""
    return _reply(views_service.run_out(await staff_service.get_run(db, backup_run_id)))


@router.get(
    "/runs/{backup_run_id}/logs",
    summary="The log of work on a backup (staff)",
    response_model=Page[BackupLogLine],
    responses=web.errors(*READING, BackupRunNotFound, CursorInvalid, DocumentsUnavailable),
)
async def list_log_lines(
    _admin: Reader, request: Request, backup_run_id: UUID, query: Annotated[BoundedParams, Query()]
) -> Page[BackupLogLine]:
    """What happened, line by line, the first one first."""
    return await staff_service.list_log_lines(stores_of(request), backup_run_id, query)


@router.post(
    "/runs/{backup_run_id}/cancel",
    summary="Cancel work on a backup (staff)",
    response_model=BackupRunOut,
    responses=web.errors(*WRITING, BackupRunNotFound, BackupRunAlreadyEnded),
)
async def cancel_run(_admin: Maker, db: Db, backup_run_id: UUID) -> Response:
    """Stop it; its worker notices within seconds, and keeps nothing. Needs step-up."""
    return _reply(await staff_service.cancel(db, backup_run_id))


@router.get(
    "/{backup}",
    summary="A backup (staff)",
    response_model=BackupDetail,
    responses=web.errors(*READING, BackupNotFound, StorageUnavailable),
)
async def get_backup(_admin: Reader, request: Request, backup: BackupName) -> Response:
    """What is in it, how far it is, and what its last verification found."""
    return _reply(await staff_service.get(stores_of(request), backup))


@router.post(
    "/{backup}/verify",
    status_code=202,
    summary="Have a backup verified (staff)",
    response_model=BackupRunOut,
    responses=web.errors(*WRITING, BackupNotFound, BackupRunAlreadyOpen, StorageUnavailable),
)
async def verify_backup(admin: Maker, request: Request, backup: BackupName) -> Response:
    """A worker restores it into scratch databases, compares them with what was backed up, checks ledger and audit trail in them, and deletes
    them. Needs step-up."""
    return _reply(await staff_service.verify(stores_of(request), admin.user_id, backup), HTTP_202_ACCEPTED)


@router.delete(
    "/{backup}",
    status_code=204,
    summary="Delete a backup (staff)",
    responses=web.errors(*WRITING, BackupNotFound, BackupInUse, BackupRunAlreadyOpen, StorageUnavailable),
)
async def delete_backup(_admin: Deleter, request: Request, backup: BackupName) -> None:
    """Not the last one that is known to be good, and none that a worker is at. Needs step-up."""
    await staff_service.delete(stores_of(request), backup)


@router.post(
    "/{backup}/link",
    summary="A link to a backup's file (staff)",
    response_model=BackupLinkOut,
    responses=web.errors(*WRITING, BackupNotFound, StorageUnavailable),
)
async def make_link(admin: Taker, request: Request, backup: BackupName) -> BackupLinkOut:
    """It works for one download within ten minutes, without signing in. Needs step-up."""
    return await links_service.make(stores_of(request), admin.user_id, backup)


@router.get(
    "/{backup}/content",
    summary="The file that a link to a backup leads to",
    response_class=StreamingResponse,
    responses=_ARCHIVE
    | web.errors(
        ValidationFailed, BackupLinkNotFound, StoredFileNotFound, StorageUnavailable, DatabaseUnavailable
    ),
)
async def get_content(
    request: Request,
    backup: BackupName,
    link_id: Annotated[UUID, Query(description="Of the link.")],
    until: Annotated[int, Query(ge=0, lt=2**40, description="Of the link, in seconds since 1970.")],
    signature: Annotated[str, Query(pattern="^[0-9a-f]{64}$", description="Of the link.")],
) -> Any:
    """The whole archive. The link comes from `POST /backups/{backup}/link`. If the download breaks off, ask for another link."""
    stores = stores_of(request)
    taken = await links_service.take(stores, backup, link_id, until=until, signature=signature)
    location = service.location_of(stores.settings, taken)
    # Through us, never from the bucket under a signed link: that one would work for more than one download.
    return StreamingResponse(
        location.storage.read(location.key),
        media_type=type_of(location.key),
        headers={
            "Content-Disposition": f'attachment; filename="{taken.key.removeprefix(names.FOLDER)}"',
            "Content-Length": str(taken.size_bytes),
            "Cache-Control": "no-store",
        },
    )
