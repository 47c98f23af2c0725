"""What the staff do with runs: start one, list them and their differences."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.core.background import jobs
from gencharge.core.errors import field_problem
from gencharge.core.events.events import changes, emit
from gencharge.core.http.paging import Order, column_of, fetch_page
from gencharge.core.values.ids import SYSTEM_USER_ID
from gencharge.core.wording import worded
from gencharge.reconciliation import crud, runs_service
from gencharge.reconciliation.errors import CounterpartyInvalid, DayInvalid, ReconciliationRunNotFound
from gencharge.reconciliation.events import ReconciliationRequested
from gencharge.reconciliation.models import GATEWAY, ReconciliationDifference, ReconciliationRun
from gencharge.reconciliation.staff_schemas import (
    DifferencePage,
    DifferenceQuery,
    ReconciliationRunOut,
    ReconciliationRunPage,
    RunQuery,
    StartReconciliation,
    difference_out,
    run_out,
)
from gencharge.sessions.guards import Principal

RUN: Final = "reconciliation.run"


async def start(db: AsyncSession, admin: Principal, command: StartReconciliation) -> ReconciliationRunOut:
    """Start a run; a worker does it after the commit. Raises CounterpartyInvalid, DayInvalid."""
    if command.day > runs_service.today():
        problem = field_problem(
            "body.day", worded("Must be a day up to {today}", today=runs_service.today()), "day_invalid"
        )
        raise DayInvalid(errors=[problem])
    if command.counterparty != GATEWAY:
        channels = await runs_service.list_channels(db)
        if command.counterparty not in channels:
            names = ", ".join((GATEWAY, *channels))
            problem = field_problem(
                "body.counterparty",
                worded("Must be one of: {choices}", choices=names),
                "counterparty_invalid",
            )
            raise CounterpartyInvalid(errors=[problem])
    run_id = await runs_service.begin(db, command.counterparty, command.day, by=admin.user_id)
    await jobs.defer(db, RUN, run_id=str(run_id))
    requested = ReconciliationRequested(
        user_id=str(SYSTEM_USER_ID),
        run_id=str(run_id),
        counterparty=command.counterparty,
        day=command.day.isoformat(),
        changes=changes({}, {"status": "running"}),
    )
    await emit(db, requested)
    return await get_run(db, run_id)


async def list_runs(db: AsyncSession, query: RunQuery) -> ReconciliationRunPage:
    """A page of runs, newest first."""
    order = Order(column_of(ReconciliationRun.started_at), column_of(ReconciliationRun.run_id))
    rows, cursor, total = await fetch_page(db, crud.select_runs(query), order, query)
    unsettled = await crud.count_unsettled(db, [row.run_id for row in rows])
    items = [run_out(row, unsettled.get(row.run_id, 0)) for row in rows]
    return ReconciliationRunPage(items=items, next_cursor=cursor, total=total)


async def get_run(db: AsyncSession, run_id: UUID) -> ReconciliationRunOut:
    """One run. Raises ReconciliationRunNotFound."""
    run = await crud.get_run(db, run_id)
    if run is None:
        raise ReconciliationRunNotFound
    return run_out(run, (await crud.count_unsettled(db, [run_id])).get(run_id, 0))


async def list_differences(db: AsyncSession, run_id: UUID, query: DifferenceQuery) -> DifferencePage:
    """A page of the differences of a run. Raises ReconciliationRunNotFound."""
    if await crud.get_run(db, run_id) is None:
        raise ReconciliationRunNotFound
    order = Order(
        column_of(ReconciliationDifference.reference),
        column_of(ReconciliationDifference.difference_id),
        descending=False,
    )
    rows, cursor, total = await fetch_page(db, crud.select_differences(run_id, query), order, query)
    items = [difference_out(row) for row in rows]
    return DifferencePage(items=items, next_cursor=cursor, total=total)
