"""The daily runs, the runs that the staff start, and questions to a counterparty."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final
from uuid import UUID

from gencharge.core import telemetry
from gencharge.core.background.jobs import Job
from gencharge.core.errors import Unavailable
from gencharge.core.stores.stores import Stores
from gencharge.reconciliation import crud, inquiry_service, runs_service
from gencharge.reconciliation.models import ReconciliationRunStatus
from gencharge.reconciliation.resolutions_service import ASK
from gencharge.reconciliation.staff_service import RUN

# 03:30 in India, and every half hour until noon for those whose statement is not there yet.
DAILY: Final = "0,30 22,23,0,1,2,3,4,5,6 * * *"
# Days that are reconciled later if no run of theirs has finished, as after a weekend without a worker.
LOOK_BACK: Final = 3
log = telemetry.get_logger(__name__)


async def reconcile_days(stores: Stores) -> None:
    """Run the reconciliation of the last days that have no finished run. One that fails does not stop the others."""
    context = runs_service.CounterpartyContext(stores)
    try:
        for back in range(LOOK_BACK, 0, -1):
            await _reconcile_day(context, runs_service.today() - timedelta(days=back))
    finally:
        await context.close()


async def _reconcile_day(context: runs_service.CounterpartyContext, day: date) -> None:
    for counterparty in await context.database.run(lambda db: runs_service.list_counterparties(db, day)):
        try:
            await _reconcile(context, counterparty, day)
        except Unavailable:
            raise
        except Exception:
            log.exception("reconciliation_failed", counterparty=counterparty, day=day.isoformat())


async def _reconcile(context: runs_service.CounterpartyContext, counterparty: str, day: date) -> None:
    if await context.database.run(lambda db: crud.find_finished(db, counterparty, day)) is not None:
        return
    run_id = await context.database.run(lambda db: runs_service.begin(db, counterparty, day))
    result = await runs_service.execute(context, run_id)
    if result.status == ReconciliationRunStatus.FAILED:
        log.warning("statement_missing", counterparty=counterparty, day=day.isoformat(), error=result.error)


async def run(stores: Stores, run_id: str) -> None:
    """Execute a run that an admin started."""
    context = runs_service.CounterpartyContext(stores)
    try:
        await runs_service.execute(context, UUID(run_id))
    finally:
        await context.close()


async def ask(stores: Stores, run_id: str, difference_id: str) -> None:
    """Ask the counterparty about a difference."""
    context = runs_service.CounterpartyContext(stores)
    try:
        await inquiry_service.ask(context, UUID(run_id), UUID(difference_id))
    finally:
        await context.close()


JOBS: Final = (Job("reconciliation.daily", reconcile_days, cron=DAILY), Job(RUN, run), Job(ASK, ask))
