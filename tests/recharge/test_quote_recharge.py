"""`quote_recharge`: a quote says what the sale then does, and reserves nothing."""

from __future__ import annotations

import itertools
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from gencharge.core.errors import Problem
from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.core.values.money import Money
from gencharge.plans.errors import PlanNotFound
from gencharge.recharge import errors, quote_service
from gencharge.recharge.models import RechargeStatus
from gencharge.recharge.schemas import Quote, QuoteOut
from gencharge.users import service as users
from gencharge.wallet.errors import InsufficientBalance, WalletNotFound
from tests.make.money import buy, find_plan, fingerprint, make_customer, make_number
from tests.make.recharge import list_plans


async def quote(
    stores: Stores, user_id: UUID, phone_number: str, plan_id: UUID, **overrides: Any
) -> QuoteOut:
    query = Quote.model_validate({"phone_number": phone_number, "plan_id": plan_id, **overrides})
    return await quote_service.quote(stores.database, user_id, query)


async def owner_of(stores: Stores, phone_number: str, rupees: int = 5_000) -> UUID:
    """The customer whose own number this is."""
    user_id = await make_customer(stores, rupees)
    await stores.database.run(lambda db: users.create(db, phone_number=phone_number, user_id=user_id))
    return user_id


async def test_a_quote_says_what_the_recharge_then_does(shop: Stores) -> None:
    number, plan = await make_number(shop), await find_plan(shop)
    user_id = await owner_of(shop, number, 400)
    first = await quote(shop, user_id, number, plan.plan_id)
    assert (first.status, first.payable.paise, first.wallet_covers) == ("active", 29_900, True)
    assert (first.plan_name, first.operator, first.plan_type) == (plan.name, "JIO", "prepaid")
    assert (first.discount, first.shortfall, first.running_plan) == (Money(0), Money(0), None)
    sale = (await buy(shop, user_id, number, plan.plan_id)).answer
    second = await quote(shop, user_id, number, plan.plan_id)
    assert (second.status, second.wallet_covers, str(second.shortfall)) == ("queued", False, "198.00")
    assert (second.valid_from, second.valid_until) == (None, None)
    assert second.running_plan is not None
    assert (second.running_plan.recharge_id, second.running_plan.valid_until) == (
        sale.recharge_id,
        sale.valid_until,
    )


@pytest.mark.parametrize("rupees", [0, 298, 299, 300])
async def test_the_shortfall_is_what_the_wallet_lacks(shop: Stores, rupees: int) -> None:
    user_id = await make_customer(shop, rupees)
    answer = await quote(shop, user_id, await make_number(shop), (await find_plan(shop)).plan_id)
    assert answer.wallet_balance == Money.rupees(rupees)
    assert answer.wallet_covers == (rupees >= 299)
    assert answer.shortfall == Money.rupees(max(0, 299 - rupees))


@pytest.mark.parametrize("mode", ["queue", "activate"])
@pytest.mark.parametrize("rupees", [299, 19])
async def test_a_quote_tells_a_stranger_nothing_of_a_numbers_active_plan(
    shop: Stores, rupees: int, mode: str
) -> None:
    busy, free, stranger = await make_number(shop), await make_number(shop), await make_customer(shop)
    await buy(shop, await owner_of(shop, busy), busy, (await find_plan(shop)).plan_id)
    plan = await find_plan(
        shop, rupees=rupees
    )  # the one of 19 rupees is an add-on, which needs an active plan
    answers = [
        (await quote(shop, stranger, number, plan.plan_id, activation_mode=mode)).model_dump(
            exclude={"phone_number"}
        )
        for number in (busy, free)
    ]
    assert answers[0] == answers[1]
    assert {answers[0][name] for name in ("status", "valid_from", "valid_until", "running_plan")} == {None}
    assert answers[0]["payable"] == Money.rupees(rupees)


async def test_who_bought_the_active_plan_or_owns_the_number_sees_it(shop: Stores) -> None:
    number, plan = await make_number(shop), await find_plan(shop)
    payer, owner = await make_customer(shop), await owner_of(shop, number)
    await buy(shop, payer, number, plan.plan_id)
    for user_id in (payer, owner):
        answer = await quote(shop, user_id, number, plan.plan_id)
        assert (answer.status, answer.running_plan is not None) == ("queued", True)


async def test_a_sale_still_refuses_an_addon_without_an_active_plan(shop: Stores) -> None:
    stranger, number = await make_customer(shop), await make_number(shop)
    with pytest.raises(errors.BasePlanRequired):
        await buy(shop, stranger, number, (await find_plan(shop, rupees=19)).plan_id)


async def test_a_quote_writes_nothing(shop: Stores) -> None:
    user_id, number = await make_customer(shop), await make_number(shop)
    plan = await find_plan(shop)
    await buy(shop, user_id, number, plan.plan_id)
    before = await fingerprint(shop)
    for mode in ("queue", "activate"):
        await quote(shop, user_id, number, plan.plan_id, activation_mode=mode)
    assert await fingerprint(shop) == before


async def test_a_quote_after_the_end_of_the_active_plan_counts_it_as_over(shop: Stores) -> None:
    number, plan = await make_number(shop), await find_plan(shop)
    user_id = await owner_of(shop, number)
    await buy(shop, user_id, number, plan.plan_id)
    with clock.later(days=28, seconds=1):
        answer = await quote(shop, user_id, number, plan.plan_id)
    assert (answer.status, answer.running_plan) == ("active", None)
    assert [each.status for each in await list_plans(shop, number)] == ["expired"]


async def test_a_quote_within_the_duplicate_window_is_given(shop: Stores) -> None:
    user_id, number, plan = await make_customer(shop), await make_number(shop), await find_plan(shop)
    await buy(shop, user_id, number, plan.plan_id)
    assert (await quote(shop, user_id, number, plan.plan_id)).status == "queued"
    with pytest.raises(errors.DuplicateRecharge):
        await buy(shop, user_id, number, plan.plan_id)


async def test_a_customer_without_a_wallet_gets_no_quote(shop: Stores) -> None:
    with pytest.raises(WalletNotFound):
        await quote(shop, uuid4(), await make_number(shop), (await find_plan(shop)).plan_id)


async def test_an_unknown_plan_gets_no_quote(shop: Stores) -> None:
    with pytest.raises(PlanNotFound):
        await quote(shop, await make_customer(shop), await make_number(shop), uuid4())


async def outcome_of(call: Any) -> Any:
    """What a quote or a sale says: a refusal, or (price, status, from, until)."""
    try:
        answer = await call
    except Problem as problem:
        return type(problem), problem.extra.get("known")
    answer = getattr(answer, "answer", answer)
    return answer.price, answer.status, answer.valid_from, answer.valid_until


_CASES = list(
    itertools.product(
        ("JIO", "AIRTEL", "VI"),  # of the number
        ("prepaid", "postpaid"),
        (None, 299),  # the price of the plan that is active already
        (19, 299, 349),  # the price of the plan
        ("queue", "activate"),
    )
)


@pytest.mark.parametrize("cases", [_CASES[at::4] for at in range(4)], ids=["1", "2", "3", "4"])
async def test_the_quote_and_the_sale_agree(shop: Stores, cases: list[tuple[Any, ...]]) -> None:
    for operator, service_type, active, rupees, mode in cases:
        number = await make_number(shop, operator, service_type)
        user_id = await owner_of(shop, number)
        if active is not None and service_type == "prepaid":
            running = await find_plan(shop, operator, active)
            await buy(shop, user_id, number, running.plan_id)
        plan = await find_plan(shop, "JIO", rupees)
        with clock.at(clock.now() + timedelta(minutes=5)):
            quoted = await outcome_of(quote(shop, user_id, number, plan.plan_id, activation_mode=mode))
            sold = await outcome_of(buy(shop, user_id, number, plan.plan_id, activation_mode=mode))
        assert quoted == sold, (operator, service_type, active, rupees, mode)


async def test_a_wallet_that_is_drained_between_the_quote_and_the_sale_pays_nothing(shop: Stores) -> None:
    user_id, plan = await make_customer(shop, 299), await find_plan(shop)
    numbers = [await make_number(shop), await make_number(shop)]
    quotes = [await quote(shop, user_id, number, plan.plan_id) for number in numbers]
    assert [each.wallet_covers for each in quotes] == [True, True]
    await buy(shop, user_id, numbers[0], plan.plan_id)
    with pytest.raises(InsufficientBalance):
        await buy(shop, user_id, numbers[1], plan.plan_id)
    assert await list_plans(shop, numbers[1]) == []


@pytest.mark.parametrize("mode", ["queue", "activate"])
async def test_an_addons_quote_ends_with_the_base_plan(shop: Stores, mode: str) -> None:
    user_id, number = await make_customer(shop), await make_number(shop)
    base = (await buy(shop, user_id, number, (await find_plan(shop)).plan_id)).answer
    addon = await find_plan(shop, rupees=19)
    answer = await quote(shop, user_id, number, addon.plan_id, activation_mode=mode)
    assert (answer.status, answer.valid_until) == (RechargeStatus.ACTIVE, base.valid_until)
