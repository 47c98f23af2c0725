"""Builders for the tests of referral rewards."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.core.events.events import Envelope, Event, EventRow
from gencharge.core.stores.stores import Stores
from gencharge.core.values.ids import new_id
from gencharge.recharge import service as recharges
from gencharge.referrals import jobs, listeners, staff_service
from gencharge.referrals.crud import RewardKey
from gencharge.referrals.models import ReferralAccount, ReferralReward
from gencharge.sessions import service as sessions
from gencharge.users import service as users
from gencharge.users.models import User
from gencharge.wallet import service as wallet
from tests.make.factories import make_user, new_phone
from tests.make.money import buy, find_plan, fund, make_number

ADMIN = new_id()


def with_settings(stores: Stores, **values: object) -> Stores:
    """The same stores under other settings."""
    return replace(stores, settings=stores.settings.model_copy(update=values))


async def make_newcomer(stores: Stores, rupees: int = 5_000) -> User:
    """A customer who has signed up and not registered yet, with money in the wallet."""

    async def unit(db: AsyncSession) -> User:
        user = await users.create(db, phone_number=new_phone())
        await wallet.open_wallet(db, user.user_id)
        return user

    user = await stores.database.run(unit)
    await fund(stores, user.user_id, rupees)
    return user


async def register(stores: Stores, user_id: UUID, code: str | None) -> None:
    """Register a newcomer, with a referral code if there is one."""
    await stores.database.run(
        lambda db: users.register(
            db,
            user_id,
            name="Meera Nair",
            email=f"{secrets.token_hex(8)}@example.com",
            user_type="prepaid",
            referral_code=code,
        )
    )


async def sign_in_from(stores: Stores, user_id: UUID, *, device: str, address: str) -> None:
    """A sign-in of a customer."""
    await stores.database.run(
        lambda db: sessions.start(
            db, stores.settings, user_id=user_id, kind="user", device=device, address=address
        )
    )


@dataclass(frozen=True, slots=True)
class Referral:
    """One customer who referred another."""

    referrer: User
    friend: User


async def refer(stores: Stores, referrer: User | None = None, *, rupees: int = 5_000) -> Referral:
    """A new customer who registered with the referrer's code; the rewards are written."""
    referrer = referrer or await stores.database.run(make_user)
    friend = await make_newcomer(stores, rupees)
    await register(stores, friend.user_id, referrer.referral_code)
    await follow(stores, friend.user_id)
    return Referral(referrer, friend)


async def recharge(stores: Stores, user_id: UUID, *, rupees: int = 299, number: str | None = None) -> UUID:
    """A delivered recharge; its event waits."""
    plan = await find_plan(stores, rupees=rupees)
    answer = await buy(stores, user_id, number or await make_number(stores), plan.plan_id)
    return answer.answer.subscription_id


async def refund(stores: Stores, user_id: UUID, recharge_id: UUID) -> None:
    """Refund all of a recharge; its event waits."""
    await stores.database.run(
        lambda db: recharges.take_back(
            db, user_id, recharge_id, refund_id=new_id(), reason="asked for", by=ADMIN
        )
    )


async def list_envelopes(stores: Stores, *user_ids: UUID) -> list[Envelope]:
    """The events about these customers that referrals listen to, oldest first. They stay where they are."""
    topics = {kind.topic() for kind in listeners.FOLLOW.topics}
    async with stores.database.transaction() as db:
        query = select(EventRow).where(EventRow.user_id.in_(user_ids), EventRow.topic.in_(topics))
        return [
            Envelope(row.id, row.occurred_at, Event.decode(row.topic, row.payload), "", "", "user", "")
            for row in await db.scalars(query.order_by(EventRow.id))
        ]


async def follow(stores: Stores, *user_ids: UUID) -> None:
    """Hand all events about these customers to the listener, those that it has had before among them."""
    await listeners.follow(stores, await list_envelopes(stores, *user_ids))


async def pay(stores: Stores) -> None:
    """Pay what is due."""
    await jobs.pay_due(stores)


async def paid_referral(stores: Stores, referrer: User | None = None) -> tuple[Referral, UUID]:
    """A referral whose reward is in the wallet, and the recharge that earned it."""
    referral = await refer(stores, referrer)
    recharge_id = await recharge(stores, referral.friend.user_id)
    await follow(stores, referral.friend.user_id)
    await pay(stores)
    return referral, recharge_id


async def list_rewards(stores: Stores, user_id: UUID) -> list[ReferralReward]:
    """A customer's rewards, the oldest first."""
    async with stores.database.transaction() as db:
        query = select(ReferralReward).where(ReferralReward.user_id == user_id)
        rows = list(await db.scalars(query.order_by(ReferralReward.created_at, ReferralReward.reward_id)))
        db.expunge_all()
        return rows


async def the_reward(stores: Stores, user_id: UUID) -> ReferralReward:
    """A customer's only reward."""
    [reward] = await list_rewards(stores, user_id)
    return reward


def key_of(reward: ReferralReward) -> RewardKey:
    """The key of a reward."""
    return RewardKey(reward.user_id, reward.reward_id)


async def owed(stores: Stores, user_id: UUID) -> int:
    """What a customer owes, in paise."""
    async with stores.database.transaction() as db:
        account = await db.get(ReferralAccount, user_id)
        return 0 if account is None else account.owed


async def release(stores: Stores, key: RewardKey) -> None:
    """The staff release a held reward."""
    await stores.database.run(lambda db: staff_service.release(db, key, reason="was checked"))


async def hold(stores: Stores, key: RewardKey) -> None:
    """The staff hold a reward."""
    await stores.database.run(lambda db: staff_service.hold(db, key, reason="was checked"))
