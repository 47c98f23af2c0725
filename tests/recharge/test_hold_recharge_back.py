"""A recharge that is held back is written down for the staff, announced once an hour, and passes under an allowance."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.velocity.errors import VelocityLimitExceeded
from tests.make.money import buy, find_plan, make_customer, make_number
from tests.make.recharge import list_events
from tests.make.velocity import allow, limits, list_held_back


async def test_what_is_held_back_has_one_row_an_hour_and_one_event(shop: Stores) -> None:
    plan, user, session = await find_plan(shop), await make_customer(shop), uuid4()
    under = limits(recharges_in_a_day=1, session_id=session)
    start = datetime(2027, 4, 1, 12, 59, tzinfo=UTC)
    with clock.at(start):
        await buy(shop, user, await make_number(shop), plan.plan_id, limits=under)
    last = ""
    for minutes in (0, 0.9, 1):
        last = await make_number(shop)
        with clock.at(start + timedelta(minutes=minutes)), pytest.raises(VelocityLimitExceeded):
            await buy(shop, user, last, plan.plan_id, limits=under)
    first, second = await list_held_back(shop, user)
    assert (first.attempts, first.first_at, first.last_at) == (2, start, start + timedelta(seconds=54))
    assert (second.attempts, second.window_from) == (1, start + timedelta(minutes=1))
    assert (second.amount, second.phone_number, second.session_id) == (29_900, last, session)
    assert (second.kind, second.subject, second.bound) == ("recharge", "", 1)
    announced = await list_events(shop, user, "PaymentHeldBack")
    assert [event["held_back_id"] for event in announced] == [
        str(first.held_back_id),
        str(second.held_back_id),
    ]
    assert announced[1]["amount_paise"] == 29_900


async def test_an_allowance_for_a_customer_multiplies_the_customers_bounds_until_it_ends(
    shop: Stores,
) -> None:
    plan, user = await find_plan(shop), await make_customer(shop)
    under = limits(recharges_in_a_day=1)
    start = datetime(2027, 4, 2, 12, tzinfo=UTC)
    with clock.at(start):
        await allow(shop, f"user:{user}", factor=2, hours=1)
        for _ in range(2):
            await buy(shop, user, await make_number(shop), plan.plan_id, limits=under)
        with pytest.raises(VelocityLimitExceeded) as refused:
            await buy(shop, user, await make_number(shop), plan.plan_id, limits=under)
    assert refused.value.extra["bound"] == 2
    with clock.at(start + timedelta(hours=1)), pytest.raises(VelocityLimitExceeded) as refused:
        await buy(shop, user, await make_number(shop), plan.plan_id, limits=under)
    assert refused.value.extra["bound"] == 1


async def test_an_allowance_for_a_number_is_for_that_number_only(shop: Stores) -> None:
    plan, number, other = await find_plan(shop), await make_number(shop), await make_number(shop)
    under = limits(payers_of_number_in_a_day=1)
    await allow(shop, f"number:{number}", factor=3)
    for _ in range(3):
        await buy(shop, await make_customer(shop), number, plan.plan_id, limits=under, confirm_duplicate=True)
    for phone_number in (number, other):
        if phone_number == other:
            await buy(shop, await make_customer(shop), other, plan.plan_id, limits=under)
        with pytest.raises(VelocityLimitExceeded):
            await buy(
                shop,
                await make_customer(shop),
                phone_number,
                plan.plan_id,
                limits=under,
                confirm_duplicate=True,
            )
