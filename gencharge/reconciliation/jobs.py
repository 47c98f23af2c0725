"""What this room does on a clock, and what the staff ask for."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final
from uuid import UUID

from gencharge.core import telemetry
from gencharge.core.errors import Unavailable
from gencharge.core.jobs import Job
from gencharge.core.stores import Stores
from gencharge.reconciliation import asking, crud, running
from gencharge.reconciliation.models import RunStatus
from gencharge.reconciliation.resolutions import ASK
from gencharge.reconciliation.service import RUN

# 03:30 in India, and every half hour until noon for those whose statement is not there yet.
DAILY: Final = "0,30 22,23,0,1,2,3,4,5,6 * * *"
# Days that are looked at again where no run has finished, as after a weekend without a worker.
LOOK_BACK: Final = 3
log = telemetry.get_logger(__name__)


async def reconcile_days(stores: Stores) -> None:
    """Match the statements of the last days that no run has finished. One that fails does not stop the others."""
    sources = running.Sources(stores)
    try:
        for back in range(LOOK_BACK, 0, -1):
            await _reconcile_day(sources, running.today() - timedelta(days=back))
    finally:
        await sources.close()


async def _reconcile_day(sources: running.Sources, day: date) -> None:
    for counterparty in await sources.database.run(lambda db: running.list_counterparties(db, day)):
        try:
            await _reconcile(sources, counterparty, day)
        except Unavailable:
            raise
        except Exception:
            log.exception("reconciliation_failed", counterparty=counterparty, day=day.isoformat())


async def _reconcile(sources: running.Sources, counterparty: str, day: date) -> None:
    if await sources.database.run(lambda db: crud.find_finished(db, counterparty, day)) is not None:
        return
    run_id = await sources.database.run(lambda db: running.begin(db, counterparty, day))
    ended = await running.execute(sources, run_id)
    if ended.status == RunStatus.FAILED:
        log.warning("statement_missing", counterparty=counterparty, day=day.isoformat(), error=ended.error)


async def run(stores: Stores, run_id: str) -> None:
    """Do a run that an admin asked for."""
    sources = running.Sources(stores)
    try:
        await running.execute(sources, UUID(run_id))
    finally:
        await sources.close()


async def ask(stores: Stores, run_id: str, difference_id: str) -> None:
    """Ask the counterparty about a difference."""
    sources = running.Sources(stores)
    try:
        await asking.ask(sources, UUID(run_id), UUID(difference_id))
    finally:
        await sources.close()


JOBS: Final = (Job("reconciliation.daily", reconcile_days, cron=DAILY), Job(RUN, run), Job(ASK, ask))
