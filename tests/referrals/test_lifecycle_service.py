"""A reward is promised, earned, paid, reversed: once each, in whatever order the news comes, and no balance below zero."""

from __future__ import annotations

import asyncio
import random
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge import wiring
from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.core.values.money import Money
from gencharge.payouts import service as payouts
from gencharge.recharge import lifecycle_crud
from gencharge.referrals import lifecycle_service, listeners
from gencharge.users import lifecycle_service as accounts
from gencharge.wallet import history_service as history
from gencharge.wallet import service as wallet
from gencharge.wallet.models import Account, Code
from gencharge.wallet.schemas import TransactionQuery
from tests.make.factories import make_user
from tests.make.money import balance, fund, make_number
from tests.make.recharge import assert_books_balance, list_events
from tests.make.referrals import (
    ADMIN,
    follow,
    key_of,
    list_envelopes,
    list_rewards,
    owed,
    paid_referral,
    pay,
    recharge,
    refer,
    refund,
    the_reward,
    with_settings,
)


async def spend(stores: Stores, user_id: UUID, rupees: int) -> None:
    """Take money out of the wallet, as the closing of an account does."""

    async def unit(db: AsyncSession) -> None:
        await wallet.debit(
            db,
            user_id,
            Money.rupees(rupees),
            target_account=Account.PAYOUT,
            code=Code.PAYOUT,
            key=f"spent {random.random()}",
        )
        await payouts.begin(db, user_id)

    await stores.database.run(unit)


async def test_a_reward_goes_from_registration_to_the_wallet(shop: Stores) -> None:
    referral = await refer(shop)
    referrer, friend = referral.referrer.user_id, referral.friend.user_id
    reward = await the_reward(shop, referrer)
    assert (reward.status, reward.amount, reward.side) == ("pending", 5_000, "referrer")
    await pay(shop)
    assert await balance(shop, referrer) == Money(0)
    recharge_id = await recharge(shop, friend)
    await follow(shop, friend)
    reward = await the_reward(shop, referrer)
    assert (reward.status, reward.recharge_id) == ("earned", recharge_id)
    assert await balance(shop, referrer) == Money(0)
    await pay(shop)
    reward = await the_reward(shop, referrer)
    assert (reward.status, reward.netted, reward.due_at) == ("paid", 0, None)
    assert await balance(shop, referrer) == Money.rupees(50)
    assert await list_rewards(shop, friend) == []
    topics = ("ReferralRewardPromised", "ReferralRewardEarned", "ReferralRewardPaid")
    assert [event["amount_paise"] for event in await list_events(shop, referrer, *topics)] == [5_000] * 3
    await assert_books_balance(shop)


async def test_an_earned_reward_asks_for_a_run_of_the_job(shop: Stores) -> None:
    referral = await refer(shop)
    await recharge(shop, referral.friend.user_id)
    await follow(shop, referral.friend.user_id)
    async with shop.database.transaction() as db:
        jobs = await db.scalar(
            text("SELECT count(*) FROM procrastinate_jobs WHERE task_name = 'referrals.pay'")
        )
    assert jobs
    await pay(shop)


async def test_the_history_shows_the_reward_and_that_it_was_taken_back(shop: Stores) -> None:
    referral, recharge_id = await paid_referral(shop)
    await refund(shop, referral.friend.user_id, recharge_id)
    await follow(shop, referral.friend.user_id)
    page = await shop.database.run(
        lambda db: history.list_transactions(db, referral.referrer.user_id, TransactionQuery(), {})
    )
    assert [(row.description, row.wallet_change.paise) for row in page.items] == [
        ("Referral reward taken back", -5_000),
        ("Referral reward", 5_000),
    ]


async def test_both_sides_are_rewarded_if_the_settings_say_so(shop: Stores) -> None:
    generous = with_settings(shop, referral_reward_rupees=30, referral_friend_reward_rupees=20)
    referral = await refer(generous)
    friend = referral.friend.user_id
    await recharge(shop, friend)
    await follow(generous, friend)
    await pay(generous)
    assert await balance(shop, referral.referrer.user_id) == Money.rupees(30)
    assert await balance(shop, friend) == Money.rupees(5_000 - 299 + 20)
    assert [reward.side for reward in await list_rewards(shop, friend)] == ["friend"]
    await assert_books_balance(shop)


async def test_a_reward_keeps_the_amount_that_was_promised(shop: Stores) -> None:
    referral = await refer(shop)
    await recharge(shop, referral.friend.user_id)
    other = with_settings(shop, referral_reward_rupees=500)
    await follow(other, referral.friend.user_id)
    await pay(other)
    assert await balance(shop, referral.referrer.user_id) == Money.rupees(50)


async def test_without_an_amount_there_is_no_reward(shop: Stores) -> None:
    referral = await refer(with_settings(shop, referral_reward_rupees=0))
    assert await list_rewards(shop, referral.referrer.user_id) == []


async def test_only_the_first_recharge_counts_and_a_small_one_does_not(shop: Stores) -> None:
    strict = with_settings(shop, referral_minimum_recharge_rupees=200)
    referral = await refer(strict)
    friend, referrer = referral.friend.user_id, referral.referrer.user_id
    await recharge(shop, friend, rupees=189)
    await follow(strict, friend)
    assert (await the_reward(shop, referrer)).status == "pending"
    first = await recharge(shop, friend)
    second = await recharge(shop, friend)
    await follow(strict, friend)
    assert (await the_reward(shop, referrer)).recharge_id == first
    await pay(strict)
    await refund(shop, friend, second)
    await follow(strict, friend)
    assert (await the_reward(shop, referrer)).status == "paid"


@pytest.mark.parametrize("paid_first", [True, False])
async def test_a_refund_takes_the_reward_back(shop: Stores, paid_first: bool) -> None:
    referral = await refer(shop)
    friend, referrer = referral.friend.user_id, referral.referrer.user_id
    recharge_id = await recharge(shop, friend)
    await follow(shop, friend)
    if paid_first:
        await pay(shop)
    await refund(shop, friend, recharge_id)
    await follow(shop, friend)
    await pay(shop)
    reward = await the_reward(shop, referrer)
    assert (reward.status, reward.taken_back) == ("reversed", 5_000 if paid_first else 0)
    assert await balance(shop, referrer) == Money(0)
    assert await owed(shop, referrer) == 0
    await recharge(shop, friend)
    await follow(shop, friend)
    assert (await the_reward(shop, referrer)).status == "reversed"
    await assert_books_balance(shop)


async def test_a_refund_that_nobody_has_announced_yet_stops_the_payment(shop: Stores) -> None:
    referral = await refer(shop)
    friend = referral.friend.user_id
    recharge_id = await recharge(shop, friend)
    await follow(shop, friend)
    await refund(shop, friend, recharge_id)
    await pay(shop)
    assert (await the_reward(shop, referral.referrer.user_id)).status == "reversed"
    assert await balance(shop, referral.referrer.user_id) == Money(0)


async def test_a_part_that_is_refunded_leaves_the_reward_while_enough_is_left(shop: Stores) -> None:
    strict = with_settings(shop, referral_minimum_recharge_rupees=200)
    referral = await refer(strict)
    friend, referrer = referral.friend.user_id, referral.referrer.user_id
    recharge_id = await recharge(shop, friend)
    await follow(strict, friend)
    await pay(strict)
    for paise, status in ((9_900, "paid"), (1, "reversed")):

        async def unit(db: AsyncSession, part: int = paise) -> None:
            await lifecycle_crud.refund(
                db, friend, recharge_id, amount=part, key=f"part {part}", reason="a part", context="{}"
            )

        await shop.database.run(unit)
        await follow(strict, friend)
        assert (await the_reward(shop, referrer)).status == status


async def test_what_was_spent_comes_off_later_rewards_and_no_balance_falls_below_zero(shop: Stores) -> None:
    referral, recharge_id = await paid_referral(shop)
    referrer = referral.referrer.user_id
    await spend(shop, referrer, 30)
    await refund(shop, referral.friend.user_id, recharge_id)
    await follow(shop, referral.friend.user_id)
    assert await balance(shop, referrer) == Money(0)
    assert await owed(shop, referrer) == 3_000
    [event] = await list_events(shop, referrer, "ReferralRewardReversed")
    assert (event["taken_back_paise"], event["owed_paise"]) == (2_000, 3_000)

    second, second_recharge = await paid_referral(shop, referral.referrer)
    assert await balance(shop, referrer) == Money.rupees(20)
    assert await owed(shop, referrer) == 0
    assert [reward.netted for reward in await list_rewards(shop, referrer)] == [0, 3_000]
    await assert_books_balance(shop)

    # The second one paid for the first one, so all of it is taken back, or owed.
    await refund(shop, second.friend.user_id, second_recharge)
    await follow(shop, second.friend.user_id)
    assert await balance(shop, referrer) == Money(0)
    assert await owed(shop, referrer) == 3_000
    await assert_books_balance(shop)


async def test_a_reward_that_only_settles_what_is_owed_moves_no_money(shop: Stores) -> None:
    referral, recharge_id = await paid_referral(shop)
    referrer = referral.referrer.user_id
    await spend(shop, referrer, 50)
    await refund(shop, referral.friend.user_id, recharge_id)
    await follow(shop, referral.friend.user_id)
    await paid_referral(shop, referral.referrer)
    assert [reward.status for reward in await list_rewards(shop, referrer)] == ["reversed", "paid"]
    assert (await balance(shop, referrer), await owed(shop, referrer)) == (Money(0), 0)
    await assert_books_balance(shop)


async def test_a_reward_that_does_not_fit_waits_until_the_wallet_has_room(shop: Stores) -> None:
    referral = await refer(shop)
    referrer = referral.referrer.user_id
    await fund(shop, referrer, 9_960)
    await recharge(shop, referral.friend.user_id)
    await follow(shop, referral.friend.user_id)
    await pay(shop)
    reward = await the_reward(shop, referrer)
    assert (reward.status, reward.waits_for) == ("earned", "wallet_limit")
    assert await balance(shop, referrer) == Money.rupees(9_960)
    await spend(shop, referrer, 10)
    await pay(shop)
    assert (await the_reward(shop, referrer)).status == "earned"
    with clock.later(hours=7):
        await pay(shop)
    reward = await the_reward(shop, referrer)
    assert (reward.status, reward.waits_for) == ("paid", None)
    assert await balance(shop, referrer) == Money.rupees(10_000)


async def test_a_blocked_customer_is_paid_once_unblocked_and_a_closed_account_never(shop: Stores) -> None:
    blocked, closed = await refer(shop), await refer(shop)
    for referral in (blocked, closed):
        await recharge(shop, referral.friend.user_id)
        await follow(shop, referral.friend.user_id)
    await shop.database.run(
        lambda db: accounts.block(db, blocked.referrer.user_id, by=ADMIN, reason="asked for")
    )
    await shop.database.run(
        lambda db: accounts.archive(
            db,
            wiring.PERSONAL_DATA,
            closed.referrer.user_id,
            by=ADMIN,
            reason="asked for",
            payout=False,
            keep_days=90,
        )
    )
    await pay(shop)
    assert (await the_reward(shop, blocked.referrer.user_id)).waits_for == "account_blocked"
    assert (await the_reward(shop, closed.referrer.user_id)).status == "cancelled"
    assert await list_events(shop, closed.referrer.user_id, "ReferralRewardCancelled")
    await shop.database.run(
        lambda db: accounts.unblock(db, blocked.referrer.user_id, by=ADMIN, reason="asked for")
    )
    with clock.later(hours=7):
        await pay(shop)
    assert await balance(shop, blocked.referrer.user_id) == Money.rupees(50)
    assert await balance(shop, closed.referrer.user_id) == Money(0)
    await assert_books_balance(shop)


async def test_ten_workers_at_once_pay_a_reward_once(shop: Stores) -> None:
    referral = await refer(shop)
    friend, referrer = referral.friend.user_id, referral.referrer.user_id
    await recharge(shop, friend)
    await asyncio.gather(*(follow(shop, friend) for _ in range(10)))
    key = key_of(await the_reward(shop, referrer))
    await asyncio.gather(
        *(shop.database.run(lambda db: lifecycle_service.pay(db, shop.settings, key)) for _ in range(10))
    )
    assert await balance(shop, referrer) == Money.rupees(50)
    assert len(await list_events(shop, referrer, "ReferralRewardEarned", "ReferralRewardPaid")) == 2


async def test_a_payment_and_a_refund_at_once_leave_nothing_behind(shop: Stores) -> None:
    for _ in range(5):
        referral = await refer(shop)
        friend, referrer = referral.friend.user_id, referral.referrer.user_id
        recharge_id = await recharge(shop, friend)
        await follow(shop, friend)

        async def give_back(friend_id: object = friend, sale: object = recharge_id) -> None:
            await refund(shop, friend_id, sale)  # type: ignore[arg-type]
            await follow(shop, friend_id)  # type: ignore[arg-type]

        await asyncio.gather(pay(shop), give_back(), follow(shop, friend))
        assert (await the_reward(shop, referrer)).status == "reversed"
        assert await balance(shop, referrer) == Money(0)
    await assert_books_balance(shop)


@pytest.mark.parametrize("seed", range(6))
async def test_no_order_of_events_repeats_and_refunds_pays_twice_or_makes_money(
    shop: Stores, seed: int
) -> None:
    dice = random.Random(seed)
    referrer = await shop.database.run(make_user)
    friends, refunded = [], set()
    for _ in range(4):
        referral = await refer(shop, referrer)
        friends.append(referral.friend.user_id)
    sales = {friend: await recharge(shop, friend) for friend in friends}
    for _ in range(24):
        friend = dice.choice(friends)
        envelopes = await list_envelopes(shop, *friends)
        match dice.randrange(5):
            case 0:
                await refund(shop, friend, sales[friend])
                refunded.add(friend)
            case 1:
                await pay(shop)
            case 2 if (await balance(shop, referrer.user_id)).paise >= 1_000:
                await spend(shop, referrer.user_id, 10)
            case _:
                await listeners.follow(shop, dice.sample(envelopes, dice.randrange(1, len(envelopes))))
    await follow(shop, *friends)
    await pay(shop)
    rewards = await list_rewards(shop, referrer.user_id)
    states = {reward.friend_id: reward.status for reward in rewards}
    assert states == {friend: "reversed" if friend in refunded else "paid" for friend in friends}
    came, went = await referral_money(shop, referrer.user_id)
    paid = 5_000 * sum(status == "paid" for status in states.values())
    assert came - went == paid + await owed(shop, referrer.user_id)
    await assert_books_balance(shop)


async def referral_money(stores: Stores, user_id: object) -> tuple[int, int]:
    """What the referral account gave a customer and took back, in paise."""
    async with stores.database.transaction() as db:
        row = await db.execute(
            text("""
                SELECT coalesce(sum(amount) FILTER (WHERE debit = :account), 0),
                       coalesce(sum(amount) FILTER (WHERE credit = :account), 0)
                FROM transfers WHERE user_id = :user_id
            """),
            {"user_id": user_id, "account": Account.REFERRAL.value},
        )
        came, went = row.one()
        return int(came), int(went)


async def test_a_recharge_that_comes_before_the_news_of_the_registration_is_not_lost(shop: Stores) -> None:
    from tests.make.referrals import make_newcomer, register

    referrer = await shop.database.run(make_user)
    friend = await make_newcomer(shop)
    await register(shop, friend.user_id, referrer.referral_code)
    await recharge(shop, friend.user_id, number=await make_number(shop))
    registered, recharged = await list_envelopes(shop, friend.user_id)
    await listeners.follow(shop, [recharged])
    assert await list_rewards(shop, referrer.user_id) == []
    await listeners.follow(shop, [registered])
    assert (await the_reward(shop, referrer.user_id)).status == "earned"
    await pay(shop)
