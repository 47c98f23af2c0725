"""What makes a referral suspicious. A reward with a reason is held for the staff; the customer is not told which."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.core.settings import Settings
from gencharge.core.values import clock
from gencharge.recharge import service as recharges
from gencharge.recharge.models import Recharge
from gencharge.referrals import crud
from gencharge.referrals.marks import address_mark, device_mark
from gencharge.referrals.models import HoldReason, ReferralReward, RewardSide
from gencharge.sessions import service as sessions
from gencharge.users import service as users

# How long a device is remembered.
REMEMBERED: Final = timedelta(days=90)
_BURST: Final = timedelta(days=1)
# How far back a chain of referrals is followed.
_CHAIN: Final = 20


async def at_registration(
    db: AsyncSession, settings: Settings, *, friend_id: UUID, referrer_id: UUID, at: datetime
) -> list[HoldReason]:
    """What speaks against a referral when the new customer registers. Remembers the device and the address."""
    origins = [origin for origin in await sessions.latest_origins(db, friend_id) if origin.address]
    devices = {device_mark(settings, origin) for origin in origins if origin.device}
    addresses = {address_mark(settings, origin.address) for origin in origins}
    marks = sorted(devices | addresses)
    if marks:
        # Two who register at the same time from one device would not see each other.
        await crud.lock_marks(db, marks, at=at)
    reasons = []
    if devices & {
        device_mark(settings, origin)
        for origin in await sessions.latest_origins(db, referrer_id)
        if origin.device and origin.address
    }:
        reasons.append(HoldReason.SHARED_DEVICE)
    if any([await crud.count_marks(db, mark, besides=friend_id, since=at - REMEMBERED) for mark in devices]):
        reasons.append(HoldReason.DEVICE_REUSED)
    bound = settings.referral_per_address_per_day
    counts = [
        await crud.count_marks(db, mark, besides=friend_id, since=at - _BURST) for mark in sorted(addresses)
    ]
    if bound and max(counts, default=0) >= bound:
        reasons.append(HoldReason.ADDRESS_BURST)
    if await _is_ring(db, friend_id, referrer_id):
        reasons.append(HoldReason.RING)
    if await recharges.first_delivered(db, friend_id, before=at) is not None:
        reasons.append(HoldReason.NOT_NEW)
    if marks:
        await crud.add_marks(db, marks, friend_id, at=at)
    return reasons


async def _is_ring(db: AsyncSession, friend_id: UUID, referrer_id: UUID) -> bool:
    """Whether the new customer is among those who referred the referrer, one after the other."""
    current = referrer_id
    for _ in range(_CHAIN):
        above = (await crud.list_referrers(db, [current])).get(current)
        if above is None:
            return False
        if above == friend_id:
            return True
        current = above
    return False


async def at_first_recharge(
    db: AsyncSession, settings: Settings, reward: ReferralReward, recharge: Recharge, at: datetime
) -> list[HoldReason]:
    """What speaks against a reward when it is earned. The caller holds the lock for the customer's rewards, so that no two
    pass a limit together."""
    if reward.side != RewardSide.REFERRER:
        return []
    reasons = []
    referrer = (await users.briefs(db, [reward.referrer_id])).get(reward.referrer_id)
    if referrer is not None and recharge.phone_number == referrer.phone_number:
        reasons.append(HoldReason.RECHARGED_REFERRER)
    limits = (
        (HoldReason.MONTHLY_LIMIT, settings.referral_rewards_per_month, _start_of_month(at)),
        (HoldReason.TOTAL_LIMIT, settings.referral_rewards_total, None),
    )
    for reason, limit, since in limits:
        if limit and await crud.count_earned(db, reward.user_id, side=reward.side, since=since) >= limit:
            reasons.append(reason)
    return reasons


def _start_of_month(at: datetime) -> datetime:
    return clock.start_of_day(at.astimezone(clock.IST).date().replace(day=1))
