"""A complaint is made once about a recharge, and settled once."""

from __future__ import annotations

import asyncio
from uuid import UUID

import pytest

from gencharge.complaints.errors import ComplaintAlreadyOpen
from gencharge.core.stores.stores import Stores
from gencharge.recharge.errors import RechargeNotFound
from tests.make.complaints import complain
from tests.make.money import buy, find_plan, make_customer, make_number
from tests.make.recharge import list_events


async def sell(stores: Stores) -> tuple[UUID, UUID]:
    """A customer and their recharge."""
    customer, number = await make_customer(stores), await make_number(stores)
    plan = await find_plan(stores)
    return customer, (await buy(stores, customer, number, plan.plan_id)).answer.recharge_id


async def test_of_many_complaints_at_once_about_a_recharge_one_is_kept(shop: Stores) -> None:
    customer, recharge_id = await sell(shop)
    ends = await asyncio.gather(
        *(complain(shop, customer, recharge_id) for _ in range(6)), return_exceptions=True
    )
    refused = [end for end in ends if isinstance(end, BaseException)]
    assert len(refused) == 5
    assert {type(end) for end in refused} == {ComplaintAlreadyOpen}
    [event] = await list_events(shop, customer, "ComplaintMade")
    assert (event["recharge_id"], event["cause"], event["operator"]) == (
        str(recharge_id),
        "not_delivered",
        "JIO",
    )


async def test_nobody_complains_about_the_recharge_of_somebody_else(shop: Stores) -> None:
    _, recharge_id = await sell(shop)
    with pytest.raises(RechargeNotFound):
        await complain(shop, await make_customer(shop), recharge_id)
