"""What this room does on a clock, and what the staff ask for."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final
from uuid import UUID

from gencharge.core import telemetry
from gencharge.core.background.jobs import Job
from gencharge.core.errors import Unavailable
from gencharge.core.stores.stores import Stores
from gencharge.reconciliation import crud, inquiry_service, runs_service
from gencharge.reconciliation.models import RunStatus
from gencharge.reconciliation.resolutions_service import ASK
from gencharge.reconciliation.service import RUN

# 03:30 in India, and every half hour until noon for those whose statement is not there yet.
DAILY: Final = "0,30 22,23,0,1,2,3,4,5,6 * * *"
# Days that are looked at again where no run has finished, as after a weekend without a worker.
LOOK_BACK: Final = 3
log = telemetry.get_logger(__name__)


async def reconcile_days(stores: Stores) -> None:
    """Match the statements of the last days that no run has finished. One that fails does not stop the others."""
    sources = runs_service.Sources(stores)
    try:
        for back in range(LOOK_BACK, 0, -1):
            await _reconcile_day(sources, runs_service.today() - timedelta(days=back))
    finally:
        await sources.close()


async def _reconcile_day(sources: runs_service.Sources, day: date) -> None:
    for counterparty in await sources.database.run(lambda db: runs_service.list_counterparties(db, day)):
        try:
            await _reconcile(sources, counterparty, day)
        except Unavailable:
            raise
        except Exception:
            log.exception("reconciliation_failed", counterparty=counterparty, day=day.isoformat())


async def _reconcile(sources: runs_service.Sources, counterparty: str, day: date) -> None:
    if await sources.database.run(lambda db: crud.find_finished(db, counterparty, day)) is not None:
        return
    run_id = await sources.database.run(lambda db: runs_service.begin(db, counterparty, day))
    ended = await runs_service.execute(sources, run_id)
    if ended.status == RunStatus.FAILED:
        log.warning("statement_missing", counterparty=counterparty, day=day.isoformat(), error=ended.error)


async def run(stores: Stores, run_id: str) -> None:
    """Do a run that an admin asked for."""
    sources = runs_service.Sources(stores)
    try:
        await runs_service.execute(sources, UUID(run_id))
    finally:
        await sources.close()


async def ask(stores: Stores, run_id: str, difference_id: str) -> None:
    """Ask the counterparty about a difference."""
    sources = runs_service.Sources(stores)
    try:
        await inquiry_service.ask(sources, UUID(run_id), UUID(difference_id))
    finally:
        await sources.close()


JOBS: Final = (Job("reconciliation.daily", reconcile_days, cron=DAILY), Job(RUN, run), Job(ASK, ask))
