"""Work on backups: doing it, finding what nobody does, forgetting what is old."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from typing import Final
from uuid import UUID

from gencharge.backups import running_service, runs_crud, staff_service, wal_copies_service, wal_service
from gencharge.backups.models import BackupRun
from gencharge.backups.schedule import Schedule, slot_of
from gencharge.core import telemetry
from gencharge.core.background import jobs, long_jobs
from gencharge.core.background.jobs import Job
from gencharge.core.events import delivered
from gencharge.core.rooms.proofs import Proof
from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock

log = telemetry.get_logger(__name__)
# A job that was lost, or work that waits for another attempt: nobody does it for longer than this.
_PATIENCE: Final = timedelta(seconds=60)
KEEP_RUNS: Final = timedelta(days=400)
_KEEP_LINKS: Final = timedelta(days=1)


async def sweep(stores: Stores) -> None:
    """Ask again for what nobody does, and end what was tried often enough."""
    now = clock.now()
    given_up: Sequence[BackupRun] = await stores.database.run(
        lambda db: long_jobs.give_up(db, BackupRun, now=now, attempts=running_service.ATTEMPTS)
    )
    for run in given_up:
        log.error("backup_run_given_up", run_id=str(run.run_id), kind=run.kind)
        await running_service.clean_up(stores, run)
    due = await stores.database.run(
        lambda db: long_jobs.list_due(db, BackupRun, now=now, waiting_since=now - _PATIENCE)
    )
    for run_id in due:
        await stores.database.run(
            lambda db, run_id=run_id: jobs.defer(db, staff_service.RUN, run_id=str(run_id))  # type: ignore[misc]
        )


async def schedule(stores: Stores) -> None:
    """Have the backup made that is due by the schedule: one for each slot, whichever worker comes first."""
    settings = stores.settings
    slot = slot_of(Schedule(settings.backup_schedule), settings.backup_hour, clock.now())
    if slot is not None and await stores.database.run(lambda db: staff_service.add_scheduled(db, slot)):
        log.info("backup_scheduled", slot=slot)


async def make_base(stores: Stores) -> None:
    """Make a base backup of the embedded server if the last one is older than a day, and delete what is not kept."""
    base = await asyncio.to_thread(wal_service.make_if_due, stores.settings, lambda _stage, _done: None)
    if base is not None:
        log.info("base_backup_made", base_id=base.base_id)


async def copy_log(stores: Stores) -> None:
    """Copy what is new in the archive of the write-ahead log into the bucket of the backups, if there are both."""
    if wal_copies_service.is_on(stores.settings):
        await wal_copies_service.copy(stores.settings)


async def purge(stores: Stores) -> None:
    """Forget work of long ago, links that have expired, and delivered events that are not stored any longer."""
    now = clock.now()
    await stores.database.run(lambda db: runs_crud.delete_runs_before(db, now - KEEP_RUNS))
    await stores.database.run(lambda db: runs_crud.delete_links_before(db, now - _KEEP_LINKS))
    await stores.database.run(lambda db: delivered.prune(db, stores.settings.backup_event_days))


def proving(proofs: Sequence[Proof]) -> tuple[Job, ...]:
    """The job that does the work; it runs the proofs of all rooms on what was restored."""

    async def run(stores: Stores, run_id: str) -> None:
        await running_service.begin(stores, UUID(run_id), proofs)

    return (Job(staff_service.RUN, run),)


JOBS: Final = (
    Job("backups.schedule", schedule, cron="10 * * * * *"),
    Job("backups.sweep", sweep, cron="35 * * * * *"),
    Job("backups.base", make_base, cron="20 7 * * * *"),
    Job("backups.copy_log", copy_log, cron="50 * * * * *"),
    Job("backups.purge", purge, cron="40 21 * * *"),
)
