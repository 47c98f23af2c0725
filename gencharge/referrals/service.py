"""What a customer sees of their referrals."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.core.http.paging import PageQuery
from gencharge.core.settings import Settings
from gencharge.core.values.money import Money
from gencharge.core.values.phone import masked
from gencharge.referrals import crud
from gencharge.referrals.models import ReferralReward, RewardSide, RewardStatus, WaitReason
from gencharge.referrals.schemas import ReferralFigures, ReferralOut, RewardOut, RewardPage
from gencharge.users import service as users
from gencharge.users.models import UserBrief

_COMING = (RewardStatus.PENDING, RewardStatus.HELD, RewardStatus.EARNED)


async def show(db: AsyncSession, settings: Settings, user_id: UUID) -> ReferralOut:
    """The customer's code, what it brings now, and what it has brought. Raises UserNotFound."""
    code = (await users.get(db, user_id)).referral_code
    link = settings.referral_link
    return ReferralOut(
        code=code,
        link=link.replace("{code}", code) if link else None,
        referrer_reward=Money.rupees(settings.referral_reward_rupees),
        friend_reward=Money.rupees(settings.referral_friend_reward_rupees),
        minimum_recharge=Money.rupees(settings.referral_minimum_recharge_rupees),
        figures=await _figures(db, user_id),
    )


async def _figures(db: AsyncSession, user_id: UUID) -> ReferralFigures:
    own = await crud.list_totals(db, user_id, side=RewardSide.REFERRER)
    totals = await crud.list_totals(db, user_id)

    def count(status: RewardStatus) -> int:
        return sum(total.rewards for total in totals if total.status is status)

    return ReferralFigures(
        friends=sum(total.rewards for total in own),
        pending=count(RewardStatus.PENDING),
        under_review=count(RewardStatus.HELD),
        earned=count(RewardStatus.EARNED),
        paid=count(RewardStatus.PAID),
        reversed=count(RewardStatus.REVERSED),
        paid_amount=Money(sum(total.paise for total in totals if total.status is RewardStatus.PAID)),
        coming_amount=Money(sum(total.paise for total in totals if total.status in _COMING)),
        owed=Money(await crud.get_owed(db, user_id)),
    )


async def list_rewards(db: AsyncSession, user_id: UUID, page: PageQuery) -> RewardPage:
    """A page of the customer's rewards, the newest first."""
    rows, cursor, total = await crud.list_of_user(db, user_id, page)
    friends = await users.briefs(db, {row.friend_id for row in rows} - {user_id})
    items = [reward_out(row, friends.get(row.friend_id)) for row in rows]
    return RewardPage(items=items, next_cursor=cursor, total=total)


def reward_out(row: ReferralReward, friend: UserBrief | None) -> RewardOut:
    """A reward as the customer sees it. The friend's number is masked, and not there once it is erased."""
    shows_friend = row.side == RewardSide.REFERRER and friend is not None and friend.phone_number
    return RewardOut(
        reward_id=row.reward_id,
        side=RewardSide(row.side),
        friend=masked(friend.phone_number) if shows_friend and friend is not None else None,
        amount=Money(row.amount),
        status=row.status,
        waits_for=None if row.waits_for is None else WaitReason(row.waits_for),
        netted=Money(row.netted),
        taken_back=Money(row.taken_back),
        created_at=row.created_at,
        earned_at=row.earned_at,
        paid_at=row.paid_at,
        ended_at=row.ended_at,
    )
