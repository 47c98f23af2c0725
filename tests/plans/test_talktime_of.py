"""`talktime_of`, and the same rule in memory: what an operator credits for an amount."""

from __future__ import annotations

import random

import pytest
from sqlalchemy import text

from gencharge.core.stores.stores import Stores
from gencharge.core.values.ids import new_id
from gencharge.core.values.money import Money
from gencharge.plans.models import AmountRange, TalktimeRule
from gencharge.plans.service import find_amounts
from tests.make.money import find_plan, sell_sample_plans
from tests.make.plans import make_plan

RULE = TalktimeRule(gst_percent=18, fee_basis_points=1_000, fee_cap=Money.rupees(3))
TALKTIME = {
    "category": "talktime",
    "is_addon": True,
    "price_paise": 10_00,
    "max_price_paise": 2_000_00,
    "price_step_paise": 1_00,
    "sample_prices_paise": [10_00, 50_00],
}
_SQL = text("SELECT talktime_of(:plan_id, :amount)")


# What Indian operators credit for these top-ups.
@pytest.mark.parametrize(
    ("rupees", "talktime"),
    [(10, "7.47"), (20, "14.95"), (50, "39.37"), (100, "81.75"), (500, "420.73"), (1_000, "844.46")],
)
def test_the_talktime_of_well_known_top_ups(rupees: int, talktime: str) -> None:
    assert RULE.of(Money.rupees(rupees)) == Money.rupees(talktime)


def test_a_fee_above_the_value_leaves_nothing_and_never_less() -> None:
    assert TalktimeRule(18, 10_000, Money.rupees(100)).of(Money.rupees(50)) == Money(0)


@pytest.mark.parametrize(
    ("paise", "is_sold"),
    [
        (10_00, True),
        (11_00, True),
        (2_000_00, True),
        (9_99, False),
        (10_50, False),
        (2_000_01, False),
        (2_001_00, False),
    ],
)
def test_amounts_go_in_steps_from_the_lowest_to_the_highest(paise: int, is_sold: bool) -> None:
    amounts = AmountRange.of(make_plan(**TALKTIME))
    assert amounts is not None
    assert amounts.takes(Money(paise)) is is_sold


async def test_the_sale_and_the_catalogue_say_the_same_of_any_tariff_and_amount(stores: Stores) -> None:
    await sell_sample_plans(stores)
    chance = random.Random(7)
    for _ in range(60):
        rule = TalktimeRule(chance.randint(0, 40), chance.randint(0, 3_000), Money(chance.randint(0, 2_000)))
        plan = make_plan(
            **TALKTIME,
            gst_percent=rule.gst_percent,
            fee_basis_points=rule.fee_basis_points,
            fee_cap_paise=rule.fee_cap.paise,
        )
        plan_id, amounts = plan.plan_id, [1, 99, 10_00, *(chance.randint(1, 2_000_00) for _ in range(20))]
        async with stores.database.transaction() as db:
            db.add(plan)
            await db.flush()
            for paise in amounts:
                credited = await db.scalar(_SQL, {"plan_id": plan_id, "amount": paise})
                assert credited == rule.of(Money(paise)).paise
            await db.rollback()


async def test_a_tariff_that_does_not_say_credits_nothing_that_we_know_of(stores: Stores) -> None:
    await sell_sample_plans(stores)
    fixed = (await find_plan(stores)).plan_id
    async with stores.database.transaction() as db:
        for plan_id in (fixed, new_id()):
            assert await db.scalar(_SQL, {"plan_id": plan_id, "amount": 100}) is None
            assert await find_amounts(db, plan_id) is None
