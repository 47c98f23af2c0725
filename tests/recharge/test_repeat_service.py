"""The same recharge once more: for the same amount, unless another one is named."""

from __future__ import annotations

from uuid import uuid4

import pytest

from gencharge.core.stores.stores import Stores
from gencharge.core.values.money import Money
from gencharge.recharge import repeat_service
from gencharge.recharge.errors import RechargeNotFound
from gencharge.recharge.schemas import RepeatRecharge
from tests.make.money import buy, find_plan, find_talktime, make_customer, make_number
from tests.make.offers import market_of


async def test_a_plan_of_any_amount_is_repeated_for_the_same_amount_or_another_one(shop: Stores) -> None:
    user_id, number, market = await make_customer(shop), await make_number(shop), await market_of(shop)
    plan = await find_talktime(shop)
    sale = (await buy(shop, user_id, number, plan.plan_id, amount=37)).answer
    again = await repeat_service.repeat(
        shop.database, user_id, sale.recharge_id, RepeatRecharge(confirm_duplicate=True), market
    )
    assert (again.plan_id, again.phone_number, again.amount) == (plan.plan_id, number, Money.rupees(37))
    other = RepeatRecharge.model_validate({"amount": 50})
    again = await repeat_service.repeat(shop.database, user_id, sale.recharge_id, other, market)
    assert again.amount == Money.rupees(50)


async def test_a_plan_with_one_price_is_repeated_without_an_amount(shop: Stores) -> None:
    user_id, number, market = await make_customer(shop), await make_number(shop), await market_of(shop)
    sale = (await buy(shop, user_id, number, (await find_plan(shop)).plan_id)).answer
    again = await repeat_service.repeat(
        shop.database, user_id, sale.recharge_id, RepeatRecharge(activation_mode="activate"), market
    )
    assert (again.amount, again.activation_mode) == (None, "activate")


async def test_nobody_repeats_what_is_not_theirs(shop: Stores) -> None:
    user_id, number, market = await make_customer(shop), await make_number(shop), await market_of(shop)
    sale = (await buy(shop, user_id, number, (await find_plan(shop)).plan_id)).answer
    for owner, recharge_id in ((uuid4(), sale.recharge_id), (user_id, uuid4())):
        with pytest.raises(RechargeNotFound):
            await repeat_service.repeat(shop.database, owner, recharge_id, RepeatRecharge(), market)
