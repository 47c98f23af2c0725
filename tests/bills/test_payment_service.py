"""A bill is paid once, as the customer saw it, and the money is the operator's or the customer's, never both and never nobody's."""

from __future__ import annotations

import asyncio
from uuid import uuid4

import pytest

from gencharge.bills import payment_service
from gencharge.bills.context_service import BillsContext
from gencharge.bills.errors import (
    BillAlreadyPaid,
    BillAmountInvalid,
    BillChanged,
    BillExpired,
    BillNotFound,
    BillOperatorUnavailable,
    NoBillDue,
)
from gencharge.bills.models import BillStatus
from gencharge.bills.schemas import BillPaymentOut
from gencharge.core.errors import IdempotencyKeyReused, Problem, ReferenceAlreadyUsed
from gencharge.core.http.idempotency import Answered
from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.core.values.money import Money
from gencharge.delivery.loop import Dispatcher
from gencharge.recharge import repeat_service
from gencharge.recharge import service as recharges
from gencharge.recharge.errors import BillNotRepeatable, BillPaymentPending
from gencharge.recharge.models import RechargeStatus
from gencharge.recharge.schemas import RechargeQuery, RepeatRecharge
from gencharge.velocity.errors import VelocityLimitExceeded
from gencharge.velocity.service import Limits
from gencharge.wallet.errors import InsufficientBalance
from tests.make.bills import fetch, pay, put_bill, read
from tests.make.delivery import FIRST, SECOND, ask_again, deliveries
from tests.make.money import balance, buy, find_plan, make_customer, make_number
from tests.make.offers import market_of
from tests.make.outside import Outside
from tests.make.recharge import assert_books_balance, get_recharge, list_transfers


async def test_a_paid_bill_is_the_operators_money_and_a_recharge_without_a_plan(
    context: BillsContext, outside: Outside, dispatcher: Dispatcher, shop: Stores
) -> None:
    user_id, number = await make_customer(shop, 1_000), put_bill(outside, paise=649_50, part_payment="exact")
    bill = await fetch(context, user_id, number, circle="KA")
    paid = (await pay(context, user_id, bill)).answer
    assert (paid.status, paid.amount, paid.wallet_balance) == ("processing", Money(649_50), Money(350_50))
    assert (await read(shop, user_id, bill)).status is BillStatus.PAYING
    await dispatcher.drain()
    after = await read(shop, user_id, bill)
    assert (after.status, after.amount, after.recharge_id) == (BillStatus.PAID, Money(0), paid.recharge_id)
    assert await list_transfers(shop, paid.recharge_id) == {
        ("user:main", "user:held"): 649_50,
        ("user:held", "operator:jio"): 649_50,
        ("operator:jio", "revenue"): 19_48,
    }
    sold = await get_recharge(shop, user_id, paid.recharge_id)
    assert (sold.plan_id, sold.bill_id, sold.category, sold.circle) == (None, bill.bill_id, "bill", "KA")
    page = await shop.database.run(
        lambda db: recharges.list_recharges(db, user_id, RechargeQuery(status=RechargeStatus.PAID))
    )
    assert [(each.recharge_id, each.status) for each in page.items] == [
        (paid.recharge_id, RechargeStatus.PAID)
    ]
    with pytest.raises(BillAlreadyPaid):
        await pay(context, user_id, bill)
    with pytest.raises(NoBillDue):
        await fetch(context, user_id, number)
    await assert_books_balance(shop)


async def test_a_part_leaves_the_rest_due_until_it_is_paid_too(
    context: BillsContext, outside: Outside, dispatcher: Dispatcher, shop: Stores
) -> None:
    user_id, number = await make_customer(shop, 1_000), put_bill(outside, paise=500_00)
    bill = await fetch(context, user_id, number)
    await pay(context, user_id, bill, amount="120.50")
    await dispatcher.drain()
    rest = await read(shop, user_id, bill)
    assert (rest.status, rest.amount) == (BillStatus.DUE, Money(379_50))
    await pay(context, user_id, rest)
    await dispatcher.drain()
    assert (await read(shop, user_id, bill)).status is BillStatus.PAID
    assert await balance(shop, user_id) == Money(500_00)
    await assert_books_balance(shop)


@pytest.mark.parametrize(
    ("rule", "rupees"),
    [("exact", "499.99"), ("minimum", "199.99"), ("any", "0.99"), ("any", "500.01"), ("minimum", "900")],
)
async def test_an_amount_that_the_operator_does_not_take_is_refused(
    context: BillsContext, outside: Outside, shop: Stores, rule: str, rupees: str
) -> None:
    user_id, number = (
        await make_customer(shop, 1_000),
        put_bill(outside, part_payment=rule, minimum_paise=200_00),
    )
    bill = await fetch(context, user_id, number)
    with pytest.raises(BillAmountInvalid) as refused:
        await pay(context, user_id, bill, amount=rupees)
    assert refused.value.errors is not None
    assert refused.value.errors[0]["field"] == "body.amount"
    assert await balance(shop, user_id) == Money(1_000_00)


async def test_fifty_payments_at_once_are_one(
    context: BillsContext, outside: Outside, dispatcher: Dispatcher, shop: Stores
) -> None:
    user_id, number = await make_customer(shop, 5_000), put_bill(outside, paise=50_00)
    bill = await fetch(context, user_id, number)
    results = await asyncio.gather(*(pay(context, user_id, bill) for _ in range(50)), return_exceptions=True)
    assert len([each for each in results if isinstance(each, Answered)]) == 1
    refused = [each for each in results if not isinstance(each, Answered)]
    assert {type(each) for each in refused} == {BillPaymentPending}
    await dispatcher.drain()
    assert (await read(shop, user_id, bill)).status is BillStatus.PAID
    assert await balance(shop, user_id) == Money(4_950_00)
    await assert_books_balance(shop)


async def test_twenty_repeats_with_one_key_at_once_are_one_payment_with_one_answer(
    context: BillsContext, outside: Outside, shop: Stores
) -> None:
    user_id, number, key = await make_customer(shop, 1_000), put_bill(outside), str(uuid4())
    bill = await fetch(context, user_id, number)
    results = await asyncio.gather(*(pay(context, user_id, bill, key=key) for _ in range(20)))
    assert len({each.answer.recharge_id for each in results}) == 1
    assert sorted(each.replayed for each in results) == [False] + [True] * 19
    assert await balance(shop, user_id) == Money(500_00)


async def test_two_customers_who_pay_the_same_bill_at_once_pay_it_once(
    context: BillsContext, outside: Outside, dispatcher: Dispatcher, shop: Stores
) -> None:
    number = put_bill(outside)
    both = [await make_customer(shop, 1_000) for _ in range(2)]
    fetched = [await fetch(context, user_id, number) for user_id in both]
    results = await asyncio.gather(
        *(pay(context, user_id, bill) for user_id, bill in zip(both, fetched, strict=True)),
        return_exceptions=True,
    )
    assert [type(each) for each in results if not isinstance(each, Answered)] == [BillPaymentPending]
    await dispatcher.drain()
    left = sorted([(await balance(shop, user_id)).paise for user_id in both])
    assert left == [500_00, 1_000_00]
    await assert_books_balance(shop)


async def test_a_replay_is_answered_when_the_operator_is_away_and_after_the_bill_is_paid(
    context: BillsContext, outside: Outside, dispatcher: Dispatcher, shop: Stores
) -> None:
    user_id, number, key = await make_customer(shop, 1_000), put_bill(outside), str(uuid4())
    bill = await fetch(context, user_id, number)
    first = await pay(context, user_id, bill, key=key)
    await dispatcher.drain()
    await read(shop, user_id, bill)
    outside.script("*", "bill", "server_error_before")
    again = await pay(context, user_id, bill, key=key)
    assert (again.answer, again.replayed) == (first.answer, True)
    with pytest.raises(IdempotencyKeyReused):
        await pay(context, user_id, bill, key=key, amount="100")


async def test_a_key_of_a_recharge_pays_no_bill_and_the_other_way_round(
    context: BillsContext, outside: Outside, shop: Stores
) -> None:
    user_id, number, keys = await make_customer(shop, 5_000), put_bill(outside), [str(uuid4()), str(uuid4())]
    prepaid, plan = await make_number(shop), (await find_plan(shop)).plan_id
    await buy(shop, user_id, prepaid, plan, key=keys[0])
    bill = await fetch(context, user_id, number)
    with pytest.raises(IdempotencyKeyReused):
        await pay(context, user_id, bill, key=keys[0])
    await pay(context, user_id, bill, key=keys[1])
    with pytest.raises(IdempotencyKeyReused):
        await buy(shop, user_id, prepaid, plan, key=keys[1])


async def test_a_bill_that_changed_takes_nothing_and_names_the_new_amount(
    context: BillsContext, outside: Outside, shop: Stores
) -> None:
    user_id, number = await make_customer(shop, 1_000), put_bill(outside, paise=500_00)
    bill = await fetch(context, user_id, number)
    put_bill(outside, phone_number=number, paise=620_00)
    with pytest.raises(BillChanged) as changed:
        await pay(context, user_id, bill)
    assert changed.value.extra["amount"] == Money(620_00)
    assert changed.value.errors is not None
    assert changed.value.errors[0]["field"] == "body.expected_amount"
    assert await balance(shop, user_id) == Money(1_000_00)
    now = await read(shop, user_id, bill)  # the next look shows the new amount, which can be paid
    assert (now.amount, now.status) == (Money(620_00), BillStatus.DUE)
    await pay(context, user_id, now)
    assert await balance(shop, user_id) == Money(380_00)


async def test_another_bill_in_its_place_is_a_change(
    context: BillsContext, outside: Outside, shop: Stores
) -> None:
    user_id, number = await make_customer(shop, 1_000), put_bill(outside)
    bill = await fetch(context, user_id, number)
    put_bill(outside, phone_number=number, reference="B2", paise=700_00)
    with pytest.raises(BillChanged) as changed:
        await pay(context, user_id, bill)
    assert changed.value.extra["amount"] == Money(700_00)
    assert await balance(shop, user_id) == Money(1_000_00)


async def test_what_was_paid_elsewhere_is_not_paid_again(
    context: BillsContext, outside: Outside, shop: Stores
) -> None:
    user_id, number = await make_customer(shop, 1_000), put_bill(outside)
    bill = await fetch(context, user_id, number)
    put_bill(outside, phone_number=number, paise=0)
    with pytest.raises(NoBillDue):
        await pay(context, user_id, bill)
    assert await balance(shop, user_id) == Money(1_000_00)
    assert (await read(shop, user_id, bill)).status is BillStatus.CLOSED


async def test_an_operator_that_is_away_takes_nothing(
    context: BillsContext, outside: Outside, shop: Stores
) -> None:
    user_id, number = await make_customer(shop, 1_000), put_bill(outside)
    bill = await fetch(context, user_id, number)
    outside.script("*", "bill", "server_error_before")
    with pytest.raises(BillOperatorUnavailable):
        await pay(context, user_id, bill)
    assert await balance(shop, user_id) == Money(1_000_00)


async def test_an_old_bill_another_customers_and_too_little_money_are_refused(
    context: BillsContext, outside: Outside, shop: Stores
) -> None:
    poor, number = await make_customer(shop, 499), put_bill(outside)
    bill = await fetch(context, poor, number)
    with pytest.raises(InsufficientBalance):
        await pay(context, poor, bill)
    assert (await read(shop, poor, bill)).status is BillStatus.DUE
    with pytest.raises(BillNotFound):
        await pay(context, await make_customer(shop), bill)
    with clock.later(minutes=61), pytest.raises(BillExpired):
        await pay(context, poor, bill)


async def test_a_velocity_rule_holds_a_bill_back_as_it_does_a_recharge(
    context: BillsContext, outside: Outside, shop: Stores
) -> None:
    user_id = await make_customer(shop, 1_000)
    bills = [await fetch(context, user_id, put_bill(outside, paise=300_00)) for _ in range(2)]
    limits = Limits((None, None, 500_00, None, None, None, None, None, None))
    await pay(context, user_id, bills[0], limits=limits)
    with pytest.raises(VelocityLimitExceeded) as held_back:
        await pay(context, user_id, bills[1], limits=limits)
    assert held_back.value.extra["rule"] == "recharge_sum_in_a_day"
    assert (await read(shop, user_id, bills[1])).status is BillStatus.DUE


@pytest.mark.parametrize("script", ["decline", "late_failure"])
async def test_a_refused_payment_comes_back_in_full_and_the_bill_is_due_again(
    context: BillsContext, outside: Outside, dispatcher: Dispatcher, shop: Stores, script: str
) -> None:
    user_id, number = await make_customer(shop, 1_000), put_bill(outside)
    bill = await fetch(context, user_id, number)
    for channel in (FIRST, SECOND):
        outside.script(channel, "submit", script, seconds=0)
    paid = (await pay(context, user_id, bill)).answer
    await ask_again(dispatcher)
    assert (await get_recharge(shop, user_id, paid.recharge_id)).status == "failed"
    after = await read(shop, user_id, bill)
    assert (after.status, after.amount) == (BillStatus.DUE, Money(500_00))
    assert await balance(shop, user_id) == Money(1_000_00)
    outside.control("DELETE", "/sandbox/scripts")
    await pay(context, user_id, after)
    await dispatcher.drain()
    assert (await read(shop, user_id, bill)).status is BillStatus.PAID
    await assert_books_balance(shop)


async def test_a_bill_that_changes_on_the_way_is_refused_by_the_operator_and_comes_back(
    context: BillsContext, outside: Outside, dispatcher: Dispatcher, shop: Stores
) -> None:
    user_id, number = await make_customer(shop, 1_000), put_bill(outside, part_payment="exact")
    bill = await fetch(context, user_id, number)
    paid = (await pay(context, user_id, bill)).answer
    put_bill(outside, phone_number=number, part_payment="exact", paise=700_00)
    await ask_again(dispatcher)
    failed = await get_recharge(shop, user_id, paid.recharge_id)
    assert (failed.status, failed.failure_reason) == ("failed", "bill_changed")
    assert await balance(shop, user_id) == Money(1_000_00)
    await assert_books_balance(shop)


@pytest.mark.parametrize(
    "script", ["lost_connection_after_accept", "server_error_after", "garbage", "lost_connection_before"]
)
async def test_an_unknown_outcome_is_asked_about_until_it_is_known_and_paid_once(
    context: BillsContext, outside: Outside, dispatcher: Dispatcher, shop: Stores, script: str
) -> None:
    user_id, number = await make_customer(shop, 1_000), put_bill(outside)
    bill = await fetch(context, user_id, number)
    outside.script("*", "submit", script, times=1)
    await pay(context, user_id, bill)
    before = len(deliveries(outside))
    await ask_again(dispatcher)
    assert (await read(shop, user_id, bill)).status is BillStatus.PAID
    assert len(deliveries(outside)) - before == 1
    assert await balance(shop, user_id) == Money(500_00)
    await assert_books_balance(shop)


async def test_the_end_of_another_payment_changes_nothing(
    context: BillsContext, outside: Outside, shop: Stores
) -> None:
    user_id, number = await make_customer(shop, 1_000), put_bill(outside)
    bill = await fetch(context, user_id, number)
    paid: BillPaymentOut = (await pay(context, user_id, bill)).answer
    for other, recharge_id in ((uuid4(), paid.recharge_id), (user_id, uuid4())):
        await shop.database.run(
            lambda db, other=other, recharge_id=recharge_id: payment_service.end_payment(  # type: ignore[misc]
                db, other, recharge_id, paid=500_00
            )
        )
    assert (await read(shop, user_id, bill)).status is BillStatus.PAYING


async def test_a_bill_can_not_be_repeated(context: BillsContext, outside: Outside, shop: Stores) -> None:
    user_id, number = await make_customer(shop, 1_000), put_bill(outside)
    paid = (await pay(context, user_id, await fetch(context, user_id, number))).answer
    with pytest.raises(BillNotRepeatable) as refused:
        await repeat_service.repeat(
            shop.database, user_id, paid.recharge_id, RepeatRecharge(), await market_of(shop)
        )
    assert isinstance(refused.value, Problem)


async def test_a_payment_carries_its_callers_reference_and_metadata(
    context: BillsContext, outside: Outside, dispatcher: Dispatcher, shop: Stores
) -> None:
    user_id, number = await make_customer(shop, 1_000), put_bill(outside, paise=200_00)
    bill, key = await fetch(context, user_id, number), str(uuid4())
    named = {"reference": "rent-11", "metadata": {"flat": "4B"}}
    paid = await pay(context, user_id, bill, key=key, amount="50.00", **named)
    assert (paid.answer.reference, paid.answer.metadata) == ("rent-11", {"flat": "4B"})
    again = await pay(context, user_id, bill, key=key, amount="50.00", **named)
    assert (again.replayed, again.answer) == (True, paid.answer)
    with pytest.raises(IdempotencyKeyReused):
        await pay(context, user_id, bill, key=key, amount="50.00")
    shown = await shop.database.run(lambda db: recharges.show(db, user_id, paid.answer.recharge_id))
    assert (shown.reference, shown.metadata) == ("rent-11", {"flat": "4B"})
    await dispatcher.drain()
    bill = await read(shop, user_id, bill)
    with pytest.raises(ReferenceAlreadyUsed) as refused:
        await pay(context, user_id, bill, reference="rent-11")
    assert refused.value.extra["recharge_id"] == paid.answer.recharge_id
    assert (await balance(shop, user_id)).paise == 950_00
    assert (await pay(context, user_id, bill, reference="rent-12")).answer.amount == Money(150_00)


async def test_of_two_bills_paid_at_once_under_one_reference_one_is_paid(
    context: BillsContext, outside: Outside, shop: Stores
) -> None:
    user_id = await make_customer(shop, 1_000)
    bills = [await fetch(context, user_id, put_bill(outside, paise=100_00)) for _ in range(4)]
    results = await asyncio.gather(
        *(pay(context, user_id, bill, reference="one-order") for bill in bills), return_exceptions=True
    )
    refused = [one for one in results if isinstance(one, ReferenceAlreadyUsed)]
    [done] = [one for one in results if isinstance(one, Answered)]
    assert len(refused) == 3
    assert {one.extra["recharge_id"] for one in refused} == {done.answer.recharge_id}
    statuses = [(await read(shop, user_id, bill)).status for bill in bills]
    assert sorted(statuses) == ["due", "due", "due", "paying"]
    await assert_books_balance(shop)
