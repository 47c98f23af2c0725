"""The staff are alerted when much is held back; what is old is deleted."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

import pytest

from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.core.values.ids import SYSTEM_USER_ID
from gencharge.velocity import jobs
from gencharge.velocity.errors import VelocityLimitExceeded
from tests.make.money import buy, find_plan, make_customer, make_number
from tests.make.recharge import list_events
from tests.make.velocity import allow, be_cautious, caution_of, limits, list_held_back


async def held_back_customer(shop: Stores) -> UUID:
    plan, user = await find_plan(shop), await make_customer(shop)
    with pytest.raises(VelocityLimitExceeded):
        await buy(shop, user, await make_number(shop), plan.plan_id, limits=limits(recharge_sum_in_a_day=1))
    return user


def alerting_at(shop: Stores, bound: int) -> Stores:
    return replace(shop, settings=shop.settings.model_copy(update={"velocity_alert_per_ten_minutes": bound}))


async def test_the_staff_are_alerted_at_the_bound_and_not_below_it(shop: Stores) -> None:
    with clock.later(days=300):
        for _ in range(3):
            await held_back_customer(shop)
        for bound in (4, 0):
            await jobs.watch(alerting_at(shop, bound))
        assert await list_events(shop, SYSTEM_USER_ID, "ManyHeldBack") == []
        await jobs.watch(alerting_at(shop, 3))
        [alert] = await list_events(shop, SYSTEM_USER_ID, "ManyHeldBack")
    assert (alert["count"], alert["customers"]) == (3, 3)
    with clock.later(days=300, minutes=11):
        await jobs.watch(alerting_at(shop, 1))
    assert len(await list_events(shop, SYSTEM_USER_ID, "ManyHeldBack")) == 1


async def test_what_is_older_than_90_days_is_deleted_in_batches(
    shop: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "BATCH", 2)
    with clock.later(days=400):
        old = [await held_back_customer(shop) for _ in range(5)]
        await allow(shop, f"user:{old[0]}", hours=1)
        await be_cautious(shop, old[0])
    with clock.later(days=489, hours=23):
        young = await held_back_customer(shop)
        await jobs.purge(shop)
        assert [len(await list_held_back(shop, user)) for user in old] == [1] * 5
    with clock.later(days=490, hours=2):
        await jobs.purge(shop)
        assert [await list_held_back(shop, user) for user in old] == [[]] * 5
        assert await caution_of(shop, old[0]) is not None, "it ended a day later"
    with clock.later(days=491, hours=2):
        await jobs.purge(shop)
        assert await caution_of(shop, old[0]) is None
        assert len(await list_held_back(shop, young)) == 1
