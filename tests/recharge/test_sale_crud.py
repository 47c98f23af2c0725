"""A sale is one statement; only one that may meet a velocity bound is asked for again, to be looked at closely."""

from __future__ import annotations

import asyncpg
import pytest

from gencharge.core.stores.stores import Stores
from gencharge.velocity.errors import VelocityLimitExceeded
from tests.counting import counting, listening
from tests.make.money import buy, find_plan, make_customer, make_number
from tests.make.velocity import limits


async def test_a_sale_far_from_every_bound_is_one_statement_and_one_near_it_two(shop: Stores) -> None:
    plan, user, number = await find_plan(shop), await make_customer(shop), await make_number(shop)
    under = limits(recharges_in_10_minutes=9, recharges_in_a_day=9, numbers_in_a_day=1)
    statements = []
    with listening(shop.database):
        for _ in range(2):
            with counting() as counted:
                # The second one is of the same number, which the closer look finds.
                await buy(shop, user, number, plan.plan_id, limits=under, confirm_duplicate=True)
            statements.append(counted.statements)
        other = await make_number(shop)
        with counting() as counted, pytest.raises(VelocityLimitExceeded):
            await buy(shop, user, other, plan.plan_id, limits=under)
        statements.append(counted.statements)
    assert statements == [1, 2, 2]


async def test_any_other_error_of_the_database_is_not_asked_again(
    shop: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = 0

    async def fails(*_arguments: object) -> None:
        nonlocal asked
        asked += 1
        raise asyncpg.RaiseError("P0001")

    plan, user, number = await find_plan(shop), await make_customer(shop), await make_number(shop)
    monkeypatch.setattr(shop.database, "fetch_row", fails)
    with pytest.raises(asyncpg.RaiseError):
        await buy(shop, user, number, plan.plan_id, limits=limits(recharges_in_a_day=1))
    assert asked == 1
