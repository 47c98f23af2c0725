"""The link to share, and what a customer sees of a friend whose account is erased."""

from __future__ import annotations

from gencharge.core.stores.stores import Stores
from gencharge.referrals import service
from gencharge.users.models import UserBrief, UserStatus
from tests.make.factories import make_user
from tests.make.referrals import refer, the_reward, with_settings


async def test_an_erased_friend_has_no_number(shop: Stores) -> None:
    referral = await refer(shop)
    reward = await the_reward(shop, referral.referrer.user_id)
    erased = UserBrief(referral.friend.user_id, None, "", None, UserStatus.ARCHIVED)
    assert service.reward_out(reward, erased).friend is None
    assert service.reward_out(reward, None).friend is None


async def test_the_link_carries_the_code(shop: Stores) -> None:
    link = "https://gencharge.example/join?code={code}"
    settings = with_settings(shop, referral_link=link).settings
    user = await shop.database.run(make_user)
    shown = await shop.database.run(lambda db: service.show(db, settings, user.user_id))
    assert shown.link == f"https://gencharge.example/join?code={user.referral_code}"
