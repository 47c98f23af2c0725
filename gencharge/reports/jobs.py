"""Work on report files: making them, finding those that nobody makes, deleting old ones."""

from __future__ import annotations

from datetime import timedelta
from typing import Final
from uuid import UUID

from gencharge.core import telemetry
from gencharge.core.background import jobs, long_jobs
from gencharge.core.background.jobs import Job
from gencharge.core.stores.open_storage import open_storage
from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.reports import files_crud, files_service, making_service, schedule_service
from gencharge.reports.models import ReportFile

log = telemetry.get_logger(__name__)
# A job that was lost: its file waits longer than this.
_PATIENCE: Final = timedelta(seconds=60)


async def make(stores: Stores, file_id: str) -> None:
    """Make a report."""
    await making_service.make(stores, UUID(file_id))


async def sweep(stores: Stores) -> None:
    """Ask again for what nobody makes, and end what was tried often enough."""
    now = clock.now()
    given_up = await stores.database.run(
        lambda db: long_jobs.give_up(db, ReportFile, now=now, attempts=making_service.ATTEMPTS)
    )
    if given_up:
        log.error("reports_given_up", files=len(given_up))
    due = await stores.database.run(
        lambda db: long_jobs.list_due(db, ReportFile, now=now, waiting_since=now - _PATIENCE)
    )
    for file_id in due:
        await stores.database.run(
            lambda db, file_id=file_id: jobs.defer(db, files_service.MAKE, file_id=str(file_id))  # type: ignore[misc]
        )


async def purge(stores: Stores) -> None:
    """Delete files whose time is over: first the file, then what says that there is one."""
    storage = open_storage(stores.settings)
    expired = await stores.database.run(lambda db: files_crud.list_expired(db, now=clock.now()))
    for row in expired:
        for attempt in range(1, row.attempts + 1):
            await storage.delete(files_service.key_of(row, attempt))
        await stores.database.run(
            lambda db, file_id=row.file_id: files_crud.delete_file(db, file_id)  # type: ignore[misc]
        )
    if expired:
        log.info("reports_purged", files=len(expired))


async def run_schedules(stores: Stores) -> None:
    """Have the scheduled reports made whose hour has come."""
    runs = await schedule_service.run_due(stores)
    if runs:
        log.info("reports_scheduled", schedules=runs)


JOBS: Final = (
    Job("reports.schedules", run_schedules, cron="* * * * *"),
    Job(files_service.MAKE, make),
    Job("reports.sweep", sweep, cron="50 * * * * *"),
    Job("reports.purge", purge, cron="25 * * * *"),
)
