"""What the staff see of autopays, and running what is due by hand."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.autopay import crud, late_service, reading_service, views
from gencharge.autopay import run_service as runs
from gencharge.autopay.errors import AutopayNotFound
from gencharge.autopay.events import AutopaysProcessed
from gencharge.autopay.late_service import LateRuns
from gencharge.autopay.models import Autopay, RunOutcome
from gencharge.autopay.schemas import AutopayAttemptPage
from gencharge.autopay.settling_service import DueAutopay, Run
from gencharge.autopay.staff_schemas import (
    DueCalendar,
    DueDay,
    LateOut,
    ProcessedOut,
    RunOut,
    StaffAutopayOut,
    StaffAutopayPage,
    StaffAutopayQuery,
)
from gencharge.bills.service import BillsContext
from gencharge.core.events.events import emit
from gencharge.core.http.paging import Order, PageQuery, column_of, fetch_bounded_page
from gencharge.core.values import clock
from gencharge.core.values.ids import SYSTEM_USER_ID
from gencharge.core.values.money import Money
from gencharge.payments.service import PaymentContext
from gencharge.recharge.service import Market
from gencharge.sessions.guards import Principal, within
from gencharge.users import service as users
from gencharge.users.models import UserBrief

# What came due longer ago than this is not counted as overdue one by one.
_LOOK_BACK: Final = timedelta(days=31)
_AT_A_TIME: Final = 8


async def list_autopays(db: AsyncSession, admin: Principal, query: StaffAutopayQuery) -> StaffAutopayPage:
    """A page of all customers' autopays, as far as the admin's operators go."""
    rows, cursor = await fetch_bounded_page(
        db,
        crud.select_all_autopays(query),
        lambda entity: [*crud.match_autopays(entity, query), within(admin, column_of(entity.operator))],
        Order(column_of(Autopay.created_at), column_of(Autopay.autopay_id), query.sort == "-created_at"),
        query,
    )
    owners = await users.briefs(db, (row.user_id for row in rows))
    return StaffAutopayPage(
        items=[_staff_out(row, owners.get(row.user_id)) for row in rows], next_cursor=cursor
    )


async def get_autopay(db: AsyncSession, admin: Principal, user_id: UUID, autopay_id: UUID) -> StaffAutopayOut:
    """A customer's autopay of an operator in the admin's scope. Raises AutopayNotFound."""
    row = await crud.get_in_scope(db, user_id, autopay_id, within(admin, column_of(Autopay.operator)))
    if row is None:
        raise AutopayNotFound
    owners = await users.briefs(db, [user_id])
    return _staff_out(row, owners.get(user_id))


async def list_attempts(
    db: AsyncSession, admin: Principal, user_id: UUID, autopay_id: UUID, page: PageQuery
) -> AutopayAttemptPage:
    """A page of the tries of a customer's autopay. Raises AutopayNotFound."""
    await get_autopay(db, admin, user_id, autopay_id)
    return await reading_service.list_attempts(db, user_id, autopay_id, page)


async def calendar(db: AsyncSession, admin: Principal, *, days: int) -> DueCalendar:
    """How many autopays are due on each of the next `days` days, and what their plans cost."""
    now, scope = clock.now(), within(admin, column_of(Autopay.operator))
    end = clock.start_of_day(now.astimezone(clock.IST).date() + timedelta(days=days))
    ahead = await crud.count_due(db, since=now, until=end, scope=scope)
    behind = await crud.count_due(db, since=now - _LOOK_BACK, until=now, scope=scope)
    return DueCalendar(
        overdue=sum(count for _, count, _ in behind),
        days=[DueDay(day=day, count=count, total=Money(total)) for day, count, total in ahead],
    )


async def process_due(
    context: PaymentContext, market: Market, *, limit: int, bills: BillsContext | None = None
) -> ProcessedOut:
    """Run up to `limit` autopays that are due, as a worker does. Not inside a transaction. Raises DatabaseUnavailable.

    `bills`: who is asked about bills; autopays of bills need it.
    """
    results: list[Run] = []
    while len(results) < limit:
        size = min(_AT_A_TIME, limit - len(results))
        claimed = await _claim(context, size)
        if not claimed:
            break
        results += await asyncio.gather(*(runs.process(context, task, market, bills) for task in claimed))
    outcomes = Counter(run.outcome.value for run in results)
    processed = AutopaysProcessed(user_id=str(SYSTEM_USER_ID), outcomes=dict(outcomes))
    await context.database.run(lambda db: emit(db, processed))
    late = LateRuns()
    for run in results:
        late.add(run)
    await late_service.report(context.database, late)
    return ProcessedOut(
        items=[_run_out(run) for run in results], late=_late_out(late), is_more=len(results) >= limit
    )


def _late_out(late: LateRuns) -> LateOut:
    return LateOut(
        count=late.count,
        longest_seconds=late.longest_seconds,
        total=Money(late.amount),
        outcomes={RunOutcome(outcome): number for outcome, number in late.outcomes.items()},
    )


async def _claim(context: PaymentContext, limit: int) -> Sequence[DueAutopay]:
    return await context.database.run(lambda db: runs.claim(db, limit=limit))


def _staff_out(row: Autopay, owner: UserBrief | None) -> StaffAutopayOut:
    return StaffAutopayOut(**vars(views.autopay_out(row)), user_id=row.user_id, user=owner)


def _run_out(run: Run) -> RunOut:
    return RunOut(
        user_id=run.user_id,
        autopay_id=run.autopay_id,
        due_at=run.due_at,
        outcome=run.outcome,
        reason=run.reason,
        amount=Money(run.amount),
        recharge_id=run.recharge_id,
        late_seconds=run.late_seconds,
    )
