"""The result counts what both groups did in the campaign's time, and compares them person for person."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import timedelta
from functools import partial

import pytest

from gencharge.campaigns import staff_service
from gencharge.campaigns.crud import GroupFigures
from gencharge.campaigns.errors import (
    CampaignBudgetAlreadyExists,
    CampaignBudgetInvalid,
    CampaignBudgetNotFound,
    CampaignNotFound,
    CampaignOver,
)
from gencharge.campaigns.staff_schemas import CampaignBudget, CampaignOut
from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.core.values.ids import SYSTEM_USER_ID, new_id
from gencharge.core.values.money import Money, PositiveMoney, SignedMoney
from gencharge.offers.errors import OfferUsedUp
from tests.make.campaigns import members, new_code, plan, result, start
from tests.make.factories import make_user
from tests.make.money import buy, find_plan, fund, make_customer, make_number
from tests.make.offers import flat, market_of, publish
from tests.make.recharge import run_sql
from tests.make.referrals import refund
from tests.make.users import events_of


async def test_the_result_is_what_both_groups_paid_in_the_time_of_the_campaign(shop: Stores) -> None:
    people = [(await shop.database.run(make_user)).user_id for _ in range(4)]
    sold = await find_plan(shop)
    for person in people:
        await fund(shop, person, 5_000)
    offer = await publish(shop, limits={"budget": 1_000}, code=f"R{new_id().hex[:9].upper()}")
    before = await buy(shop, people[0], await make_number(shop), sold.plan_id)
    with clock.later(minutes=5):
        campaign = await plan(shop, offer.offer_id)
        await start(shop)
        # Drawn by hand: the first two are told, the others left out.
        for person in people[2:]:
            await run_sql(
                shop,
                "UPDATE campaign_members SET is_control = true WHERE user_id = :user_id AND campaign_id = :campaign_id",
                user_id=person,
                campaign_id=campaign.campaign_id,
            )
        sales = [
            await buy(shop, person, await make_number(shop), sold.plan_id)
            for person in (people[0], *people[:3])
        ]
        await refund(shop, people[1], sales[2].answer.subscription_id)
        await run_sql(
            shop,
            """
            INSERT INTO offer_uses (user_id, recharge_id, offer_id, version, slot, discount, cashback, cost, created_at)
            VALUES (:user_id, :recharge_id, :offer_id, 1, 0, 5000, 0, 5000, :now)
            """,
            user_id=people[0],
            recharge_id=sales[0].answer.subscription_id,
            offer_id=offer.offer_id,
            now=clock.now(),
        )
    with clock.later(minutes=10):
        shown = await result(shop, campaign.campaign_id)
    assert before.answer.subscription_id != sales[0].answer.subscription_id
    chosen = await members(shop, campaign.campaign_id)
    assert shown.reached.customers == sum(not control for control in chosen.values())
    assert (shown.reached.recharged, shown.reached.recharges, shown.reached.revenue) == (
        2,
        3,
        Money.rupees(598),
    )
    assert (shown.control.customers, shown.control.recharged, shown.control.revenue) == (
        2,
        1,
        Money.rupees(299),
    )
    assert (shown.used, shown.cost, shown.budget) == (1, Money.rupees(50), Money.rupees(1_000))
    expected = 59_800 - 29_900 * shown.reached.customers // 2
    assert shown.extra_revenue == SignedMoney(expected)


@pytest.mark.parametrize(
    ("reached", "control", "paise"),
    [
        (GroupFigures(customers=90, paise=90_000), GroupFigures(customers=10, paise=5_000), 45_000),
        (GroupFigures(customers=90, paise=9_000), GroupFigures(customers=10, paise=5_000), -36_000),
        (GroupFigures(customers=3, paise=100), GroupFigures(customers=2, paise=33), 51),
        (GroupFigures(customers=0), GroupFigures(customers=2, paise=33), 0),
    ],
)
def test_extra_revenue_compares_person_for_person(
    reached: GroupFigures, control: GroupFigures, paise: int
) -> None:
    assert staff_service.extra_revenue(reached, control) == SignedMoney(paise)


def test_without_a_control_group_there_is_nothing_to_compare_with() -> None:
    assert staff_service.extra_revenue(GroupFigures(customers=5, paise=100), GroupFigures()) is None


async def test_a_campaign_that_is_over_can_t_be_cancelled_and_an_unknown_one_is_not_found(
    shop: Stores,
) -> None:
    campaign = await plan(shop, ends_at=(clock.now() + timedelta(hours=1)).isoformat())
    with clock.later(hours=2), pytest.raises(CampaignOver):
        await shop.database.run(lambda db: staff_service.cancel(db, campaign.campaign_id))
    cancelled = await shop.database.run(lambda db: staff_service.cancel(db, campaign.campaign_id))
    assert cancelled.status == "cancelled"
    with pytest.raises(CampaignOver):
        await shop.database.run(lambda db: staff_service.cancel(db, campaign.campaign_id))
    for act in (staff_service.cancel, staff_service.get, staff_service.result):
        with pytest.raises(CampaignNotFound):
            await shop.database.run(lambda db, verb=act: verb(db, new_id()))  # type: ignore[misc, operator]


async def test_a_campaign_spends_its_own_budget_and_says_how_much_is_spent(shop: Stores) -> None:
    code = new_code()
    offer = await publish(shop, {"discount": flat(60)}, code=code, limits={"budget": 1_000})
    campaign = await plan(shop, offer.offer_id, budget=100)
    assert campaign.budget == Money.rupees(100)
    await start(shop)
    market, sold = await market_of(shop, offer), await find_plan(shop, "AIRTEL")

    async def use() -> None:
        customer, number = await make_customer(shop), await make_number(shop, "AIRTEL")
        await buy(shop, customer, number, sold.plan_id, market=market, offer_code=code)

    await use()
    with pytest.raises(OfferUsedUp):
        await use()
    shown = await result(shop, campaign.campaign_id)
    assert (shown.budget, shown.spent) == (Money.rupees(100), Money.rupees(60))
    without = await result(shop, (await plan(shop, offer.offer_id)).campaign_id)
    assert (without.budget, without.spent) == (Money.rupees(1_000), None)


async def test_a_budget_is_raised_and_lowered_while_the_campaign_runs(shop: Stores) -> None:
    code = new_code()
    offer = await publish(shop, {"discount": flat(60)}, code=code)
    campaign = await plan(shop, offer.offer_id, budget=100)
    market, sold = await market_of(shop, offer), await find_plan(shop, "AIRTEL", 299)

    async def use() -> None:
        customer, number = await make_customer(shop), await make_number(shop, "AIRTEL")
        await buy(shop, customer, number, sold.plan_id, market=market, offer_code=code)

    async def change(rupees: str) -> CampaignOut:
        command = CampaignBudget(budget=PositiveMoney(Money.rupees(rupees).paise))
        return await shop.database.run(
            lambda db: staff_service.change_budget(db, campaign.campaign_id, command)
        )

    await use()
    with pytest.raises(OfferUsedUp):
        await use()
    assert (await change("180")).budget == Money.rupees(180)
    await use()
    await use()
    with pytest.raises(OfferUsedUp):
        await use()
    with pytest.raises(CampaignBudgetInvalid) as refused:
        await change("179.99")
    assert refused.value.errors is not None
    assert (refused.value.errors[0]["field"], str(refused.value.errors[0]["message"])) == (
        "body.budget",
        "Must be at least 180.00: that has been spent",
    )
    await change("1000")
    await change("180")
    with pytest.raises(OfferUsedUp):
        await use()
    shown = await result(shop, campaign.campaign_id)
    assert (shown.budget, shown.spent) == (Money.rupees(180), Money.rupees(180))
    events = await events_of(shop, SYSTEM_USER_ID, "CampaignBudgetChanged")
    reported = [event["changes"] for event in events if event["campaign_id"] == str(campaign.campaign_id)]
    assert reported == [
        {"budget_paise": {"old": 100_00, "new": 180_00}},
        {"budget_paise": {"old": 180_00, "new": 1000_00}},
        {"budget_paise": {"old": 1000_00, "new": 180_00}},
    ]


async def test_changes_of_a_budget_that_race_with_sales_never_let_it_be_exceeded(shop: Stores) -> None:
    code = new_code()
    offer = await publish(shop, {"discount": flat(60)}, code=code)
    campaign = await plan(shop, offer.offer_id, budget=600)
    market, sold = await market_of(shop, offer), await find_plan(shop, "AIRTEL", 299)

    async def use() -> bool:
        customer, number = await make_customer(shop), await make_number(shop, "AIRTEL")
        with suppress(OfferUsedUp):
            await buy(shop, customer, number, sold.plan_id, market=market, offer_code=code)
            return True
        return False

    async def lower(rupees: int) -> bool:
        command = CampaignBudget(budget=PositiveMoney(rupees * 100))
        with suppress(CampaignBudgetInvalid):
            await shop.database.run(lambda db: staff_service.change_budget(db, campaign.campaign_id, command))
            return True
        return False

    uses = [use() for _ in range(16)]
    done = await asyncio.gather(*uses[:8], lower(500), lower(240), lower(360), *uses[8:])
    shown = await result(shop, campaign.campaign_id)
    assert shown.spent is not None
    assert shown.budget is not None
    assert shown.spent <= shown.budget
    assert shown.spent == Money.rupees(60) * (sum(done[:8]) + sum(done[11:]))


async def test_a_campaign_that_is_over_or_has_no_budget_of_its_own_gets_none(shop: Stores) -> None:
    command = CampaignBudget(budget=PositiveMoney(1_00))
    without, over = await plan(shop), await plan(shop, budget=100)
    await shop.database.run(lambda db: staff_service.cancel(db, over.campaign_id))
    for campaign_id, refusal in (
        (without.campaign_id, CampaignBudgetNotFound),
        (over.campaign_id, CampaignOver),
        (new_id(), CampaignNotFound),
    ):
        with pytest.raises(refusal):
            await shop.database.run(
                partial(staff_service.change_budget, campaign_id=campaign_id, command=command)
            )


async def test_two_campaigns_with_budgets_do_not_share_one_code_at_one_time(shop: Stores) -> None:
    offer = await publish(shop, code=new_code())
    first = await plan(shop, offer.offer_id, budget=100)
    with pytest.raises(CampaignBudgetAlreadyExists) as refused:
        await plan(shop, offer.offer_id, budget=100)
    assert refused.value.extra["campaign_id"] == first.campaign_id
    assert refused.value.errors is not None
    assert refused.value.errors[0]["field"] == "body.budget"
    each_their_own = await publish(shop, conditions={"one_time_code": True})
    for _ in range(2):
        await plan(shop, each_their_own.offer_id, budget=100)
