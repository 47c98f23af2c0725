"""The clock starts what is due, one campaign after the other."""

from __future__ import annotations

import pytest

from gencharge.campaigns import jobs, selection_service, staff_service
from gencharge.core.stores.stores import Stores
from tests.make.campaigns import members, plan, start
from tests.make.factories import make_user


async def test_all_campaigns_that_are_due_start_in_one_run_and_only_once(shop: Stores) -> None:
    user = await shop.database.run(make_user)
    campaigns = [await plan(shop) for _ in range(3)]
    await start(shop)
    late = await shop.database.run(make_user)
    await start(shop)
    for campaign in campaigns:
        chosen = await members(shop, campaign.campaign_id)
        assert user.user_id in chosen
        assert late.user_id not in chosen
        shown = await shop.database.run(lambda db, key=campaign.campaign_id: staff_service.get(db, key))  # type: ignore[misc]
        assert shown.status == "running"


async def test_a_run_looks_at_so_many_customers_and_the_next_one_goes_on(
    shop: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(selection_service, "BATCH", 1)
    monkeypatch.setattr(jobs, "BATCHES", 2)
    for _ in range(3):
        await shop.database.run(make_user)
    campaign = await plan(shop)
    sizes = []
    for _ in range(3):
        await start(shop)
        sizes.append(len(await members(shop, campaign.campaign_id)))
    assert sizes[:2] == [2, 4]
    assert sizes[2] > 4
