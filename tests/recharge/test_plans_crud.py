"""The order of a customer's plans, over pages: those that wait have no end and count as the latest."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from gencharge.core.http.paging import CursorInvalid
from gencharge.core.stores.stores import Stores
from gencharge.recharge import service as recharges
from gencharge.recharge.schemas import BoughtPlanPage, BoughtPlanQuery
from tests.make.factories import make_user
from tests.make.money import buy, find_plan, fund, make_number


async def page_of(stores: Stores, user_id: UUID, **query: Any) -> BoughtPlanPage:
    command = BoughtPlanQuery.model_validate(query)
    return await stores.database.run(lambda db: recharges.list_plans(db, user_id, command))


@pytest.mark.parametrize("sort", ["created_at", "-created_at", "valid_until", "-valid_until"])
async def test_pages_of_one_go_through_all_plans_in_order(shop: Stores, sort: str) -> None:
    user_id, number = (await shop.database.run(make_user)).user_id, await make_number(shop)
    await fund(shop, user_id, 9_000)
    short, long = await find_plan(shop, rupees=299), await find_plan(shop, rupees=3_599)
    first = await buy(shop, user_id, number, short.plan_id)
    waiting = await buy(shop, user_id, number, long.plan_id)
    other = await buy(shop, user_id, await make_number(shop), short.plan_id)
    bought = [sale.answer.recharge_id for sale in (first, waiting, other)]
    ends = [bought[0], bought[2], bought[1]]
    expected = {"created_at": bought, "valid_until": ends}[sort.removeprefix("-")]
    expected = expected[::-1] if sort.startswith("-") else expected
    seen, cursor = list[UUID](), None
    while True:
        page = await page_of(shop, user_id, sort=sort, limit=1, cursor=cursor)
        seen += [item.recharge_id for item in page.items]
        cursor = page.next_cursor
        if cursor is None:
            break
    assert seen == expected


async def test_a_cursor_that_is_none_is_refused(shop: Stores) -> None:
    user_id = (await shop.database.run(make_user)).user_id
    with pytest.raises(CursorInvalid):
        await page_of(shop, user_id, sort="valid_until", cursor="eyJ4IjoxfQ")
