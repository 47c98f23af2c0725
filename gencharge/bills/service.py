"""Fetching and reading bills.

A question to an operator is three steps: count the number among those that the customer asked for, commit; ask; write the answer
down. Whose bills a customer may ask for is not limited, because families and neighbours pay for each other; how many different
numbers a day is, so that nobody reads the bills of strangers by the thousand.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from math import ceil
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.bills import crud, views
from gencharge.bills.context_service import BillsContext
from gencharge.bills.errors import (
    BillCustomersExceeded,
    BillLookupsExceeded,
    BillNotFound,
    BillOperatorRequired,
    NoBillDue,
)
from gencharge.bills.keeping_service import NOTHING_DUE, keep, new_bill, refresh, refusal
from gencharge.bills.payment_service import pay
from gencharge.bills.schemas import BillOut, BillPage, BillQuery, FetchBill, PayBill
from gencharge.core.errors import field_problem
from gencharge.core.values import clock
from gencharge.core.wording import worded
from gencharge.operators import service as operators
from gencharge.recharge.errors import OperatorDown
from gencharge.users import service as users

# For the rooms above, and the files of this one that keep and pay bills.
__all__ = ["BillOut", "BillsContext", "FetchBill", "PayBill", "keep", "new_bill", "pay", "refresh", "refusal"]
_DAY_SECONDS: Final = 86_400.0
_RETRY_SECONDS: Final = 3_600


@dataclass(frozen=True, slots=True)
class PostpaidNumber:
    """A number that its operator knows as postpaid, and its bill; None: nothing is due on it."""

    operator: str
    bill: BillOut | None


async def fetch(context: BillsContext, user_id: UUID, command: FetchBill) -> BillOut:
    """Ask the operator for the bill of a number, and keep it for the customer.

    Raises what `find_number` raises, and NoBillDue.
    """
    number = await find_number(context, user_id, command)
    if number.bill is None:
        raise NoBillDue
    return number.bill


async def find_number(context: BillsContext, user_id: UUID, command: FetchBill) -> PostpaidNumber:
    """Ask the operator for the bill of a number, and keep it for the customer, if there is one.

    Raises OperatorInvalid, CircleInvalid, BillOperatorRequired, OperatorDown, BillCustomersExceeded, BillLookupsExceeded, NumberIsPrepaid,
    NumberNotOfOperator, BillOperatorUnavailable.
    """
    number = command.phone_number
    known = await context.operators.refresh(context.database)

    async def begin(db: AsyncSession) -> tuple[str, str | None]:
        connection = await operators.lookup(db, number, user_id)
        operator, circle = command.operator or connection.operator, command.circle or connection.circle
        if operator is None:
            problem = field_problem(
                "body.operator",
                worded("Must be one of: {choices}", choices=[each.code for each in known.served]),
                BillOperatorRequired.code(),
            )
            raise BillOperatorRequired(errors=[problem])
        operator, circle = known.check(operator, circle)
        if known.get(operator).is_down(clock.now()):
            raise OperatorDown
        await _check_customers(db, context, user_id, number)
        await _count(db, context, user_id, number)
        return operator, circle

    operator, circle = await context.database.run(begin)
    answer = await context.ask(operator, number)

    async def end(db: AsyncSession) -> BillOut | None:
        if answer.bill is not None:
            # Others may have asked at the same instant and not seen each other: of them the bound lets the first ones have it.
            await crud.lock_number(db, number)
            await _check_customers(db, context, user_id, number)
        return await keep(db, user_id, number, operator, circle, answer)

    bill = await context.database.run(end)
    if bill is None and answer.verdict not in NOTHING_DUE:
        raise refusal(answer)
    return PostpaidNumber(operator, bill)


async def look_again(
    context: BillsContext, user_id: UUID, phone_number: str, operator: str
) -> BillOut | None:
    """Ask for the bill of a number whose bills the customer lets us pay, and keep it; None if nothing is due. Not inside a transaction.

    It is not counted among the numbers that the customer asked for: that was done when they began.
    Raises NumberIsPrepaid, NumberNotOfOperator, BillOperatorUnavailable.
    """
    answer = await context.ask(operator, phone_number)

    async def unit(db: AsyncSession) -> BillOut | None:
        connection = await operators.lookup(db, phone_number, user_id)
        return await keep(db, user_id, phone_number, operator, connection.circle, answer)

    bill = await context.database.run(unit)
    if bill is None and answer.verdict not in NOTHING_DUE:
        raise refusal(answer)
    return bill


async def _check_customers(db: AsyncSession, context: BillsContext, user_id: UUID, phone_number: str) -> None:
    """Raises BillCustomersExceeded if many others newly asked for this number's bill: it is no family that asks from ten accounts.

    Not for the number's own customer, whom strangers must not shut out, and not for who has had a bill of it.
    """
    bound = context.settings.velocity_bill_customers_per_day
    if not bound:
        return
    since = clock.now() - timedelta(seconds=_DAY_SECONDS)
    others = await crud.count_new_customers(db, phone_number, since, besides=user_id)
    if others is None or others < bound:
        return
    brief = (await users.briefs(db, [user_id])).get(user_id)
    if brief is None or brief.phone_number != phone_number:
        raise BillCustomersExceeded(retry_after_seconds=_RETRY_SECONDS)


async def _count(db: AsyncSession, context: BillsContext, user_id: UUID, phone_number: str) -> None:
    """Count the number among those of the last 24 hours, once. Raises BillLookupsExceeded."""
    bound = context.settings.velocity_bill_numbers_per_day
    now = clock.now().timestamp()
    lookups = await crud.lock_lookups(db, user_id)
    recent = {number: at for number, at in lookups.numbers.items() if at > now - _DAY_SECONDS}
    if bound and phone_number not in recent and len(recent) >= bound:
        wait = min(recent.values()) + _DAY_SECONDS - now
        raise BillLookupsExceeded(retry_after_seconds=ceil(wait))
    # The first question counts: asking again does not make the number stay longer.
    lookups.numbers = {phone_number: now} | recent


async def show(db: AsyncSession, user_id: UUID, bill_id: UUID) -> BillOut:
    """One of the customer's bills. Raises BillNotFound, also for another customer's."""
    bill = await crud.get_bill(db, user_id, bill_id)
    if bill is None:
        raise BillNotFound
    return views.bill_out(bill, clock.now())


async def due_bills(db: AsyncSession, user_id: UUID) -> dict[str, BillOut]:
    """By number, the customer's bill that is to be paid first, as it was when it was last fetched."""
    now = clock.now()
    # Of several bills of a number the one that is due first stays.
    return {bill.phone_number: views.bill_out(bill, now) for bill in await crud.list_due(db, user_id)}


async def list_bills(db: AsyncSession, user_id: UUID, query: BillQuery) -> BillPage:
    """A page of the customer's bills, the newest first, as they were fetched."""
    rows, cursor, total = await crud.list_bills(
        db, user_id, query, status=query.status, phone_number=query.phone_number
    )
    now = clock.now()
    return BillPage(items=[views.bill_out(row, now) for row in rows], next_cursor=cursor, total=total)
