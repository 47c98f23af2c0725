"""Restoring a backup in the place of what is live. Killed at any step, either the old or the new state is live as a whole.

    filling     the backup is restored beside what is live, compared and proved; everything goes on
    closed      nothing is served and nothing can be written; what is live is backed up, and that backup is verified
    exchanged   the databases of PostgreSQL have exchanged their names, in one transaction; MongoDB's collections follow
    (no step)   open again; what was live before is kept under a name with the date

Up to `closed` an interrupted restore goes back to the old state, from `exchanged` on it goes on to the new one: `resume`.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Final

import psycopg
from pymongo.errors import PyMongoError
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.backups import (
    copies_service,
    crud,
    documents_crud,
    journal_crud,
    names,
    restore_service,
    service,
)
from gencharge.backups.create_service import Plan, Progress, create
from gencharge.backups.errors import (
    BackupDatabaseLimitExceeded,
    BackupInvalid,
    BackupNotPermitted,
    BackupRestoreAlreadyRunning,
    BackupRestoreInterrupted,
    RestoreFailed,
)
from gencharge.backups.events import BackupRestoredInPlace
from gencharge.backups.examine_service import Location
from gencharge.backups.restore_service import Target
from gencharge.core import faultpoints, telemetry
from gencharge.core.errors import Problem
from gencharge.core.events.events import emit
from gencharge.core.postgres.database import Database
from gencharge.core.postgres.maintenance import CURE, comment_of
from gencharge.core.rooms.proofs import Proof
from gencharge.core.settings import Settings
from gencharge.core.values import clock
from gencharge.core.values.ids import SYSTEM_USER_ID
from gencharge.core.wording import worded
from gencharge.sessions import service as sessions

FILLING: Final = "filling"
CLOSED: Final = "closed"
EXCHANGED: Final = "exchanged"
# Every process looks twice a second whether it is closed.
_NOTICED_SECONDS: Final = 2.0
REASON: Final = "restored"
_AWAY: Final = (psycopg.Error, PyMongoError)
log = telemetry.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """Of which backup, and who asked and agreed (empty: the command line). `also` writes into the restored database before it is live."""

    backup_id: str
    requested_by: str = ""
    approved_by: str = ""
    also: Any = None


@dataclass(slots=True)
class Outcome:
    """What was done. `aside` and `mongo_aside`: the databases that were live before."""

    safety_backup_id: str
    aside: str
    mongo_aside: str
    lines: list[str] = field(default_factory=list)


async def run(
    settings: Settings,
    location: Location,
    request: Request,
    *,
    proofs: Sequence[Proof] = (),
    progress: Progress,
) -> Outcome:
    """Put a backup in the place of what is live. What goes wrong before the exchange leaves all as it was.

    Raises what `restore_service.restore` raises, BackupRestoreAlreadyRunning, BackupRestoreInterrupted, BackupNotPermitted,
    BackupDatabaseLimitExceeded, RestoreFailed (also if a copy is not what was backed up)."""
    async with _alone(settings):
        journal = await asyncio.to_thread(_begin, settings, request)
        try:
            lines = await _fill(settings, location, journal, proofs, progress)
            await _close(settings, journal)
            safety = await _back_up(settings, request, journal, progress)
            await _prepare(settings, request, journal, safety)
            await faultpoints.point("restore.prepared")
            await _exchange(settings, journal | {"safety": safety})
        except BaseException as error:
            # The journal decides: the exchange may be committed, and its answer lost.
            await _undo(settings)
            raise _as_problem(error) from error
        journal |= {"safety": safety, "step": EXCHANGED}
        await faultpoints.point("restore.exchanged")
        try:
            await _finish(settings, journal)
        except _AWAY as error:
            raise RestoreFailed(
                worded(
                    "The restore is not finished: {reason}. Run gencharge backup restore --resume.",
                    reason=_reason(error),
                )
            ) from error
        log.warning("restored_in_place", backup_id=request.backup_id, aside=journal["aside"])
        return Outcome(safety, journal["aside"], journal["mongo_aside"], lines)


async def resume(settings: Settings) -> str:
    """End a restore in place that was interrupted; what was done, in a sentence. Raises BackupRestoreAlreadyRunning, RestoreFailed."""
    async with _alone(settings):
        try:
            return await _resume(settings)
        except _AWAY as error:
            raise RestoreFailed(
                worded("The restore could not be ended: {reason}. Try again.", reason=_reason(error))
            ) from error


async def _resume(settings: Settings) -> str:
    journal = await asyncio.to_thread(_read_journal, settings)
    if not journal:
        return "No restore was interrupted. Nothing was done."
    if journal["step"] == EXCHANGED:
        await _finish(settings, journal)
        return (
            f"The restore of {journal['backup_id']} was finished: it is live."
            f" What was live before is kept as {journal['aside']}."
        )
    await _go_back(settings, journal)
    return f"The restore of {journal['backup_id']} was given up: what was live before is live, and nothing is lost."


@asynccontextmanager
async def _alone(settings: Settings) -> AsyncIterator[None]:
    holding = journal_crud.locked(settings.migration_url, crud.database_of(settings.migration_url))
    is_first = await asyncio.to_thread(holding.__enter__)
    try:
        if not is_first:
            raise BackupRestoreAlreadyRunning
        yield
    finally:
        await asyncio.to_thread(holding.__exit__, None, None, None)


def _read_journal(settings: Settings) -> dict[str, Any]:
    url = settings.migration_url
    with crud.connected(url, "postgres", autocommit=True) as connection:
        return journal_crud.get_journal(connection, crud.database_of(url))


def _begin(settings: Settings, request: Request) -> dict[str, Any]:
    """Check that it can be done, and write the journal."""
    url, live = settings.migration_url, crud.database_of(settings.migration_url)
    stamp = f"{clock.now():%Y%m%dt%H%M%Sz}"
    with crud.connected(url, "postgres", autocommit=True) as connection:
        comment = journal_crud.get_comment(connection, live)
        if journal_crud.get_journal(connection, live):
            raise BackupRestoreInterrupted
        if missing := journal_crud.list_missing_rights(connection, live):
            raise BackupNotPermitted(
                worded(
                    "The login of MIGRATION_DATABASE_URL lacks rights. A superuser gives them: {statements}",
                    statements="; ".join(missing),
                )
            )
        if copies_service.count(settings, connection) >= settings.backup_databases_at_most:
            raise BackupDatabaseLimitExceeded
        journal = {
            "step": FILLING,
            "closed": False,
            "backup_id": request.backup_id,
            "begun_at": clock.now().isoformat(),
            "live": live,
            "new": names.derived_database(live, "restored", stamp),
            "aside": names.derived_database(live, "before", stamp),
            "mongo_new": names.derived_database(settings.mongo_database, "restored", stamp),
            "mongo_aside": names.derived_database(settings.mongo_database, "before", stamp),
            "token": stamp,
            "comment": comment,
        }
        journal_crud.set_comment(connection, live, comment_of(journal))
    return journal


def _target(journal: Mapping[str, Any]) -> Target:
    return Target(journal["new"], journal["mongo_new"], token=journal["token"])


async def _fill(
    settings: Settings,
    location: Location,
    journal: Mapping[str, Any],
    proofs: Sequence[Proof],
    progress: Progress,
) -> list[str]:
    await faultpoints.point("restore.begun")
    restored = await restore_service.restore(
        settings, location, _target(journal), proofs=proofs, progress=progress
    )
    if restored.manifest["selection"]:
        raise BackupInvalid("The backup holds chosen tables only. It can't take the place of everything.")
    if restored.problems:
        raise RestoreFailed(
            worded(
                "The restored copy is not good: {problem}. What was there before is unchanged.",
                problem=restored.problems[0],
            )
        )
    await faultpoints.point("restore.filled")
    return restored.lines


async def _close(settings: Settings, journal: dict[str, Any]) -> None:
    journal |= {"step": CLOSED, "closed": True}
    await asyncio.to_thread(journal_crud.close, settings.migration_url, journal["live"], journal)
    await asyncio.sleep(_NOTICED_SECONDS)
    await faultpoints.point("restore.closed")


async def _back_up(
    settings: Settings, request: Request, journal: Mapping[str, Any], progress: Progress
) -> str:
    """Back up what is live, and verify that it gives that back; its id. Without the proofs: they may be why it is to be replaced."""
    plan = Plan(description=f"Before the restore of {request.backup_id}", progress=progress)
    await create(settings, plan)
    verified = await service.verify(
        settings, plan.backup_id, proofs=(), progress=progress, token=f"{journal['token']}s"
    )
    if isinstance(verified, Problem):
        raise verified
    if verified.problems:
        raise RestoreFailed(
            worded(
                "The backup of what is live is not good: {problem}. What was there before is unchanged.",
                problem=verified.problems[0],
            )
        )
    await faultpoints.point("restore.saved")
    return plan.backup_id


async def _prepare(settings: Settings, request: Request, journal: Mapping[str, Any], safety: str) -> None:
    """End all sessions in the restored database, and write into it that it was restored."""
    own = restore_service.settings_of(settings, _target(journal))
    event = BackupRestoredInPlace(
        user_id=str(SYSTEM_USER_ID),
        backup_id=request.backup_id,
        database=journal["aside"],
        mongo_database=journal["mongo_aside"],
        safety_backup_id=safety,
        requested_by=request.requested_by,
        approved_by=request.approved_by,
    )

    async def unit(db: AsyncSession) -> None:
        await sessions.end_all_issued_before(db, clock.now(), reason=REASON)
        await emit(db, event)
        if request.also is not None:
            await request.also(db)

    database = Database(own, name="gencharge-restore")
    try:
        await database.run(unit)
    finally:
        await database.close()


async def _exchange(settings: Settings, journal: Mapping[str, Any]) -> None:
    comment_aside = (
        f"What was live before {journal['backup_id']} was restored in its place ({journal['begun_at']})."
    )
    await asyncio.to_thread(
        journal_crud.exchange,
        settings.migration_url,
        live=journal["live"],
        new=journal["new"],
        aside=journal["aside"],
        journal={**journal, "step": EXCHANGED},
        comment_aside=comment_aside,
    )


async def _finish(settings: Settings, journal: Mapping[str, Any]) -> None:
    """Bring MongoDB's collections to where PostgreSQL's database is already, and open again."""
    await asyncio.to_thread(_move_documents, settings, journal)
    await faultpoints.point("restore.moved")
    await asyncio.to_thread(
        journal_crud.open_again, settings.migration_url, journal["live"], journal["comment"]
    )
    await faultpoints.point("restore.opened")


def _move_documents(settings: Settings, journal: Mapping[str, Any]) -> None:
    with documents_crud.opened(settings, journal["mongo_new"]) as documents:
        documents_crud.move_collections(documents, settings.mongo_database, journal["mongo_aside"])
        documents_crud.drop(documents)


async def _undo(settings: Settings) -> None:
    try:
        journal = await asyncio.to_thread(_read_journal, settings)
        if journal and journal["step"] != EXCHANGED:
            await _go_back(settings, journal)
    except _AWAY as error:
        log.error("restore_not_undone", error=_reason(error), cure=CURE)


async def _go_back(settings: Settings, journal: Mapping[str, Any]) -> None:
    """Open the old state again, then delete what was restored."""
    await asyncio.to_thread(
        journal_crud.open_again, settings.migration_url, journal["live"], journal["comment"]
    )
    await restore_service.drop(settings, _target(journal))
    await restore_service.drop(
        settings,
        service.scratch_target(settings, journal["backup_id"], "verify", token=f"{journal['token']}s"),
    )


def _as_problem(error: BaseException) -> BaseException:
    if isinstance(error, _AWAY):
        return RestoreFailed(
            worded(
                "The backup could not be restored: {reason}. What was there before is unchanged.",
                reason=_reason(error),
            )
        )
    return error


def _reason(error: BaseException) -> str:
    return telemetry.scrub(str(error).strip().partition("\n")[0])[:300]
