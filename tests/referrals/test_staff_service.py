"""The staff hold what has not been paid, and release what is held; a refund counts while it is held."""

from __future__ import annotations

import asyncio

import pytest

from gencharge.core.errors import Problem
from gencharge.core.stores.stores import Stores
from gencharge.core.values.ids import new_id
from gencharge.core.values.money import Money
from gencharge.referrals import staff_service
from gencharge.referrals.crud import RewardKey
from gencharge.referrals.errors import (
    ReferralRewardNotFound,
    ReferralRewardNotHeld,
    ReferralRewardNotHoldable,
    ReferralRewardNotRejectable,
)
from tests.make.money import balance
from tests.make.recharge import list_events
from tests.make.referrals import (
    follow,
    hold,
    key_of,
    paid_referral,
    pay,
    recharge,
    refer,
    refund,
    release,
    the_reward,
)


@pytest.mark.parametrize("held_when", ["pending", "earned"])
async def test_a_held_reward_is_not_paid_until_it_is_released(shop: Stores, held_when: str) -> None:
    referral = await refer(shop)
    referrer, friend = referral.referrer.user_id, referral.friend.user_id
    if held_when == "pending":
        await hold(shop, key_of(await the_reward(shop, referrer)))
    await recharge(shop, friend)
    await follow(shop, friend)
    if held_when == "earned":
        await hold(shop, key_of(await the_reward(shop, referrer)))
    await pay(shop)
    reward = await the_reward(shop, referrer)
    assert (reward.status, reward.state, reward.hold_reasons) == ("held", "earned", ["staff"])
    await release(shop, key_of(reward))
    await pay(shop)
    assert await balance(shop, referrer) == Money.rupees(50)
    held, released = await list_events(shop, referrer, "ReferralRewardHeld", "ReferralRewardReleased")
    assert held["changes"] == {"status": {"old": held_when, "new": "held"}}
    assert released["changes"] == {"status": {"old": "held", "new": "earned"}}
    assert (held["reason"], released["reason"]) == ("was checked", "was checked")


async def test_a_reward_that_is_refunded_while_it_is_held_ends(shop: Stores) -> None:
    referral = await refer(shop)
    referrer, friend = referral.referrer.user_id, referral.friend.user_id
    sale = await recharge(shop, friend)
    await follow(shop, friend)
    key = key_of(await the_reward(shop, referrer))
    await hold(shop, key)
    await refund(shop, friend, sale)
    await follow(shop, friend)
    assert (await the_reward(shop, referrer)).status == "reversed"
    with pytest.raises(ReferralRewardNotHeld):
        await release(shop, key)


async def test_what_is_paid_or_held_or_unknown_is_refused_by_name(shop: Stores) -> None:
    referral, _ = await paid_referral(shop)
    key = key_of(await the_reward(shop, referral.referrer.user_id))
    with pytest.raises(ReferralRewardNotHoldable, match="This one is paid"):
        await hold(shop, key)
    with pytest.raises(ReferralRewardNotHeld, match="It is paid"):
        await release(shop, key)
    unknown = RewardKey(referral.friend.user_id, key.reward_id)
    for act in (hold, release):
        with pytest.raises(ReferralRewardNotFound):
            await act(shop, unknown)
    with pytest.raises(ReferralRewardNotFound):
        await shop.database.run(lambda db: staff_service.get(db, RewardKey(new_id(), new_id())))


async def test_a_hold_and_a_payment_at_once_leave_one_winner(shop: Stores) -> None:
    for _ in range(5):
        referral = await refer(shop)
        referrer = referral.referrer.user_id
        await recharge(shop, referral.friend.user_id)
        await follow(shop, referral.friend.user_id)
        key = key_of(await the_reward(shop, referrer))

        async def stop(held_key: RewardKey = key) -> bool:
            try:
                await hold(shop, held_key)
            except Problem:
                return False
            return True

        stopped, _ = await asyncio.gather(stop(), pay(shop))
        assert (await the_reward(shop, referrer)).status == ("held" if stopped else "paid")
        assert await balance(shop, referrer) == Money.rupees(0 if stopped else 50)


async def reject(stores: Stores, key: RewardKey) -> None:
    """Reject a reward."""
    await stores.database.run(lambda db: staff_service.reject(db, key, reason="one person, two accounts"))


@pytest.mark.parametrize("is_held", [False, True])
async def test_a_rejected_reward_is_never_paid_and_not_released(shop: Stores, is_held: bool) -> None:
    referral = await refer(shop)
    referrer, friend = referral.referrer.user_id, referral.friend.user_id
    key = key_of(await the_reward(shop, referrer))
    if is_held:
        await hold(shop, key)
    await reject(shop, key)
    sale = await recharge(shop, friend)
    await follow(shop, friend)
    await pay(shop)
    reward = await the_reward(shop, referrer)
    assert (reward.status, reward.ended_at is not None) == ("cancelled", True)
    assert await balance(shop, referrer) == Money(0)
    for act in (release, reject):
        with pytest.raises(Problem, match="cancelled"):
            await act(shop, key)
    await refund(shop, friend, sale)
    await follow(shop, friend)
    assert (await the_reward(shop, referrer)).status == "cancelled"


async def test_a_reward_that_waits_to_be_paid_can_be_rejected_and_one_that_is_paid_cannot(
    shop: Stores,
) -> None:
    referral = await refer(shop)
    referrer, friend = referral.referrer.user_id, referral.friend.user_id
    await recharge(shop, friend)
    await follow(shop, friend)
    await reject(shop, key_of(await the_reward(shop, referrer)))
    await pay(shop)
    assert await balance(shop, referrer) == Money(0)
    paid, _ = await paid_referral(shop)
    with pytest.raises(ReferralRewardNotRejectable, match="This one is paid"):
        await reject(shop, key_of(await the_reward(shop, paid.referrer.user_id)))
