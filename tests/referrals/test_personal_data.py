"""A customer's rewards are in the export; what tells of their device is gone after the erasure, the rewards stay."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from gencharge.core.stores.stores import Stores
from gencharge.referrals import personal_data
from gencharge.referrals.models import ReferralMark
from tests.make.factories import make_user
from tests.make.referrals import (
    follow,
    list_rewards,
    make_newcomer,
    paid_referral,
    refer,
    register,
    sign_in_from,
)

PART = personal_data.PART


async def test_the_export_holds_all_rewards_and_what_is_owed(
    shop: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(personal_data, "_PAGE", 1)
    referral, _ = await paid_referral(shop)
    await refer(shop, referral.referrer)
    assert PART.export is not None
    exported = await PART.export(shop, referral.referrer.user_id)
    assert exported["owed"].paise == 0
    assert [row.status async for row in exported["rewards"]] == ["pending", "paid"]


async def test_the_erasure_forgets_the_device_and_keeps_the_reward(shop: Stores) -> None:
    referrer, friend = await shop.database.run(make_user), await make_newcomer(shop)
    await sign_in_from(shop, friend.user_id, device="Pixel", address="203.0.113.4")
    await register(shop, friend.user_id, referrer.referral_code)
    await follow(shop, friend.user_id)
    assert PART.erase is not None
    for _ in range(2):
        await PART.erase(shop, friend.user_id)
        async with shop.database.transaction() as db:
            count = select(func.count()).where(ReferralMark.friend_id == friend.user_id)
            assert await db.scalar(count) == 0
    assert len(await list_rewards(shop, referrer.user_id)) == 1
