"""The campaigns that a customer is in are exported, and gone after the erasure; others' stay."""

from __future__ import annotations

import pytest

from gencharge.campaigns import personal_data
from gencharge.core.stores.stores import Stores
from tests.make.campaigns import members, plan, start
from tests.make.factories import make_user


async def test_memberships_are_exported_and_erased(shop: Stores, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(personal_data, "_PAGE", 1)
    user, other = await shop.database.run(make_user), await shop.database.run(make_user)
    campaigns = [(await plan(shop)).campaign_id for _ in range(2)]
    await start(shop)
    part = personal_data.PART
    assert part.export is not None
    assert {row["campaign_id"] async for row in await part.export(shop, user.user_id)} == set(campaigns)
    assert part.erase is not None
    for _ in range(2):
        await part.erase(shop, user.user_id)
    for campaign in campaigns:
        assert other.user_id in await members(shop, campaign)
        assert user.user_id not in await members(shop, campaign)
