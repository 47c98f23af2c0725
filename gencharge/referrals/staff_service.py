"""What the staff see of referral rewards, and what they hold and release.

The list is the only query here that names no customer: on a sharded database it asks every shard.
"""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.core.background import jobs
from gencharge.core.events.events import changes, emit
from gencharge.core.http.paging import Order, column_of, fetch_bounded_page
from gencharge.core.values import clock
from gencharge.core.wording import worded
from gencharge.referrals import crud, lifecycle_service, service
from gencharge.referrals.crud import RewardKey
from gencharge.referrals.errors import (
    ReferralRewardNotFound,
    ReferralRewardNotHeld,
    ReferralRewardNotHoldable,
    ReferralRewardNotRejectable,
)
from gencharge.referrals.events import ReferralRewardRejected, ReferralRewardReleased
from gencharge.referrals.models import HoldReason, ReferralReward, RewardState, RewardStatus
from gencharge.referrals.staff_schemas import RewardQuery, StaffRewardOut, StaffRewardPage
from gencharge.users import service as users


async def list_rewards(db: AsyncSession, query: RewardQuery) -> StaffRewardPage:
    """A page of all customers' rewards."""
    order = Order(
        column_of(ReferralReward.created_at),
        column_of(ReferralReward.reward_id),
        descending=query.sort == "-created_at",
    )
    rows, cursor = await fetch_bounded_page(
        db, crud.select_all(query), lambda entity: crud.match_rewards(entity, query), order, query
    )
    return StaffRewardPage(items=await _show(db, rows), next_cursor=cursor)


async def get(db: AsyncSession, key: RewardKey) -> StaffRewardOut:
    """One reward. Raises ReferralRewardNotFound."""
    reward = await crud.get_reward(db, key)
    if reward is None:
        raise ReferralRewardNotFound
    return (await _show(db, [reward]))[0]


async def hold(db: AsyncSession, key: RewardKey, *, reason: str) -> StaffRewardOut:
    """Hold a reward until it is released. Raises ReferralRewardNotFound, ReferralRewardNotHoldable."""
    reward = await _lock(db, key)
    if reward.held_at is not None or reward.state not in (RewardState.PENDING, RewardState.EARNED):
        raise ReferralRewardNotHoldable(
            worded(
                "{title} This one is {status}.",
                title=worded(ReferralRewardNotHoldable.title()),
                status=reward.status,
            ),
            reward_status=reward.status,
        )
    await lifecycle_service.hold(db, reward, [HoldReason.STAFF], reason=reason)
    return (await _show(db, [reward]))[0]


async def release(db: AsyncSession, key: RewardKey, *, reason: str) -> StaffRewardOut:
    """Release a held reward: it goes on as if it had not been held, and no check holds it again.

    Raises ReferralRewardNotFound, ReferralRewardNotHeld.
    """
    reward = await _lock(db, key)
    if reward.held_at is None:
        raise ReferralRewardNotHeld(
            worded(
                "{title} It is {status}.", title=worded(ReferralRewardNotHeld.title()), status=reward.status
            ),
            reward_status=reward.status,
        )
    now = clock.now()
    reward.held_at, reward.released_at = None, now
    if reward.state == RewardState.EARNED:
        reward.due_at = now
        await jobs.defer(db, lifecycle_service.PAY_JOB)
    await db.flush()
    released = ReferralRewardReleased(
        user_id=str(reward.user_id),
        referral_reward_id=str(reward.reward_id),
        friend_id=str(reward.friend_id),
        reason=reason,
        changes=changes({"status": RewardStatus.HELD}, {"status": reward.status}),
    )
    await emit(db, released)
    return (await _show(db, [reward]))[0]


async def reject(db: AsyncSession, key: RewardKey, *, reason: str) -> StaffRewardOut:
    """Reject a reward for good: it is never paid, whatever the new customer recharges.

    Raises ReferralRewardNotFound, ReferralRewardNotRejectable.
    """
    reward = await _lock(db, key)
    before = reward.status
    if reward.state not in (RewardState.PENDING, RewardState.EARNED):
        raise ReferralRewardNotRejectable(
            worded(
                "{title} This one is {status}.",
                title=worded(ReferralRewardNotRejectable.title()),
                status=before,
            ),
            reward_status=before,
        )
    reward.state = RewardState.CANCELLED.value
    reward.held_at = reward.due_at = reward.waits_for = reward.leased_until = None
    reward.ended_at = clock.now()
    await db.flush()
    rejected = ReferralRewardRejected(
        user_id=str(reward.user_id),
        referral_reward_id=str(reward.reward_id),
        friend_id=str(reward.friend_id),
        amount_paise=reward.amount,
        reason=reason,
        changes=changes({"status": before}, {"status": reward.status}),
    )
    await emit(db, rejected)
    return (await _show(db, [reward]))[0]


async def _lock(db: AsyncSession, key: RewardKey) -> ReferralReward:
    if await crud.get_reward(db, key) is None:
        raise ReferralRewardNotFound
    await crud.lock_account(db, key.user_id)
    reward = await crud.get_reward(db, key)
    assert reward is not None, "rewards are never deleted"
    return reward


async def _show(db: AsyncSession, rows: list[ReferralReward]) -> list[StaffRewardOut]:
    people: set[UUID] = {row.user_id for row in rows} | {row.friend_id for row in rows}
    briefs = await users.briefs(db, people)
    return [
        StaffRewardOut(
            **dict(service.reward_out(row, briefs.get(row.friend_id))),
            user_id=row.user_id,
            user=briefs.get(row.user_id),
            friend_id=row.friend_id,
            friend_user=briefs.get(row.friend_id),
            referrer_id=row.referrer_id,
            recharge_id=row.recharge_id,
            hold_reasons=[HoldReason(reason) for reason in row.hold_reasons],
        )
        for row in rows
    ]
