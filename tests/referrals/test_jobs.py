"""What is due is paid by any number of workers, a bad one is in nobody's way, and a killed worker's work is taken up."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.core import faultpoints
from gencharge.core.errors import DatabaseUnavailable
from gencharge.core.settings import Settings
from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.core.values.money import Money
from gencharge.referrals import crud, jobs, lifecycle_service
from gencharge.referrals.crud import RewardKey
from gencharge.referrals.models import ReferralMark
from tests.make.money import balance
from tests.make.recharge import assert_books_balance
from tests.make.referrals import (
    Referral,
    follow,
    make_newcomer,
    pay,
    recharge,
    refer,
    register,
    sign_in_from,
    the_reward,
)


async def earned(stores: Stores, count: int) -> list[Referral]:
    """Referrals whose rewards are earned and not paid."""
    referrals = [await refer(stores) for _ in range(count)]
    for referral in referrals:
        await recharge(stores, referral.friend.user_id)
        await follow(stores, referral.friend.user_id)
    return referrals


async def test_three_workers_pay_each_reward_once(shop: Stores, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "BATCH", 2)
    referrals = await earned(shop, 7)
    await asyncio.gather(*(pay(shop) for _ in range(3)))
    assert [await balance(shop, referral.referrer.user_id) for referral in referrals] == [
        Money.rupees(50)
    ] * 7
    await assert_books_balance(shop)


async def test_a_reward_that_fails_is_in_nobodys_way(shop: Stores, monkeypatch: pytest.MonkeyPatch) -> None:
    bad, good = await earned(shop, 2)
    pay_one = lifecycle_service.pay

    async def fail(db: AsyncSession, settings: Settings, key: RewardKey) -> None:
        if key.user_id == bad.referrer.user_id:
            raise ValueError("planted")
        await pay_one(db, settings, key)

    monkeypatch.setattr(lifecycle_service, "pay", fail)
    await pay(shop)
    assert await balance(shop, good.referrer.user_id) == Money.rupees(50)
    assert (await the_reward(shop, bad.referrer.user_id)).status == "earned"
    monkeypatch.undo()
    with clock.later(seconds=61):
        await pay(shop)
    assert await balance(shop, bad.referrer.user_id) == Money.rupees(50)


async def test_a_worker_that_died_between_the_claim_and_the_payment_loses_nothing(shop: Stores) -> None:
    [referral] = await earned(shop, 1)
    claimed = await shop.database.run(lambda db: crud.claim_due(db, limit=10, lease_seconds=60))
    assert [key.user_id for key in claimed] == [referral.referrer.user_id]
    await pay(shop)
    assert await balance(shop, referral.referrer.user_id) == Money(0)
    with clock.later(seconds=61):
        await pay(shop)
        await pay(shop)
    assert await balance(shop, referral.referrer.user_id) == Money.rupees(50)


async def test_a_worker_that_died_within_the_payment_left_nothing_of_it(
    shop: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    [referral] = await earned(shop, 1)

    async def die(name: str, about: str = "") -> None:
        del about
        if name == "reward.paid":
            raise ConnectionError("cut off before the commit")

    monkeypatch.setattr(faultpoints, "point", die)
    with pytest.raises(DatabaseUnavailable):
        await pay(shop)
    assert await balance(shop, referral.referrer.user_id) == Money(0)
    monkeypatch.undo()
    with clock.later(seconds=61):
        await pay(shop)
    assert await balance(shop, referral.referrer.user_id) == Money.rupees(50)
    await assert_books_balance(shop)


async def test_where_customers_registered_from_is_forgotten_after_90_days(
    shop: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "_PURGE_BATCH", 1)

    async def marks(user_id: object) -> int:
        async with shop.database.transaction() as db:
            query = select(func.count()).where(ReferralMark.friend_id == user_id)
            return await db.scalar(query) or 0

    referrer, friend = await make_newcomer(shop), await make_newcomer(shop)
    await sign_in_from(shop, friend.user_id, device="Pixel", address="203.0.113.9")
    await register(shop, friend.user_id, referrer.referral_code)
    await follow(shop, friend.user_id)
    with clock.later(days=89):
        await jobs.purge(shop)
        assert await marks(friend.user_id) == 2
    with clock.later(days=91):
        await jobs.purge(shop)
        assert await marks(friend.user_id) == 0
