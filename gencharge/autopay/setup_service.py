"""How an autopay of a plan is set up, and what a run of one would cost now."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.autopay import crud, due, terms, views
from gencharge.autopay.errors import AutopayAlreadyExists, AutopayLimitExceeded
from gencharge.autopay.events import AutopayCreated
from gencharge.autopay.models import AutopayStatus
from gencharge.autopay.schemas import AutopayCreate, AutopayOut, Interval
from gencharge.bills import service as bills_room
from gencharge.bills.service import BillsContext
from gencharge.core.events.events import emit
from gencharge.core.postgres.database import Database
from gencharge.core.values import clock
from gencharge.core.values.ids import new_id
from gencharge.core.values.money import Money, PositiveMoney
from gencharge.core.wording import worded
from gencharge.mandates import service as mandates
from gencharge.plans.models import PlanSnapshot
from gencharge.recharge import service as recharges
from gencharge.recharge.service import Market, Quote, QuoteOut
from gencharge.users import service as users

MAX_LIVE: Final = 50


async def create(
    database: Database,
    user_id: UUID,
    command: AutopayCreate,
    plan: PlanSnapshot,
    market: Market | None = None,
) -> AutopayOut:
    """Set an autopay up. `market`: where offers are chosen from. The plan must be one that the number can be recharged with now. Not inside a transaction.

    Raises a refusal of a quote, what `mandates.get_chargeable` raises, AutopayAlreadyExists, AutopayLimitExceeded, AutopayDateInvalid, AutopayAmountInvalid,
    AutopayIntervalInvalid.
    """
    if command.next_due_at is not None:
        terms.check_date(command.next_due_at)
    every = terms.interval_of(command, plan)
    query = Quote(
        phone_number=command.phone_number,
        plan_id=command.plan_id,
        amount=command.amount,
        source=command.source,
    )
    quote = await recharges.quote(database, user_id, query, market)
    max_amount = command.max_amount or quote.price
    terms.check_amount(Money(max_amount.paise), quote.payable)
    running = quote.running_plan
    first_due = command.next_due_at or terms.first_due(
        None if running is None else running.valid_until, every
    )
    return await database.run(
        lambda db: _add(db, user_id, command, quote, max_amount.paise, every, first_due)
    )


async def _add(
    db: AsyncSession,
    user_id: UUID,
    command: AutopayCreate,
    quote: QuoteOut,
    max_amount: int,
    every: Interval | None,
    first_due: datetime,
) -> AutopayOut:
    await lock_place(db, user_id)
    if command.mandate_id is not None:
        await mandates.get_chargeable(db, user_id, command.mandate_id, Money(quote.payable.paise))
    return await add(
        db,
        user_id,
        phone_number=command.phone_number,
        plan_id=command.plan_id,
        plan_name=quote.plan_name,
        operator=quote.operator,
        tag=command.tag.value,
        payment_method=command.payment_method.value,
        mandate_id=command.mandate_id,
        source=command.source.value,
        price=quote.payable.paise,
        amount=None if command.amount is None else command.amount.paise,
        max_amount=max_amount,
        every=every,
        first_due=first_due,
    )


async def lock_place(db: AsyncSession, user_id: UUID) -> None:
    """Hold the customer's row, so that two requests can't both take the last place. Raises AutopayLimitExceeded."""
    await users.lock(db, user_id)
    if await crud.count_live(db, user_id) >= MAX_LIVE:
        raise AutopayLimitExceeded(
            worded("You can have up to {max_live} autopays. Delete one first.", max_live=MAX_LIVE),
            limit=MAX_LIVE,
        )


async def add(
    db: AsyncSession, user_id: UUID, *, every: Interval | None, first_due: datetime, **values: Any
) -> AutopayOut:
    """Write a new autopay down; `values` are columns. The caller holds a place for it. Raises AutopayAlreadyExists."""
    now = clock.now()
    autopay = await crud.add_autopay(
        db,
        user_id=user_id,
        autopay_id=new_id(),
        status=AutopayStatus.ACTIVE.value,
        interval_count=None if every is None else every.n,
        interval_unit=None if every is None else every.unit.value,
        first_due=first_due,
        next_due=first_due,
        wake_at=due.wake_for(first_due, None, now),
        created_at=now,
        updated_at=now,
        **values,
    )
    if autopay is None:
        raise AutopayAlreadyExists
    created = AutopayCreated(
        user_id=str(user_id),
        autopay_id=str(autopay.autopay_id),
        phone_number=autopay.phone_number,
        plan_name=autopay.plan_name,
        operator=autopay.operator,
        tag=autopay.tag,
        next_due=first_due.isoformat(),
        max_amount_paise=autopay.max_amount,
    )
    await emit(db, created)
    return views.autopay_out(autopay)


async def payable(
    database: Database, user_id: UUID, paused: AutopayOut, market: Market | None, bills: BillsContext | None
) -> Money:
    """What a run would cost now; of a number without a bill nothing."""
    if paused.plan_id is None:
        assert bills is not None, "who resumes an autopay of bills asks the operator"
        bill = await bills_room.look_again(bills, user_id, paused.phone_number, paused.operator)
        return Money(0) if bill is None else bill.amount
    query = Quote(
        phone_number=paused.phone_number,
        plan_id=paused.plan_id,
        amount=None if paused.amount is None else PositiveMoney(paused.amount.paise),
    )
    quote = await recharges.quote(database, user_id, query, market)
    return Money(quote.payable.paise)
