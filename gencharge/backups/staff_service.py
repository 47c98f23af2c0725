"""What the staff do with backups: ask for them, follow them, delete them. The list is what is in the storage and what workers are at.

No transaction is open while the storage is asked: each function says what it reads and writes in transactions of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.backups import copies_service, logs_crud, manifest, runs_crud, service
from gencharge.backups.create_service import Plan
from gencharge.backups.errors import (
    BackupDatabaseLimitExceeded,
    BackupLimitExceeded,
    BackupNotFound,
    BackupRunAlreadyEnded,
    BackupRunAlreadyOpen,
    BackupRunNotFound,
    BackupTablesInvalid,
)
from gencharge.backups.events import (
    BackupDeleted,
    BackupRequested,
    BackupRestoreRequested,
    BackupRunCancelled,
    BackupVerificationRequested,
)
from gencharge.backups.models import BackupRun, RunKind, RunStatus
from gencharge.backups.staff_schemas import (
    BackupCreate,
    BackupDetail,
    BackupLogLine,
    BackupOut,
    BackupQuery,
    BackupRunOut,
    BackupRunQuery,
)
from gencharge.backups.views_service import detail_out, pending_out, ready_out, run_out
from gencharge.core.background import jobs, long_jobs
from gencharge.core.errors import ValidationFailed, field_problem
from gencharge.core.events.events import emit
from gencharge.core.http.paging import BoundedParams, Page, decode_cursor, encode_cursor
from gencharge.core.stores.mongo import answering
from gencharge.core.stores.storage import StoredFile
from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.core.values.ids import SYSTEM_USER_ID, new_id

RUN: Final = "backups.run"
_SYSTEM: Final = str(SYSTEM_USER_ID)


async def create(stores: Stores, admin_id: UUID, command: BackupCreate) -> BackupOut:
    """Have a worker make a backup. Raises ValidationFailed, which names unknown tables, BackupLimitExceeded."""

    async def unit(db: AsyncSession) -> BackupRun:
        tables = sorted(set(command.tables))
        if tables:
            _check_tables(tables, await runs_crud.list_table_names(db))
        if await runs_crud.count_open(db, RunKind.CREATE):
            raise BackupLimitExceeded
        options = {"description": command.description, "tables": tables}
        run = await add(db, RunKind.CREATE, Plan().backup_id, options, requested_by=admin_id)
        event = BackupRequested(
            user_id=_SYSTEM, backup_id=run.backup_id, description=command.description, tables=tables
        )
        await emit(db, event)
        return run

    return pending_out(await stores.database.run(unit))


def _check_tables(tables: list[str], known: list[str]) -> None:
    try:
        manifest.with_dependencies(tables, known, ())
    except BackupTablesInvalid as problem:
        raise ValidationFailed(
            problem.detail, errors=[field_problem("body.tables", problem.detail, "backup_tables_invalid")]
        ) from None


async def verify(stores: Stores, admin_id: UUID, backup_id: str) -> BackupRunOut:
    """Have a worker verify a backup. Raises BackupNotFound, BackupRunAlreadyOpen, StorageUnavailable."""
    await service.get_backup(stores.settings, backup_id)

    async def unit(db: AsyncSession) -> BackupRun:
        run = await add(db, RunKind.VERIFY, backup_id, {}, requested_by=admin_id)
        await emit(db, BackupVerificationRequested(user_id=_SYSTEM, backup_id=backup_id))
        return run

    return run_out(await stores.database.run(unit))


async def restore(stores: Stores, admin_id: UUID, backup_id: str) -> BackupRunOut:
    """Have a worker restore a backup into new databases.

    Raises BackupNotFound, BackupRunAlreadyOpen, BackupDatabaseLimitExceeded, StorageUnavailable."""
    await service.get_backup(stores.settings, backup_id)
    if len(await copies_service.list_copies(stores.settings)) >= stores.settings.backup_databases_at_most:
        raise BackupDatabaseLimitExceeded
    target = service.scratch_target(stores.settings, backup_id, "restored")

    async def unit(db: AsyncSession) -> BackupRun:
        options = {"database": target.database, "mongo_database": target.mongo_database}
        run = await add(db, RunKind.RESTORE, backup_id, options, requested_by=admin_id)
        event = BackupRestoreRequested(user_id=_SYSTEM, backup_id=backup_id, database=target.database)
        await emit(db, event)
        return run

    return run_out(await stores.database.run(unit))


async def add(
    db: AsyncSession,
    kind: RunKind,
    backup_id: str,
    options: Mapping[str, Any],
    *,
    requested_by: UUID | None,
    slot: str | None = None,
) -> BackupRun:
    """Have a worker do something. Raises BackupRunAlreadyOpen if the same is open for this backup, or was done for the slot."""
    run = await runs_crud.add_run(
        db,
        run_id=new_id(),
        kind=kind.value,
        backup_id=backup_id,
        requested_by=requested_by,
        slot=slot,
        options=dict(options),
        created_at=clock.now(),
    )
    if run is None:
        raise BackupRunAlreadyOpen
    await jobs.defer(db, RUN, run_id=str(run.run_id))
    return run


async def add_scheduled(db: AsyncSession, slot: str) -> bool:
    """Have the backup of a slot made and then verified; False if it was asked for already, or another one is being made."""
    if await runs_crud.has_slot(db, slot) or await runs_crud.count_open(db, RunKind.CREATE):
        return False
    description = f"Scheduled: {slot}"
    options = {"description": description, "tables": [], "verify": True}
    try:
        run = await add(db, RunKind.CREATE, Plan().backup_id, options, requested_by=None, slot=slot)
    except BackupRunAlreadyOpen:
        return False
    await emit(
        db, BackupRequested(user_id=_SYSTEM, backup_id=run.backup_id, description=description, tables=[])
    )
    return True


async def list_backups(stores: Stores, query: BackupQuery) -> Page[BackupOut]:
    """A page of the backups, the newest first. Raises CursorInvalid, StorageUnavailable."""
    before = decode_cursor(query.cursor, kinds=(str,))[0] if query.cursor is not None else None
    files = await service.list_keys(stores.settings)
    since = clock.now() - service.SHOW_FAILED
    creations = await stores.database.run(
        lambda db: runs_crud.list_creations(db, since=since, backup_ids=list(files))
    )
    runs = {run.backup_id: run for run in creations}
    ids = [one for one in sorted({*files, *runs}, reverse=True) if _matches(query, files, runs.get(one), one)]
    total = len(ids) if query.include_total else None
    rest = [one for one in ids if before is None or one < before]
    page = rest[: query.limit]
    known = {
        backup.backup_id: backup
        for backup in await service.describe(
            stores.settings, {one: files[one] for one in page if one in files}
        )
    }
    items = [ready_out(known[one], runs.get(one)) if one in known else pending_out(runs[one]) for one in page]
    cursor = encode_cursor(page[-1]) if len(rest) > len(page) else None
    return Page(items=items, next_cursor=cursor, total=total)


def _matches(
    query: BackupQuery, files: Mapping[str, StoredFile], run: BackupRun | None, backup_id: str
) -> bool:
    if backup_id in files:
        return query.status in {None, "ready"}
    if run is None or run.status == RunStatus.SUCCEEDED:
        # It was made, and has been deleted since.
        return False
    return query.status is None or query.status.value == run.status


async def get(stores: Stores, backup_id: str) -> BackupDetail:
    """One backup, ready or not. Raises BackupNotFound, StorageUnavailable."""
    try:
        backup = await service.get_backup(stores.settings, backup_id)
    except BackupNotFound:
        run = await stores.database.run(lambda db: runs_crud.get_creation(db, backup_id))
        if run is None or run.status == RunStatus.SUCCEEDED:
            raise
        return detail_out(pending_out(run), {})
    run = await stores.database.run(lambda db: runs_crud.get_creation(db, backup_id))
    return detail_out(ready_out(backup, run), backup.description)


async def delete(stores: Stores, backup_id: str) -> None:
    """Delete a backup. Raises BackupNotFound, BackupInUse, BackupRunAlreadyOpen, StorageUnavailable."""
    await service.find_deletable(stores.settings, backup_id)

    async def unit(db: AsyncSession) -> None:
        if await runs_crud.has_open(db, backup_id):
            raise BackupRunAlreadyOpen
        await emit(db, BackupDeleted(user_id=_SYSTEM, backup_id=backup_id))

    # It is in the trail before it is gone.
    await stores.database.run(unit)
    await service.delete(stores.settings, backup_id)


async def list_runs(db: AsyncSession, query: BackupRunQuery) -> Page[BackupRunOut]:
    """A page of the work on backups, the newest first."""
    rows, cursor, total = await runs_crud.list_runs(db, query)
    return Page(items=[run_out(row) for row in rows], next_cursor=cursor, total=total)


async def get_run(db: AsyncSession, run_id: UUID) -> BackupRun:
    """Work on a backup. Raises BackupRunNotFound."""
    run = await runs_crud.get_run(db, run_id)
    if run is None:
        raise BackupRunNotFound
    return run


async def cancel(db: AsyncSession, run_id: UUID) -> BackupRunOut:
    """Stop work that waits or runs. Raises BackupRunNotFound, BackupRunAlreadyEnded."""
    run = await get_run(db, run_id)
    if not await long_jobs.cancel(db, BackupRun, run_id, now=clock.now()):
        raise BackupRunAlreadyEnded
    await db.refresh(run)
    await emit(db, BackupRunCancelled(user_id=_SYSTEM, backup_id=run.backup_id, kind=run.kind))
    return run_out(run)


async def list_log_lines(stores: Stores, run_id: UUID, query: BoundedParams) -> Page[BackupLogLine]:
    """A page of the log of a run, the first line first. Raises BackupRunNotFound, CursorInvalid, DocumentsUnavailable."""
    after = decode_cursor(query.cursor, kinds=(UUID,))[0] if query.cursor is not None else None
    await stores.database.run(lambda db: get_run(db, run_id))
    with answering(stores.documents):
        lines = await logs_crud.list_lines(stores.documents, run_id, after=after, limit=query.limit + 1)
    page = lines[: query.limit]
    items = [BackupLogLine(at=line["at"], level=line["level"], text=line["text"]) for line in page]
    return Page(items=items, next_cursor=encode_cursor(page[-1]["_id"]) if len(lines) > len(page) else None)
