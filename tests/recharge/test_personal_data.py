"""A customer's recharges in an overview and an export, and the plans that stand against another way of billing."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID, uuid4

import pytest

from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.core.values.ids import SYSTEM_USER_ID
from gencharge.operators import service as operators
from gencharge.recharge import personal_data
from gencharge.recharge.schemas import RechargeOut
from gencharge.users.errors import PlanTypeMismatch
from gencharge.users.models import User
from tests.make.factories import make_user
from tests.make.money import buy, find_plan, fund, make_customer, make_number
from tests.make.recharge import run_sql

PART = personal_data.PART


async def export(stores: Stores, user_id: UUID) -> list[RechargeOut]:
    assert PART.export is not None
    items: AsyncIterator[Any] = await PART.export(stores, user_id)
    return [item async for item in items]


async def may_switch(stores: Stores, user_id: UUID, user_type: str) -> None:
    assert PART.may_switch is not None
    check = PART.may_switch
    await stores.database.run(lambda db: check(db, user_id, user_type))


async def airtel_customer(stores: Stores, service_type: str = "prepaid") -> User:
    """A registered customer with Rs 2,000 and a number of Airtel."""
    user = await stores.database.run(make_user)
    await stores.database.run(
        lambda db: operators.remember(
            db, user.phone_number, SYSTEM_USER_ID, operator="AIRTEL", circle=None, service_type=service_type
        )
    )
    await fund(stores, user.user_id, 2_000)
    return user


# The export


async def test_the_export_has_every_recharge_once_in_order_though_they_are_more_than_a_page(
    shop: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(personal_data, "_PAGE", 2)
    user_id, plan = await make_customer(shop), await find_plan(shop)
    ids = [
        (await buy(shop, user_id, await make_number(shop), plan.plan_id)).answer.recharge_id for _ in range(5)
    ]
    assert [item.recharge_id for item in await export(shop, user_id)] == ids


async def test_nobody_elses_recharges_are_exported(shop: Stores) -> None:
    user_id, other, plan = await make_customer(shop), await make_customer(shop), await find_plan(shop)
    number = await make_number(shop)
    own = (await buy(shop, user_id, number, plan.plan_id)).answer.recharge_id
    await buy(shop, other, number, plan.plan_id, confirm_duplicate=True)
    assert [item.recharge_id for item in await export(shop, user_id)] == [own]
    assert await export(shop, uuid4()) == []


# The overview


async def test_the_overview_has_at_most_five_recharges_and_five_plans(shop: Stores) -> None:
    assert PART.overview is not None
    user_id, plan = await make_customer(shop), await find_plan(shop)
    ids = [
        (await buy(shop, user_id, await make_number(shop), plan.plan_id)).answer.recharge_id for _ in range(7)
    ]
    async with shop.database.transaction() as db:
        overview = await PART.overview(db, user_id)
    assert [item.recharge_id for item in overview.last_recharges] == ids[:1:-1]
    assert [item.recharge_id for item in overview.current_plans] == ids[:5]


async def test_an_overview_leaves_out_plans_that_have_ended_and_writes_nothing(shop: Stores) -> None:
    assert PART.overview is not None
    user_id, number = await make_customer(shop), await make_number(shop)
    await buy(shop, user_id, number, (await find_plan(shop)).plan_id)
    with clock.later(days=29):
        async with shop.database.transaction() as db:
            overview = await PART.overview(db, user_id)
    assert [item.status for item in overview.last_recharges] == ["expired"]
    assert overview.current_plans == []


# Another way of billing


async def test_a_number_without_plans_may_be_billed_in_another_way(shop: Stores) -> None:
    user = await airtel_customer(shop)
    await may_switch(shop, user.user_id, "postpaid")
    await may_switch(shop, user.user_id, "prepaid")


async def test_an_active_plan_of_the_other_kind_stands_against_it_until_it_ends(shop: Stores) -> None:
    user, plan = await airtel_customer(shop), await find_plan(shop, "AIRTEL", 299)
    sale = (await buy(shop, user.user_id, user.phone_number, plan.plan_id)).answer
    await may_switch(shop, user.user_id, "prepaid")
    with pytest.raises(PlanTypeMismatch) as refused:
        await may_switch(shop, user.user_id, "postpaid")
    assert refused.value.extra == {
        "plan_name": plan.name,
        "plan_status": "active",
        "valid_until": sale.valid_until,
    }
    assert plan.name in str(refused.value.detail)
    with clock.later(days=29):
        await may_switch(shop, user.user_id, "postpaid")


async def test_a_queued_plan_that_starts_now_stands_against_it(shop: Stores) -> None:
    user, plan = await airtel_customer(shop), await find_plan(shop, "AIRTEL", 299)
    await buy(shop, user.user_id, user.phone_number, plan.plan_id)
    await buy(shop, user.user_id, user.phone_number, plan.plan_id, confirm_duplicate=True)
    with clock.later(days=29), pytest.raises(PlanTypeMismatch) as refused:
        await may_switch(shop, user.user_id, "postpaid")
    assert refused.value.extra["plan_status"] == "active"
    await run_sql(
        shop,
        "UPDATE active_plans SET status = 'cancelled' WHERE phone_number = :number AND status = 'active'",
        number=user.phone_number,
    )


async def test_a_plan_that_somebody_else_bought_for_the_number_counts(shop: Stores) -> None:
    user, giver = await airtel_customer(shop), await make_customer(shop)
    await buy(shop, giver, user.phone_number, (await find_plan(shop, "AIRTEL", 299)).plan_id)
    with pytest.raises(PlanTypeMismatch):
        await may_switch(shop, user.user_id, "postpaid")


async def test_plans_of_other_numbers_do_not_count(shop: Stores) -> None:
    user, plan = await airtel_customer(shop), await find_plan(shop, "AIRTEL", 299)
    await buy(shop, user.user_id, await make_number(shop, "AIRTEL"), plan.plan_id)
    await may_switch(shop, user.user_id, "postpaid")
