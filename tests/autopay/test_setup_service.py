"""Autopays of an amount that their owners chose: set up, run, changed, and paused when the plan is not sold for it any more."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID

import pytest

from gencharge.autopay import service as autopays
from gencharge.autopay.errors import AutopayAlreadyExists, AutopayAmountInvalid
from gencharge.autopay.schemas import AutopayOut, AutopayUpdate
from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.core.values.money import Money
from gencharge.recharge.errors import AmountInvalid
from tests.make.autopay import attempts_of, make_autopay, make_owner, recharges_of, row_of, run_due
from tests.make.money import balance, find_talktime, fund, make_number
from tests.make.recharge import assert_books_balance, run_sql
from tests.make.users import events_of


async def make(stores: Stores, user_id: UUID, amount: Any = 50, **fields: Any) -> AutopayOut:
    """An autopay of talktime for this amount, due in two days and again each 28 days."""
    plan_id = (await find_talktime(stores)).plan_id
    return await make_autopay(stores, user_id, plan_id=plan_id, amount=amount, **fields)


async def change(stores: Stores, user_id: UUID, autopay: AutopayOut, **fields: Any) -> AutopayOut:
    command = AutopayUpdate.model_validate(fields)
    return await stores.database.run(lambda db: autopays.update(db, user_id, autopay.autopay_id, command))


async def test_a_chosen_amount_is_announced_and_bought_on_each_due_date(shop: Stores) -> None:
    user_id = await make_owner(shop)
    autopay = await make(shop, user_id)
    assert (autopay.amount, autopay.price, autopay.max_amount) == (
        Money.rupees(50),
        Money.rupees(50),
        Money.rupees(50),
    )
    with clock.later(days=1, minutes=1):
        await run_due(shop)
    [notice] = await events_of(shop, user_id, "AutopayAnnounced")
    assert notice["price_paise"] == 50_00
    for days in (2, 30):
        with clock.later(days=days, seconds=1):
            await asyncio.gather(run_due(shop), run_due(shop))
    bought = await recharges_of(shop, user_id)
    assert [(row.price, row.talktime, row.status) for row in bought] == [(50_00, 39_37, "delivered")] * 2
    assert await balance(shop, user_id) == Money.rupees(900)
    assert await attempts_of(shop, autopay) == [("succeeded", None)] * 2
    await assert_books_balance(shop)


@pytest.mark.parametrize("amount", [None, 9, 10.5, 2_001])
async def test_an_amount_that_the_plan_is_not_sold_for_is_refused(shop: Stores, amount: Any) -> None:
    with pytest.raises(AmountInvalid) as refused:
        await make(shop, await make_owner(shop), amount)
    assert refused.value.errors is not None
    assert refused.value.errors[0]["field"] == "body.amount"


async def test_an_amount_for_a_plan_with_one_price_is_refused(shop: Stores) -> None:
    with pytest.raises(AmountInvalid):
        await make_autopay(shop, await make_owner(shop), amount=299)


async def test_there_is_one_autopay_of_any_amount_for_a_number(shop: Stores) -> None:
    user_id, number = await make_owner(shop), await make_number(shop)
    await make(shop, user_id, phone_number=number)
    with pytest.raises(AutopayAlreadyExists):
        await make(shop, user_id, 70, phone_number=number)


async def test_an_owner_raises_the_amount_within_what_a_run_may_cost(shop: Stores) -> None:
    user_id = await make_owner(shop)
    autopay = await make(shop, user_id)
    with clock.later(days=1, minutes=1):
        await run_due(shop)
    with pytest.raises(AutopayAmountInvalid) as refused:
        await change(shop, user_id, autopay, amount=80)
    assert refused.value.extra["price"] == Money.rupees(80)
    for amount in (9, 80.5):
        with pytest.raises(AmountInvalid):
            await change(shop, user_id, autopay, amount=amount, max_amount=100)
    changed = await change(shop, user_id, autopay, amount=80, max_amount=100)
    assert (changed.amount, changed.price, changed.max_amount) == (
        Money.rupees(80),
        Money.rupees(80),
        Money.rupees(100),
    )
    assert not changed.is_announced, "the notice named another amount"
    [event] = await events_of(shop, user_id, "AutopayChanged")
    assert event["changes"]["amount_paise"] == {"old": 50_00, "new": 80_00}
    with clock.later(days=1, minutes=2):
        await run_due(shop)
    assert [each["price_paise"] for each in await events_of(shop, user_id, "AutopayAnnounced")] == [
        50_00,
        80_00,
    ]
    with clock.later(days=2, seconds=1):
        await run_due(shop)
    assert [row.price for row in await recharges_of(shop, user_id)] == [80_00]


async def test_nobody_gives_an_amount_to_an_autopay_of_a_plan_with_one_price(shop: Stores) -> None:
    user_id = await make_owner(shop)
    autopay = await make_autopay(shop, user_id)
    with pytest.raises(AmountInvalid):
        await change(shop, user_id, autopay, amount=299)


async def test_a_plan_that_is_not_sold_for_the_amount_any_more_pauses_it_and_charges_nothing(
    shop: Stores,
) -> None:
    user_id = await make_owner(shop)
    autopay = await make(shop, user_id, 50)
    statement = "UPDATE plans SET price_paise = :paise WHERE plan_id = :plan_id"
    await run_sql(shop, statement, paise=100_00, plan_id=autopay.plan_id)
    try:
        with clock.later(days=2, seconds=1):
            await run_due(shop)
            row = await row_of(shop, autopay)
            assert (row.status, row.pause_reason) == ("paused", "amount")
            [event] = await events_of(shop, user_id, "AutopayPaused")
            assert event["reason"] == "amount"
            with pytest.raises(AmountInvalid):
                await autopays.resume(shop.database, user_id, autopay.autopay_id)
            changed = await change(shop, user_id, autopay, amount=100, max_amount=100)
            assert changed.status == "paused"
            await autopays.resume(shop.database, user_id, autopay.autopay_id)
            await run_due(shop)
    finally:
        await run_sql(shop, statement, paise=10_00, plan_id=autopay.plan_id)
    assert [row.price for row in await recharges_of(shop, user_id)] == [100_00]
    assert await balance(shop, user_id) == Money.rupees(900)


async def test_a_due_date_that_fails_is_tried_again_for_the_same_amount(shop: Stores) -> None:
    user_id = await make_owner(shop, 0)
    autopay = await make(shop, user_id)
    with clock.later(days=2, seconds=1):
        await run_due(shop)
    assert (await row_of(shop, autopay)).next_due == autopay.next_due_at
    assert await attempts_of(shop, autopay) == [("failed", "insufficient_balance")]
    await fund(shop, user_id, 100)
    with clock.later(days=2, hours=2, minutes=1):
        await run_due(shop)
    assert [row.price for row in await recharges_of(shop, user_id)] == [50_00]
