"""Reminders of bills: three days and one day before a bill is due, and on the day, each once.

The operator is asked first, outside a transaction: nobody is reminded of what was paid elsewhere. If it is away, what was fetched last
counts. Which reminder a bill has had is in its row, written in the transaction of the announcement, so two workers announce it once.
"""

from __future__ import annotations

import asyncio
from datetime import date, datetime, timedelta
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.bills import crud, keeping_service
from gencharge.bills.context_service import BillsContext
from gencharge.bills.events import BillDue
from gencharge.bills.models import Bill, BillStatus
from gencharge.channels.service import BillAnswer
from gencharge.core.events.events import emit
from gencharge.core.values import clock

STAGES: Final = (3, 1, 0)
# Hours in India: nobody is reminded at night, and on the last day there is an evening left to pay.
FIRST_HOUR: Final = 9
LAST_HOUR: Final = 20
_AT_A_TIME: Final = 8


def is_time(now: datetime) -> bool:
    """True from 09:00 until 20:59 in India."""
    return FIRST_HOUR <= now.astimezone(clock.IST).hour <= LAST_HOUR


async def remind(context: BillsContext, *, limit: int) -> int:
    """Look at up to `limit` bills that want a reminder today; how many. Fewer than `limit`: those are all.

    A bill that was fetched within the last hour is in front of its customer, and is left for later.
    """
    days = _days(clock.now())
    bills = await context.database.run(lambda db: crud.list_to_remind(db, days, clock.now(), limit))
    places = asyncio.Semaphore(_AT_A_TIME)

    async def look(bill: Bill) -> None:
        async with places:
            answer = await context.ask(bill.operator, bill.phone_number)
            await context.database.run(lambda db: _remind_of(db, bill, answer))

    async with asyncio.TaskGroup() as group:
        for bill in bills:
            group.create_task(look(bill))
    return len(bills)


def _days(now: datetime) -> dict[int, date]:
    """The due day of each stage, for reminders that are sent now."""
    today = now.astimezone(clock.IST).date()
    return {stage: today + timedelta(days=stage) for stage in STAGES}


async def _remind_of(db: AsyncSession, known: Bill, answer: BillAnswer) -> None:
    await keeping_service.keep(db, known.user_id, known.phone_number, known.operator, known.circle, answer)
    bill = await crud.lock_bill(db, known.user_id, known.bill_id)
    if bill is None or bill.status != BillStatus.DUE:
        return
    stage = next((stage for stage, day in _days(clock.now()).items() if day == bill.due_on), None)
    if stage is None or stage == bill.reminded_days:
        return
    bill.reminded_days = stage
    await db.flush()
    await emit(
        db,
        BillDue(
            user_id=str(bill.user_id),
            bill_id=str(bill.bill_id),
            phone_number=bill.phone_number,
            operator=bill.operator,
            amount_paise=bill.amount,
            due_on=bill.due_on.isoformat(),
            days=stage,
        ),
    )
