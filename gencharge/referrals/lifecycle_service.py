"""The life of a reward: pending -> earned -> paid, or reversed, or cancelled.

    promise   the new customer has registered with a code: a pending reward for each side that gets something
    settle    looks at the new customer's recharges: earns a pending reward, reverses one whose recharge was refunded
    pay       moves an earned reward into the wallet

Each is one transaction under the lock of the customer's rewards (`referral_accounts`), and looks at what is in the database,
not at what an event says. So it does not matter in which order events come, and how often: see
docs/decisions/0024-referral-rewards.md.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.core import faultpoints
from gencharge.core.background import jobs
from gencharge.core.events.events import changes, emit
from gencharge.core.settings import Settings
from gencharge.core.values import clock
from gencharge.core.values.ids import new_id
from gencharge.core.values.money import Money
from gencharge.recharge import service as recharges
from gencharge.recharge.models import Recharge
from gencharge.referrals import crud, screening_service
from gencharge.referrals.crud import RewardKey
from gencharge.referrals.events import (
    ReferralRewardCancelled,
    ReferralRewardEarned,
    ReferralRewardHeld,
    ReferralRewardPaid,
    ReferralRewardPromised,
    ReferralRewardReversed,
)
from gencharge.referrals.models import (
    HoldReason,
    ReferralAccount,
    ReferralReward,
    RewardSide,
    RewardState,
    RewardStatus,
    WaitReason,
)
from gencharge.users import service as users
from gencharge.users.errors import UserAlreadyArchived, UserNotFound
from gencharge.users.models import User, UserStatus
from gencharge.wallet import service as wallet
from gencharge.wallet.errors import BalanceLimitExceeded
from gencharge.wallet.models import Account, Code

PAY_JOB: Final = "referrals.pay"
# How long a reward waits that could not be paid.
_WAIT: Final = timedelta(hours=6)


async def promise(db: AsyncSession, settings: Settings, friend_id: UUID, referrer_id: UUID) -> None:
    """Write the pending rewards of a registration with a code. Again: nothing."""
    try:
        registered_at = (await users.get(db, friend_id)).registered_at
    except UserNotFound:
        return  # closed in the meantime
    amounts = {
        RewardSide.REFERRER: (referrer_id, settings.referral_reward_rupees),
        RewardSide.FRIEND: (friend_id, settings.referral_friend_reward_rupees),
    }
    amounts = {side: (user_id, rupees) for side, (user_id, rupees) in amounts.items() if rupees}
    if registered_at is None or not amounts:
        return
    reasons = await screening_service.at_registration(
        db, settings, friend_id=friend_id, referrer_id=referrer_id, at=registered_at
    )
    for side, (user_id, rupees) in sorted(amounts.items(), key=lambda item: item[1]):
        key = RewardKey(user_id, new_id())
        amount = Money.rupees(rupees).paise
        await crud.add_account(db, user_id)
        is_new = await crud.add_reward(
            db,
            **key._asdict(),
            friend_id=friend_id,
            referrer_id=referrer_id,
            side=side.value,
            amount=amount,
            state=RewardState.PENDING.value,
            created_at=registered_at,
        )
        if not is_new:
            continue
        promised = ReferralRewardPromised(
            user_id=str(user_id),
            referral_reward_id=str(key.reward_id),
            friend_id=str(friend_id),
            side=side.value,
            amount_paise=amount,
        )
        await emit(db, promised)
        if reasons:
            await crud.lock_account(db, user_id)
            reward = await crud.get_reward(db, key)
            assert reward is not None, "written just now"
            await hold(db, reward, reasons)


async def settle(db: AsyncSession, settings: Settings, key: RewardKey) -> None:
    """Bring a reward to what the new customer's recharges say now."""
    account = await crud.lock_account(db, key.user_id)
    reward = await crud.get_reward(db, key)
    if reward is None or reward.state not in (RewardState.PENDING, RewardState.EARNED, RewardState.PAID):
        return
    if reward.recharge_id is None:
        recharge = await recharges.first_delivered(
            db, reward.friend_id, minimum=_minimum(settings), since=reward.created_at
        )
        if recharge is None:
            return
        reward.recharge_id = recharge.id
    else:
        recharge = await recharges.get(db, reward.friend_id, reward.recharge_id)
    if not _counts(settings, recharge):
        await _reverse(db, account, reward)
    elif reward.state == RewardState.PENDING:
        await _earn(db, settings, reward, recharge)
    await db.flush()
    await faultpoints.point("reward.written")


def _minimum(settings: Settings) -> int:
    return max(Money.rupees(settings.referral_minimum_recharge_rupees).paise, 1)


def _counts(settings: Settings, recharge: Recharge) -> bool:
    """Whether enough of what was paid for a recharge is left after refunds."""
    paid = recharge.wallet_amount + recharge.gateway_amount
    return paid - recharge.refunded_amount >= min(_minimum(settings), paid)


async def _earn(db: AsyncSession, settings: Settings, reward: ReferralReward, recharge: Recharge) -> None:
    now = clock.now()
    reasons = (
        await screening_service.at_first_recharge(db, settings, reward, recharge, now)
        if reward.released_at is None
        else []
    )
    reward.state = RewardState.EARNED.value
    reward.earned_at = reward.due_at = now
    await db.flush()
    earned = ReferralRewardEarned(
        user_id=str(reward.user_id),
        referral_reward_id=str(reward.reward_id),
        friend_id=str(reward.friend_id),
        recharge_id=str(recharge.id),
        amount_paise=reward.amount,
    )
    await emit(db, earned)
    if reasons:
        await hold(db, reward, reasons)
    if reward.held_at is None:
        await jobs.defer(db, PAY_JOB)


async def hold(
    db: AsyncSession, reward: ReferralReward, reasons: list[HoldReason], *, reason: str = ""
) -> None:
    """Hold a reward; `reason` is an admin's. The caller holds the lock for the customer's rewards."""
    before = reward.status
    reward.held_at = reward.held_at or clock.now()
    reward.hold_reasons = [
        *reward.hold_reasons,
        *(part for part in reasons if part not in reward.hold_reasons),
    ]
    await db.flush()
    held = ReferralRewardHeld(
        user_id=str(reward.user_id),
        referral_reward_id=str(reward.reward_id),
        friend_id=str(reward.friend_id),
        hold_reasons=",".join(reasons),
        reason=reason,
        changes=changes({"status": before}, {"status": RewardStatus.HELD}),
    )
    await emit(db, held)


async def _reverse(db: AsyncSession, account: ReferralAccount, reward: ReferralReward) -> None:
    """Take a reward back: out of the wallet as far as it goes, and the rest off later rewards."""
    taken, owed = Money(0), 0
    if reward.state == RewardState.PAID:
        taken = await wallet.take_back(
            db,
            reward.user_id,
            Money(reward.amount),
            target_account=Account.REFERRAL,
            code=Code.REFERRAL,
            key=f"{reward.reward_id}:back",
            reference_id=reward.reward_id,
        )
        owed = reward.amount - taken.paise
        account.owed += owed
    reward.state = RewardState.REVERSED.value
    reward.held_at = reward.due_at = reward.waits_for = None
    reward.taken_back = taken.paise
    reward.ended_at = clock.now()
    await db.flush()
    reversed_ = ReferralRewardReversed(
        user_id=str(reward.user_id),
        referral_reward_id=str(reward.reward_id),
        friend_id=str(reward.friend_id),
        amount_paise=reward.amount,
        taken_back_paise=taken.paise,
        owed_paise=owed,
    )
    await emit(db, reversed_)


async def pay(db: AsyncSession, settings: Settings, key: RewardKey) -> None:
    """Pay an earned reward that is not held: into the wallet, after what is owed. One that does not fit waits."""
    account = await crud.lock_account(db, key.user_id)
    reward = await crud.get_reward(db, key)
    if reward is None or reward.state != RewardState.EARNED or reward.held_at is not None:
        return
    assert reward.recharge_id is not None, "an earned reward has a recharge"
    recharge = await recharges.get(db, reward.friend_id, reward.recharge_id)
    if not _counts(settings, recharge):
        await _reverse(db, account, reward)
        return
    try:
        # Held, so that the account is not closed while money comes in.
        user = await users.lock(db, reward.user_id)
    except (UserAlreadyArchived, UserNotFound):
        await _cancel(db, reward)
        return
    if user.status == UserStatus.BLOCKED:
        await _wait(db, reward, WaitReason.ACCOUNT_BLOCKED)
        return
    netted = min(account.owed, reward.amount)
    try:
        await _credit(db, settings, user, reward, Money(reward.amount - netted))
    except BalanceLimitExceeded:
        await _wait(db, reward, WaitReason.WALLET_LIMIT)
        return
    account.owed -= netted
    reward.state = RewardState.PAID.value
    reward.netted = netted
    reward.paid_at = clock.now()
    reward.due_at = reward.waits_for = reward.leased_until = None
    await db.flush()
    paid = ReferralRewardPaid(
        user_id=str(reward.user_id),
        referral_reward_id=str(reward.reward_id),
        friend_id=str(reward.friend_id),
        side=reward.side,
        amount_paise=reward.amount,
        netted_paise=netted,
    )
    await emit(db, paid)
    await faultpoints.point("reward.paid")


async def _credit(
    db: AsyncSession, settings: Settings, user: User, reward: ReferralReward, amount: Money
) -> None:
    if not amount:
        return
    await wallet.open_wallet(db, user.user_id)
    await wallet.credit(
        db,
        user.user_id,
        amount,
        source_account=Account.REFERRAL,
        code=Code.REFERRAL,
        key=str(reward.reward_id),
        balance_limit=wallet.limits(settings, user.kyc_tier).balance,
        reference_id=reward.reward_id,
    )


async def _wait(db: AsyncSession, reward: ReferralReward, reason: WaitReason) -> None:
    reward.waits_for = reason.value
    reward.due_at = clock.now() + _WAIT
    reward.leased_until = None
    await db.flush()


async def _cancel(db: AsyncSession, reward: ReferralReward) -> None:
    reward.state = RewardState.CANCELLED.value
    reward.ended_at = clock.now()
    reward.due_at = reward.waits_for = None
    await db.flush()
    cancelled = ReferralRewardCancelled(
        user_id=str(reward.user_id),
        referral_reward_id=str(reward.reward_id),
        friend_id=str(reward.friend_id),
        amount_paise=reward.amount,
    )
    await emit(db, cancelled)
