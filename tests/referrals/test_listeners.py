"""The relay brings the news: a batch at once, twice if it must, and nothing of customers whom nobody referred."""

from __future__ import annotations

from gencharge.core.events.relay import Relay
from gencharge.core.stores.stores import Stores
from gencharge.core.values.money import Money
from gencharge.referrals import listeners
from tests.make.factories import make_user
from tests.make.money import balance, fund
from tests.make.referrals import (
    list_envelopes,
    list_rewards,
    make_newcomer,
    pay,
    recharge,
    refer,
    register,
    the_reward,
)


async def test_the_relay_carries_a_referral_from_registration_to_the_wallet(shop: Stores) -> None:
    relay = Relay(shop, [listeners.FOLLOW])
    referrer = await shop.database.run(make_user)
    friend = await make_newcomer(shop)
    await register(shop, friend.user_id, referrer.referral_code)
    await recharge(shop, friend.user_id)
    await relay.drain()
    assert (await the_reward(shop, referrer.user_id)).status == "earned"
    await pay(shop)
    assert await balance(shop, referrer.user_id) == Money.rupees(50)


async def test_a_batch_of_many_customers_moves_only_those_who_were_referred(shop: Stores) -> None:
    referrals = [await refer(shop) for _ in range(2)]
    alone = await make_newcomer(shop)
    await register(shop, alone.user_id, None)
    everybody = [*(referral.friend.user_id for referral in referrals), alone.user_id]
    for user_id in everybody:
        await recharge(shop, user_id)
    batch = await list_envelopes(shop, *everybody)
    for _ in range(2):
        await listeners.follow(shop, batch)
    for referral in referrals:
        assert (await the_reward(shop, referral.referrer.user_id)).status == "earned"
    assert await list_rewards(shop, alone.user_id) == []
    await pay(shop)


async def test_a_customer_without_a_row_of_their_own_is_passed_over(shop: Stores) -> None:
    user = await shop.database.run(make_user)
    await fund(shop, user.user_id, 500)
    await recharge(shop, user.user_id)
    await listeners.follow(shop, await list_envelopes(shop, user.user_id))
    assert await list_rewards(shop, user.user_id) == []
