"""`recharge_with_payment`: the wallet's part is held, the plan is pending, and nothing else happens before the payment."""

from __future__ import annotations

import asyncio
from uuid import uuid4

import pytest

from gencharge.core.stores.stores import Stores
from gencharge.recharge.models import SaleOutcome
from tests.make.money import buy, find_plan, fingerprint, make_customer, make_number
from tests.make.recharge import (
    assert_books_balance,
    get_recharge,
    list_events,
    list_plans,
    list_topics,
    money_of,
    place,
    run_sql,
)


@pytest.mark.parametrize("wallet_paise", [0, 1, 15_000, 29_899])
async def test_the_wallets_part_is_held_and_the_plan_is_pending(shop: Stores, wallet_paise: int) -> None:
    user_id, number, plan = await make_customer(shop, 400), await make_number(shop), await find_plan(shop)
    payment_id = uuid4()
    result = await place(
        shop,
        user_id,
        number,
        plan.plan_id,
        wallet_amount=wallet_paise,
        gateway_amount=29_900 - wallet_paise,
        payment_id=payment_id,
    )
    assert result.outcome is SaleOutcome.DONE
    sale = result.sale
    assert sale is not None
    assert (sale.sold_status, sale.wallet_amount, sale.gateway_amount, sale.price) == (
        "payment_pending",
        wallet_paise,
        29_900 - wallet_paise,
        29_900,
    )
    assert (sale.balance_after, sale.sold_valid_from, sale.sold_valid_until) == (
        40_000 - wallet_paise,
        None,
        None,
    )
    assert await money_of(shop, user_id) == (40_000 - wallet_paise, wallet_paise)
    assert [each.status for each in await list_plans(shop, number)] == ["pending"]
    assert (await get_recharge(shop, user_id, sale.id)).payment_id == payment_id
    [event] = await list_events(shop, user_id)
    assert (event["gateway_paise"], event["wallet_paise"]) == (29_900 - wallet_paise, wallet_paise)
    await assert_books_balance(shop)


@pytest.mark.parametrize(
    ("wallet_paise", "gateway_paise"), [(0, 29_899), (0, 29_901), (100, 29_900), (29_900, 1)]
)
async def test_parts_that_are_not_the_price_are_refused(
    shop: Stores, wallet_paise: int, gateway_paise: int
) -> None:
    user_id, number, plan = await make_customer(shop), await make_number(shop), await find_plan(shop)
    before = await fingerprint(shop)
    result = await place(
        shop, user_id, number, plan.plan_id, wallet_amount=wallet_paise, gateway_amount=gateway_paise
    )
    assert (result.outcome, result.known, result.sale) == (SaleOutcome.PRICE_CHANGED, "29900", None)
    assert await fingerprint(shop) == before


@pytest.mark.parametrize("rupees", [0, 149])
async def test_a_part_that_the_wallet_does_not_cover_is_refused(shop: Stores, rupees: int) -> None:
    user_id, number, plan = await make_customer(shop, rupees), await make_number(shop), await find_plan(shop)
    before = await fingerprint(shop)
    result = await place(shop, user_id, number, plan.plan_id, wallet_amount=15_000, gateway_amount=14_900)
    assert (result.outcome, result.sale) == (SaleOutcome.INSUFFICIENT_BALANCE, None)
    assert await fingerprint(shop) == before


async def test_a_refusal_of_the_rules_holds_nothing(shop: Stores) -> None:
    user_id, plan = await make_customer(shop), await find_plan(shop)
    before = await fingerprint(shop)
    vi = await make_number(shop, "VI")
    result = await place(shop, user_id, vi, plan.plan_id, wallet_amount=100, gateway_amount=29_800)
    assert (result.outcome, result.known, result.sale) == (SaleOutcome.OPERATOR_MISMATCH, "VI", None)
    missing = await place(shop, user_id, await make_number(shop), uuid4())
    assert missing.outcome is SaleOutcome.PLAN_NOT_FOUND
    assert await fingerprint(shop) == before
    assert await money_of(shop, user_id) == (500_000, 0)
    assert await list_topics(shop, user_id) == []


async def test_a_key_sells_once_and_tells_another_request_apart(shop: Stores) -> None:
    user_id, number, plan = await make_customer(shop), await make_number(shop), await find_plan(shop)
    first = await place(shop, user_id, number, plan.plan_id, key="k")
    again = await place(shop, user_id, number, plan.plan_id, key="k")
    assert (first.outcome, again.outcome) == (SaleOutcome.DONE, SaleOutcome.REPLAYED)
    assert first.sale == again.sale
    other = await place(shop, user_id, number, plan.plan_id, key="k", request_hash=b"other")
    assert other.outcome is SaleOutcome.IDEMPOTENCY_KEY_REUSED
    assert len(await list_plans(shop, number)) == 1


async def test_a_key_of_a_sale_from_the_wallet_is_taken(shop: Stores) -> None:
    user_id, number, plan = await make_customer(shop), await make_number(shop), await find_plan(shop)
    await buy(shop, user_id, number, plan.plan_id, key="shared")
    result = await place(shop, user_id, number, plan.plan_id, key="shared")
    assert result.outcome is SaleOutcome.IDEMPOTENCY_KEY_REUSED
    assert await money_of(shop, user_id) == (470_100, 0)


async def test_a_pending_plan_is_a_duplicate_within_the_window(shop: Stores) -> None:
    user_id, number, plan = await make_customer(shop), await make_number(shop), await find_plan(shop)
    await place(shop, user_id, number, plan.plan_id)
    assert (await place(shop, user_id, number, plan.plan_id)).outcome is SaleOutcome.DUPLICATE_RECHARGE
    assert (await place(shop, user_id, number, plan.plan_id, confirmed=True)).outcome is SaleOutcome.DONE
    assert (await place(shop, user_id, number, plan.plan_id, window_seconds=0)).outcome is SaleOutcome.DONE


async def test_ten_at_once_with_one_key_make_one_recharge(shop: Stores) -> None:
    user_id, number, plan = await make_customer(shop), await make_number(shop), await find_plan(shop)
    results = await asyncio.gather(
        *(
            place(shop, user_id, number, plan.plan_id, key="race", wallet_amount=9_900, gateway_amount=20_000)
            for _ in range(10)
        )
    )
    assert (
        sorted(str(result.outcome) for result in results) == [SaleOutcome.DONE] + [SaleOutcome.REPLAYED] * 9
    )
    assert await money_of(shop, user_id) == (490_100, 9_900)
    assert len(await list_plans(shop, number)) == 1


async def test_parts_of_one_wallet_that_race_never_hold_more_than_it_has(shop: Stores) -> None:
    user_id, plan = await make_customer(shop, 500), await find_plan(shop)
    numbers = [await make_number(shop) for _ in range(12)]
    results = await asyncio.gather(
        *(
            place(shop, user_id, number, plan.plan_id, wallet_amount=10_000, gateway_amount=19_900)
            for number in numbers
        )
    )
    outcomes = [result.outcome for result in results]
    assert outcomes.count(SaleOutcome.DONE) == 5
    assert outcomes.count(SaleOutcome.INSUFFICIENT_BALANCE) == 7
    assert await money_of(shop, user_id) == (0, 50_000)
    await assert_books_balance(shop)


async def test_a_price_that_changes_after_the_quote_is_refused_and_sold_at_the_new_one(shop: Stores) -> None:
    plan = await find_plan(shop, "VI", 299)
    user_id, number = await make_customer(shop), await make_number(shop, "VI")
    raise_price = "UPDATE plans SET price_paise = :price WHERE plan_id = :id"
    await run_sql(shop, raise_price, price=30_000, id=plan.plan_id)
    try:
        stale = await place(shop, user_id, number, plan.plan_id)
        fresh = await place(shop, user_id, number, plan.plan_id, gateway_amount=30_000)
    finally:
        await run_sql(shop, raise_price, price=29_900, id=plan.plan_id)
    assert (stale.outcome, fresh.outcome) == (SaleOutcome.PRICE_CHANGED, SaleOutcome.DONE)
