"""A bill is announced three days and one day before it is due and on the day, once each, and never once it is paid."""

from __future__ import annotations

import asyncio
from datetime import date, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from gencharge.bills import reminder_service as reminders
from gencharge.bills.context_service import BillsContext
from gencharge.bills.models import BillStatus
from gencharge.bills.schemas import BillOut
from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.delivery.loop import Dispatcher
from tests.make.bills import fetch, pay, put_bill, read
from tests.make.money import make_customer
from tests.make.outside import Outside
from tests.make.recharge import list_events, run_sql


@pytest.fixture(autouse=True)
async def no_other_bills(shop: Stores) -> None:
    await run_sql(shop, "DELETE FROM bills")


def morning(day: date) -> datetime:
    """Ten o'clock in India."""
    return clock.start_of_day(day) + timedelta(hours=10)


async def announced(shop: Stores, context: BillsContext, user_id: UUID, on: date) -> list[int]:
    """For how many days each reminder was, once that day's have gone out twice."""
    with clock.at(morning(on)):
        await reminders.remind(context, limit=200)
        await reminders.remind(context, limit=200)
    return [event["days"] for event in await list_events(shop, user_id, "BillDue")]


async def test_three_days_one_day_and_the_day_each_once_and_no_other_day(
    context: BillsContext, outside: Outside, shop: Stores
) -> None:
    user_id, number = uuid4(), put_bill(outside, days=10)
    due = (await fetch(context, user_id, number)).due_on
    expected: list[int] = []
    for days in (5, 4, 3, 2, 1, 0, -1, -5):
        if days in reminders.STAGES:
            expected.append(days)
        assert await announced(shop, context, user_id, due - timedelta(days=days)) == expected


async def test_a_reminder_says_what_is_due_now(context: BillsContext, outside: Outside, shop: Stores) -> None:
    user_id, number = uuid4(), put_bill(outside, days=10)
    bill = await fetch(context, user_id, number)
    put_bill(outside, phone_number=number, days=10, paise=333_00)
    await announced(shop, context, user_id, bill.due_on - timedelta(days=1))
    [event] = await list_events(shop, user_id, "BillDue")
    assert (event["amount_paise"], event["due_on"], event["bill_id"]) == (
        333_00,
        bill.due_on.isoformat(),
        str(bill.bill_id),
    )


async def test_none_after_payment_here_or_elsewhere(
    context: BillsContext, outside: Outside, dispatcher: Dispatcher, shop: Stores
) -> None:
    user_id = await make_customer(shop, 1_000)
    bills: list[BillOut] = [await fetch(context, user_id, put_bill(outside, days=10)) for _ in range(2)]
    await pay(context, user_id, bills[0])
    await dispatcher.drain()
    await read(shop, user_id, bills[0])
    put_bill(outside, phone_number=bills[1].phone_number, paise=0)
    assert await announced(shop, context, user_id, bills[0].due_on) == []
    assert (await read(shop, user_id, bills[1])).status is BillStatus.CLOSED


async def test_what_is_left_after_a_part_is_reminded_of(
    context: BillsContext, outside: Outside, dispatcher: Dispatcher, shop: Stores
) -> None:
    user_id = await make_customer(shop, 1_000)
    bill = await fetch(context, user_id, put_bill(outside, days=10))
    await pay(context, user_id, bill, amount="100")
    await dispatcher.drain()
    await read(shop, user_id, bill)
    assert await announced(shop, context, user_id, bill.due_on) == [0]


async def test_a_later_due_day_is_believed(context: BillsContext, outside: Outside, shop: Stores) -> None:
    user_id, number = uuid4(), put_bill(outside, days=10)
    bill = await fetch(context, user_id, number)
    put_bill(outside, phone_number=number, days=15)
    assert await announced(shop, context, user_id, bill.due_on - timedelta(days=3)) == []
    assert await announced(shop, context, user_id, bill.due_on + timedelta(days=2)) == [3]


async def test_an_operator_that_is_away_keeps_nobody_from_being_reminded(
    context: BillsContext, outside: Outside, shop: Stores
) -> None:
    user_id, number = uuid4(), put_bill(outside, days=10)
    bill = await fetch(context, user_id, number)
    outside.script("*", "bill", "server_error_before")
    assert await announced(shop, context, user_id, bill.due_on - timedelta(days=3)) == [3]


async def test_two_workers_at_once_announce_a_bill_once(
    context: BillsContext, outside: Outside, shop: Stores
) -> None:
    user_id = uuid4()
    bills = [await fetch(context, user_id, put_bill(outside, days=10)) for _ in range(6)]
    with clock.at(morning(bills[0].due_on)):
        await asyncio.gather(*(reminders.remind(context, limit=200) for _ in range(3)))
    events = await list_events(shop, user_id, "BillDue")
    assert sorted(event["bill_id"] for event in events) == sorted(str(bill.bill_id) for bill in bills)


async def test_a_bill_that_was_fetched_within_the_hour_is_left_for_later(
    context: BillsContext, outside: Outside, shop: Stores
) -> None:
    user_id, number = uuid4(), put_bill(outside, days=0)
    await fetch(context, user_id, number)
    await reminders.remind(context, limit=200)
    assert await list_events(shop, user_id, "BillDue") == []


@pytest.mark.parametrize(
    ("hour", "minute", "is_time"), [(8, 59, False), (9, 0, True), (20, 59, True), (21, 0, False)]
)
def test_nobody_is_reminded_at_night(hour: int, minute: int, is_time: bool) -> None:
    at = datetime(2026, 11, 22, hour, minute, tzinfo=clock.IST)
    assert reminders.is_time(at) is is_time
