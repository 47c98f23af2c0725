"""What a worker does for a backup: claims the work, does it, says how far it is, and writes down how it ended.

A worker that dies leaves a lease that runs out. Another one begins again, three times at most, and first deletes what was left in
the databases. An archive has its name in the storage only when it is whole, so nothing half made is ever listed.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from pymongo.errors import PyMongoError
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.backups import (
    findings,
    in_place_staff_service,
    logs_crud,
    programs,
    restore_service,
    runs_crud,
    service,
    staff_service,
)
from gencharge.backups.create_service import Plan, create
from gencharge.backups.events import (
    BackupCreated,
    BackupRestored,
    BackupRunFailed,
    BackupsPruned,
    BackupVerified,
)
from gencharge.backups.models import BackupRun, RunKind, RunStatus
from gencharge.backups.restore_service import Target
from gencharge.backups.streams import Stopped
from gencharge.core import faultpoints, telemetry
from gencharge.core.background import long_jobs
from gencharge.core.errors import InternalError, Problem, Unavailable
from gencharge.core.events.events import Event, emit
from gencharge.core.rooms.proofs import Proof
from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.core.values.ids import SYSTEM_USER_ID

LEASE: Final = timedelta(seconds=60)
ATTEMPTS: Final = 3
PULSE_SECONDS: Final = 2.0
NOT_GOOD: Final = "backup_not_good"
_SYSTEM: Final = str(SYSTEM_USER_ID)
log = telemetry.get_logger(__name__)


class Progress:
    """How far it is. The threads that work call it with each piece; once it is stopped, that ends them."""

    def __init__(self) -> None:
        self.stage = ""
        self.done = 0
        self.total: int | None = None
        self._finished = 0
        self._stopped = threading.Event()

    def __call__(self, stage: str, done: int) -> None:
        if self._stopped.is_set():
            raise Stopped
        if stage == "counts":  # tables, no bytes
            self.stage = stage
            return
        if done < self.done - self._finished:
            # The archive is read a second time.
            self._finished = self.done
        self.stage, self.done = stage, self._finished + done

    def stop(self) -> None:
        """End what is under way at its next piece."""
        self._stopped.set()


async def run(stores: Stores, run_id: UUID, proofs: Sequence[Proof]) -> None:
    """Do work that waits, or that another worker left. Nothing happens if there is none."""
    claimed: BackupRun | None = await stores.database.run(
        lambda db: long_jobs.claim(
            db, BackupRun, run_id, now=clock.now(), lease=LEASE, attempts=ATTEMPTS, done_bytes=0, stage=""
        )
    )
    if claimed is None:
        return
    progress = Progress()
    await _note(stores, claimed, "info", f"{claimed.kind}, attempt {claimed.attempts} of {ATTEMPTS}")

    async def renew() -> bool:
        values = {
            "stage": progress.stage,
            "done_bytes": progress.done,
            "total_bytes": progress.total,
        }
        return await stores.database.run(
            lambda db: long_jobs.renew(db, claimed, now=clock.now(), lease=LEASE, **values)
        )

    try:
        finished = await long_jobs.with_pulse(
            _work(stores, claimed, proofs, progress),
            renew,
            seconds=PULSE_SECONDS,
            stop=lambda _task: progress.stop(),
        )
        # The restored database has the row of a restore in place, as done.
        if not finished and await _status_of(stores, run_id) != RunStatus.SUCCEEDED:
            await _note(stores, claimed, "warning", "stopped: it was cancelled, or another worker has it")
    except Unavailable as problem:
        await _postpone(stores, claimed, problem)
    except Problem as problem:
        await _fail(stores, claimed, problem.code(), problem.detail)
    except Stopped:
        # The worker ends: the lease runs out.
        raise asyncio.CancelledError from None
    except Exception as error:
        log.exception("backup_run_failed", run_id=str(run_id), kind=claimed.kind)
        await _fail(stores, claimed, InternalError.code(), type(error).__name__)


async def clean_up(stores: Stores, given_up: BackupRun) -> None:
    """Say that workers died too often, and delete what they left in the databases."""
    await stores.database.run(lambda db: emit(db, _failure(given_up, long_jobs.WORKER_STOPPED)))
    # What a restore in place left is ended by `gencharge backup restore --resume`.
    if given_up.kind in {RunKind.VERIFY, RunKind.RESTORE}:
        await restore_service.drop(stores.settings, _target_of(stores, given_up))


async def _work(stores: Stores, claimed: BackupRun, proofs: Sequence[Proof], progress: Progress) -> None:
    match RunKind(claimed.kind):
        case RunKind.CREATE:
            await _create(stores, claimed, progress)
        case RunKind.VERIFY:
            await _verify(stores, claimed, proofs, progress)
        case RunKind.RESTORE:
            await _restore(stores, claimed, proofs, progress)
        case RunKind.RESTORE_IN_PLACE:
            outcome = await in_place_staff_service.work(stores, claimed, proofs, progress)
            for line in outcome.lines:
                await _note(stores, claimed, "info", line)
            await _note(stores, claimed, "info", f"done; what was live before is kept as {outcome.aside}")


async def _create(stores: Stores, claimed: BackupRun, progress: Progress) -> None:
    options, settings = claimed.options, stores.settings
    if claimed.backup_id not in (keys := await service.list_keys(settings)):
        if not options.get("tables") and keys:
            newest = next(iter(keys))
            [earlier] = await service.describe(settings, {newest: keys[newest]})
            progress.total = _content_bytes(earlier.description)
        plan = Plan(
            description=options.get("description", ""),
            tables=options.get("tables", []),
            progress=progress,
            backup_id=claimed.backup_id,
        )
        await create(settings, plan)
    # Else the attempt before this one made it, and could not say so.
    await faultpoints.point("backup.stored")
    backup = await service.get_backup(settings, claimed.backup_id)
    event = BackupCreated(
        user_id=_SYSTEM,
        backup_id=claimed.backup_id,
        size_bytes=backup.size_bytes,
        duration_seconds=round(backup.description.get("duration_seconds", 0)),
        scheduled=claimed.slot is not None,
    )
    follows = {"prune": True} if options.get("verify") else None

    async def ended(db: AsyncSession) -> None:
        if follows is not None:
            await staff_service.add(
                db,
                RunKind.VERIFY,
                claimed.backup_id,
                follows,
                requested_by=None,
                slot=f"verify {claimed.slot}",
            )

    await _succeed(stores, claimed, event, {"size_bytes": backup.size_bytes}, progress, also=ended)


async def _verify(stores: Stores, claimed: BackupRun, proofs: Sequence[Proof], progress: Progress) -> None:
    backup = await service.get_backup(stores.settings, claimed.backup_id)
    progress.total = 2 * _content_bytes(backup.description) or None
    outcome = await service.verify(
        stores.settings, claimed.backup_id, proofs=proofs, progress=progress, token=_token(claimed)
    )
    if isinstance(outcome, Problem):
        if outcome.status >= 500:
            raise outcome
        problems = [outcome.detail]
    else:
        problems = outcome.problems
        for line in outcome.lines:
            await _note(stores, claimed, "info", line)
    await faultpoints.point("backup.verified")
    event = BackupVerified(
        user_id=_SYSTEM,
        backup_id=claimed.backup_id,
        problems=len(problems),
        result="failed" if problems else "succeeded",
        scheduled=claimed.slot is not None,
    )
    if problems:
        result = findings.stored(problems)
        await _fail(stores, claimed, NOT_GOOD, problems[0], result=result, events=[event])
        return
    await _succeed(stores, claimed, event, {}, progress)
    if claimed.options.get("prune"):
        await prune(stores)


async def _restore(stores: Stores, claimed: BackupRun, proofs: Sequence[Proof], progress: Progress) -> None:
    backup = await service.get_backup(stores.settings, claimed.backup_id)
    progress.total = 2 * _content_bytes(backup.description) or None
    target = _target_of(stores, claimed)
    # What an earlier attempt left; nobody uses it, because nobody was told that it is ready.
    await restore_service.drop(stores.settings, target)
    location = service.location_of(stores.settings, backup)
    restored = await restore_service.restore(
        stores.settings, location, target, proofs=proofs, progress=progress
    )
    for line in restored.lines:
        await _note(stores, claimed, "info", line)
    await faultpoints.point("backup.restored")
    event = BackupRestored(
        user_id=_SYSTEM,
        backup_id=claimed.backup_id,
        database=target.database,
        problems=len(restored.problems),
    )
    await _succeed(stores, claimed, event, findings.stored(restored.problems), progress)


async def prune(stores: Stores) -> None:
    """Delete what the settings do not keep. Raises StorageUnavailable."""
    gone = await service.prune(stores.settings)
    if gone:
        await stores.database.run(lambda db: emit(db, BackupsPruned(user_id=_SYSTEM, backups=gone)))


async def _succeed(
    stores: Stores,
    claimed: BackupRun,
    event: Event,
    result: dict[str, Any],
    progress: Progress,
    *,
    also: Any = None,
) -> None:
    values = {"stage": progress.stage, "done_bytes": progress.done, "result": result, "failure": None}

    async def unit(db: AsyncSession) -> bool:
        ended = await long_jobs.end(db, claimed, RunStatus.SUCCEEDED, now=clock.now(), **values)
        if ended:
            await emit(db, event)
            if also is not None:
                await also(db)
        return ended

    if await stores.database.run(unit):
        await _note(stores, claimed, "info", "done")


async def _fail(
    stores: Stores,
    claimed: BackupRun,
    failure: str,
    reason: str,
    result: dict[str, Any] | None = None,
    events: Sequence[Event] = (),
) -> None:
    """End it, and announce that together with `events`; nothing if it is another worker's by now."""
    values = {"failure": failure, "result": result or findings.stored([reason])}

    async def unit(db: AsyncSession) -> bool:
        ended = await long_jobs.end(db, claimed, RunStatus.FAILED, now=clock.now(), **values)
        if ended:
            await emit(db, *events, _failure(claimed, failure))
        return ended

    if await stores.database.run(unit):
        await _note(stores, claimed, "error", f"{failure}: {reason}")


def _failure(run: BackupRun, failure: str) -> BackupRunFailed:
    return BackupRunFailed(
        user_id=_SYSTEM,
        backup_id=run.backup_id,
        kind=run.kind,
        failure=failure,
        scheduled=run.slot is not None,
    )


async def _postpone(stores: Stores, claimed: BackupRun, problem: Unavailable) -> None:
    """Something was away: another attempt in a minute, or the end after the last one."""
    if claimed.attempts >= ATTEMPTS:
        await _fail(stores, claimed, problem.code(), problem.detail)
        return
    await stores.database.run(lambda db: long_jobs.put_back(db, claimed, failure=problem.code()))
    await _note(stores, claimed, "warning", f"{problem.code()}: another attempt follows")


async def _status_of(stores: Stores, run_id: UUID) -> str | None:
    run = await stores.database.run(lambda db: runs_crud.get_run(db, run_id))
    return run.status if run is not None else None


async def begin(stores: Stores, run_id: UUID, proofs: Sequence[Proof]) -> None:
    """Do work here, or have a process of its own do it if this one has to end its work for it."""
    run_row = await stores.database.run(lambda db: runs_crud.get_run(db, run_id))
    if run_row is not None and run_row.kind == RunKind.RESTORE_IN_PLACE:
        await programs.begin_restore(str(run_id))
        return
    await run(stores, run_id, proofs)


async def _note(stores: Stores, claimed: BackupRun, level: str, text: str) -> None:
    """A line in the log. A log that can't be written is no reason not to have a backup."""
    try:
        await logs_crud.add_line(stores.documents, claimed.run_id, at=clock.now(), level=level, text=text)
    except PyMongoError as error:
        log.warning("backup_log_not_written", run_id=str(claimed.run_id), error=type(error).__name__)


def _target_of(stores: Stores, run: BackupRun) -> Target:
    if run.kind == RunKind.VERIFY:
        return service.scratch_target(stores.settings, run.backup_id, "verify", token=_token(run))
    return Target(run.options["database"], run.options["mongo_database"], token=_token(run))


def _token(run: BackupRun) -> str:
    """The same in each attempt: so the next one finds what the one before it left."""
    return run.run_id.hex[-12:]


def _content_bytes(description: dict[str, Any]) -> int:
    return sum(int(part["size_bytes"]) for part in description.get("parts", {}).values())
