"""A restore in place over the API: one admin asks and types the backup's id, another one approves, and a process of its own does it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.approvals import service as approvals
from gencharge.approvals.service import ApprovalOut
from gencharge.backups import copies_service, in_place_service, runs_crud, service, staff_service
from gencharge.backups.create_service import Progress
from gencharge.backups.errors import BackupConfirmationMismatch, BackupInvalid, RestoreFailed
from gencharge.backups.events import BackupDatabaseDeleted, BackupRestoreInPlaceRequested
from gencharge.backups.models import BackupRun, RunKind, RunStatus
from gencharge.backups.staff_schemas import BackupDatabaseOut, BackupRestore
from gencharge.core.errors import field_problem
from gencharge.core.events.events import emit
from gencharge.core.http.paging import Page, PageParams, decode_cursor, encode_cursor
from gencharge.core.rooms.acts import Act, Approved
from gencharge.core.rooms.proofs import Proof
from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.core.values.ids import SYSTEM_USER_ID
from gencharge.core.wording import sentences, worded
from gencharge.sessions.guards import Action, Resource, permission

_SYSTEM: Final = str(SYSTEM_USER_ID)


async def ask(stores: Stores, admin_id: UUID, backup_id: str, command: BackupRestore) -> ApprovalOut:
    """Have a restore in place wait for a second admin.

    Raises BackupNotFound, BackupConfirmationMismatch, BackupInvalid (of chosen tables), ApprovalAlreadyPending, StorageUnavailable."""
    backup = await service.get_backup(stores.settings, backup_id)
    if command.confirm != backup_id:
        raise BackupConfirmationMismatch(
            errors=[
                field_problem(
                    "body.confirm",
                    worded("Must be {backup_id}, the id of the backup.", backup_id=backup_id),
                    "backup_confirmation_mismatch",
                )
            ]
        )
    if backup.description.get("selection"):
        raise BackupInvalid("The backup holds chosen tables only. It can't take the place of everything.")
    proposal = approvals.Proposal(
        act=RESTORE,
        target=f"backup:{backup_id}",
        summary=sentences(
            worded(
                "Restore the backup {backup_id} of {made_at} UTC in the place of what is live.",
                backup_id=backup_id,
                made_at=f"{backup.made_at:%Y-%m-%d %H:%M}",
            ),
            worded("What was done since is not live afterwards."),
        ),
        reason=command.reason,
        payload={"backup_id": backup_id},
    )
    return (await stores.database.run(lambda db: approvals.request(db, admin_id, proposal))).answer


async def _approved(db: AsyncSession, approved: Approved) -> None:
    backup_id = str(approved.payload["backup_id"])
    options = {
        "requested_by": str(approved.requested_by),
        "approved_by": str(approved.approved_by),
        # A copy of this database must not do it once more.
        "database_oid": await runs_crud.get_database_oid(db),
    }
    await staff_service.add(
        db, RunKind.RESTORE_IN_PLACE, backup_id, options, requested_by=approved.requested_by
    )
    await emit(
        db,
        BackupRestoreInPlaceRequested(
            user_id=_SYSTEM,
            backup_id=backup_id,
            requested_by=str(approved.requested_by),
            approved_by=str(approved.approved_by),
        ),
    )


RESTORE: Final = Act(
    name="restore_backup", permission=permission(Resource.BACKUPS, Action.EDIT), run=_approved
)


async def work(
    stores: Stores, claimed: BackupRun, proofs: Sequence[Proof], progress: Progress
) -> in_place_service.Outcome:
    """Do what was approved. The restored database gets the row, as done. Raises what `in_place_service.run` raises."""
    options = claimed.options
    if await stores.database.run(runs_crud.get_database_oid) != options["database_oid"]:
        raise RestoreFailed("This was asked for in another database, of which this one is a copy.")
    backup = await service.get_backup(stores.settings, claimed.backup_id)

    async def also(db: AsyncSession) -> None:
        await runs_crud.add_run(
            db,
            run_id=claimed.run_id,
            kind=claimed.kind,
            backup_id=claimed.backup_id,
            requested_by=claimed.requested_by,
            options=options,
            status=RunStatus.SUCCEEDED.value,
            attempts=claimed.attempts,
            created_at=claimed.created_at,
            started_at=claimed.started_at,
            ended_at=clock.now(),
        )

    request = in_place_service.Request(
        backup_id=claimed.backup_id,
        requested_by=options["requested_by"],
        approved_by=options["approved_by"],
        also=also,
    )
    location = service.location_of(stores.settings, backup)
    try:
        return await in_place_service.run(
            stores.settings, location, request, proofs=proofs, progress=progress
        )
    finally:
        # PostgreSQL has ended every session: what the pool holds is of no use.
        await stores.database.engine.dispose()


async def list_databases(stores: Stores, query: PageParams) -> Page[BackupDatabaseOut]:
    """A page of the databases that restores made or left, the newest first. Raises CursorInvalid."""
    after = decode_cursor(query.cursor, kinds=(str,))[0] if query.cursor is not None else None
    copies = await copies_service.list_copies(stores.settings)
    names = [copy.database for copy in copies]
    rest = copies[names.index(after) + 1 :] if after in names else copies
    page = rest[: query.limit]
    return Page(
        items=[BackupDatabaseOut.model_validate(copy) for copy in page],
        next_cursor=encode_cursor(page[-1].database) if len(rest) > len(page) else None,
        total=len(copies) if query.include_total else None,
    )


async def drop_database(stores: Stores, database: str) -> None:
    """Delete one of them. Raises BackupDatabaseNotFound, BackupRestoreAlreadyRunning."""
    await copies_service.find(stores.settings, database)
    # It is in the trail before it is gone.
    event = BackupDatabaseDeleted(user_id=_SYSTEM, database=database)
    await stores.database.run(lambda db: emit(db, event))
    await copies_service.drop(stores.settings, database)
