"""What speaks against a referral holds its reward, whatever comes later, until the staff release it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from functools import partial
from itertools import product
from random import Random
from uuid import UUID

import pytest
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.core.values.money import Money
from gencharge.referrals import lifecycle_service, screening_service
from gencharge.referrals.crud import RewardKey
from gencharge.referrals.models import ReferralReward
from gencharge.users.models import User
from tests.make.factories import make_user, new_address
from tests.make.money import balance, make_number
from tests.make.referrals import (
    follow,
    key_of,
    list_rewards,
    make_newcomer,
    paid_referral,
    pay,
    recharge,
    refer,
    register,
    release,
    sign_in_from,
    the_reward,
    with_settings,
)

PIXEL = "GenCharge/1.0 (Android 14; Pixel 7)"
MOTO = "GenCharge/1.0 (Android 13; Moto G)"


async def referred_from(
    stores: Stores, referrer: User, *, device: str, address: str
) -> tuple[User, ReferralReward]:
    """A new customer who signed in there and registered with the referrer's code, and the reward for that."""
    friend = await make_newcomer(stores)
    await sign_in_from(stores, friend.user_id, device=device, address=address)
    await register(stores, friend.user_id, referrer.referral_code)
    await follow(stores, friend.user_id)
    rewards = await list_rewards(stores, referrer.user_id)
    return friend, next(reward for reward in rewards if reward.friend_id == friend.user_id)


async def referrer_with_jio(stores: Stores) -> User:
    """A customer whose number a friend can recharge."""
    number = await make_number(stores)
    return await stores.database.run(lambda db: make_user(db, phone_number=number))


async def is_paid_nothing(stores: Stores, friend: User, reward: ReferralReward) -> bool:
    """Whether a recharge of the friend leaves the reward held and the wallet as it was."""
    before = await balance(stores, reward.user_id)
    await recharge(stores, friend.user_id)
    await follow(stores, friend.user_id)
    await pay(stores)
    [present] = [
        row for row in await list_rewards(stores, reward.user_id) if row.reward_id == reward.reward_id
    ]
    return present.status == "held" and await balance(stores, reward.user_id) == before


async def test_a_device_that_both_use_holds_the_reward(shop: Stores) -> None:
    referrer, home = await shop.database.run(make_user), new_address()
    await sign_in_from(shop, referrer.user_id, device=PIXEL, address=home)
    friend, reward = await referred_from(shop, referrer, device=PIXEL, address=home)
    assert (reward.status, reward.hold_reasons) == ("held", ["shared_device"])
    assert await is_paid_nothing(shop, friend, reward)


async def test_a_family_behind_one_address_with_two_devices_is_not_held(shop: Stores) -> None:
    referrer, home = await shop.database.run(make_user), new_address()
    await sign_in_from(shop, referrer.user_id, device=PIXEL, address=home)
    _, reward = await referred_from(shop, referrer, device=MOTO, address=home)
    assert reward.status == "pending"


async def test_the_same_model_of_phone_somewhere_else_is_not_held(shop: Stores) -> None:
    referrer = await shop.database.run(make_user)
    await sign_in_from(shop, referrer.user_id, device=PIXEL, address=new_address())
    _, reward = await referred_from(shop, referrer, device=PIXEL, address=new_address())
    assert reward.status == "pending"


async def test_a_second_new_customer_on_one_device_is_held_whoever_referred_them(shop: Stores) -> None:
    first, second = await shop.database.run(make_user), await shop.database.run(make_user)
    shop_floor = new_address()
    _, reward = await referred_from(shop, first, device=MOTO, address=shop_floor)
    assert reward.status == "pending"
    friend, reward = await referred_from(shop, second, device=MOTO, address=shop_floor)
    assert reward.hold_reasons == ["device_reused"]
    assert await is_paid_nothing(shop, friend, reward)


async def test_a_burst_from_one_address_is_held_from_the_bound_on_and_for_a_day(shop: Stores) -> None:
    strict = with_settings(shop, referral_per_address_per_day=2)
    referrer, address = await shop.database.run(make_user), new_address()
    reasons = []
    for number in range(3):
        _, reward = await referred_from(strict, referrer, device=f"device {number}", address=address)
        reasons.append(reward.hold_reasons)
    assert reasons == [[], [], ["address_burst"]]
    off = with_settings(shop, referral_per_address_per_day=0)
    _, reward = await referred_from(off, referrer, device="device 4", address=address)
    assert reward.status == "pending"
    with clock.later(hours=25):
        _, reward = await referred_from(strict, referrer, device="device 5", address=address)
    assert reward.status == "pending"


async def test_a_ring_is_held(shop: Stores) -> None:
    first = await make_newcomer(shop)  # has a code already, and no referrer yet
    second = (await refer(shop, first)).friend
    third = (await refer(shop, second)).friend
    assert (await the_reward(shop, second.user_id)).status == "pending"
    await register(shop, first.user_id, third.referral_code)
    await follow(shop, first.user_id)
    reward = await the_reward(shop, third.user_id)
    assert (reward.status, reward.hold_reasons) == ("held", ["ring"])
    assert await is_paid_nothing(shop, first, reward)


async def test_a_customer_who_recharged_before_registering_is_not_new(shop: Stores) -> None:
    referrer, friend = await shop.database.run(make_user), await make_newcomer(shop)
    await recharge(shop, friend.user_id)
    await register(shop, friend.user_id, referrer.referral_code)
    await follow(shop, friend.user_id)
    reward = await the_reward(shop, referrer.user_id)
    assert (reward.status, reward.hold_reasons, reward.recharge_id) == ("held", ["not_new"], None)
    assert await is_paid_nothing(shop, friend, reward)


async def test_a_first_recharge_of_the_referrers_own_number_is_held(shop: Stores) -> None:
    referral = await refer(shop, await referrer_with_jio(shop))
    await recharge(shop, referral.friend.user_id, number=referral.referrer.phone_number)
    await follow(shop, referral.friend.user_id)
    await pay(shop)
    reward = await the_reward(shop, referral.referrer.user_id)
    assert (reward.status, reward.hold_reasons) == ("held", ["recharged_referrer"])
    assert await balance(shop, referral.referrer.user_id) == Money(0)


@pytest.mark.parametrize(
    ("setting", "reason"),
    [("referral_rewards_per_month", "monthly_limit"), ("referral_rewards_total", "total_limit")],
)
async def test_rewards_above_a_limit_are_held_however_many_are_earned_at_once(
    shop: Stores, setting: str, reason: str
) -> None:
    strict = with_settings(shop, **{setting: 2})
    referrer = await shop.database.run(make_user)
    friends = [(await refer(strict, referrer)).friend.user_id for _ in range(4)]
    for friend in friends:
        await recharge(shop, friend)
    await asyncio.gather(*(follow(strict, friend) for friend in friends))
    await pay(strict)
    rewards = await list_rewards(shop, referrer.user_id)
    assert sorted(reward.status for reward in rewards) == ["held", "held", "paid", "paid"]
    assert {tuple(reward.hold_reasons) for reward in rewards if reward.status == "held"} == {(reason,)}
    assert await balance(shop, referrer.user_id) == Money.rupees(100)


async def test_the_monthly_limit_begins_anew_with_the_month_in_india(shop: Stores) -> None:
    strict = with_settings(shop, referral_rewards_per_month=1)
    referral, _ = await paid_referral(strict)
    with clock.later(days=32):
        await paid_referral(strict, referral.referrer)
    assert await balance(shop, referral.referrer.user_id) == Money.rupees(100)


async def test_a_released_reward_is_not_held_again_by_any_check(shop: Stores) -> None:
    strict = with_settings(shop, referral_rewards_total=1)
    referral, _ = await paid_referral(strict, await referrer_with_jio(shop))
    referrer, home = referral.referrer, new_address()
    await sign_in_from(shop, referrer.user_id, device=PIXEL, address=home)
    friend, reward = await referred_from(strict, referrer, device=PIXEL, address=home)
    await release(shop, RewardKey(*key_of(reward)))
    await recharge(shop, friend.user_id, number=referrer.phone_number)
    await follow(strict, friend.user_id)
    await pay(strict)
    assert await balance(shop, referrer.user_id) == Money.rupees(100)


async def test_of_two_who_register_at_the_same_time_from_one_device_one_is_held(shop: Stores) -> None:
    referrer, counter = await shop.database.run(make_user), new_address()
    friends = [await make_newcomer(shop) for _ in range(2)]
    for friend in friends:
        await sign_in_from(shop, friend.user_id, device=MOTO, address=counter)
        await register(shop, friend.user_id, referrer.referral_code)
    first, second = (
        partial(
            lifecycle_service.promise,
            settings=shop.settings,
            friend_id=friend.user_id,
            referrer_id=referrer.user_id,
        )
        for friend in friends
    )
    async with shop.database.transaction() as db:
        await first(db)
        waiting = asyncio.create_task(shop.database.run(second))
        done, _ = await asyncio.wait({waiting}, timeout=0.5)
        assert not done, "the second one does not see the first one yet, and has to wait"
    await waiting
    reasons = {reward.friend_id: reward.hold_reasons for reward in await list_rewards(shop, referrer.user_id)}
    assert [reasons[friend.user_id] for friend in friends] == [[], ["device_reused"]]


@pytest.mark.parametrize("seed", range(4))
async def test_a_ring_is_found_in_any_web_of_referrals_and_nothing_else_is_one(
    shop: Stores, seed: int
) -> None:
    chance = Random(seed)
    people = [(await shop.database.run(make_user)).user_id for _ in range(8)]
    # Anybody by anybody: chains, trees, and circles that are there already.
    referrers = {person: chance.choice(people) for person in people if chance.random() < 0.8}

    async def unit(db: AsyncSession) -> None:
        for person, referrer in referrers.items():
            await db.execute(update(User).where(User.user_id == person).values(referred_by=referrer))

    await shop.database.run(unit)
    above = {person: set(_chain(referrers, person)) for person in people}
    for friend, referrer in product(people, people):
        is_ring = await shop.database.run(
            partial(screening_service._is_ring, friend_id=friend, referrer_id=referrer)
        )
        assert is_ring == (friend in above[referrer]), (friend, referrer)


def _chain(referrers: dict[UUID, UUID], start: UUID) -> Iterator[UUID]:
    """Who is above somebody, as far as that goes, or once around."""
    current = start
    for _ in range(len(referrers)):
        if current not in referrers:
            return
        current = referrers[current]
        yield current
