"""SQL of referral rewards. Decides nothing."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, delete, func, or_, select, tuple_
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.core.http.paging import Order, PageQuery, column_of, fetch_page
from gencharge.core.postgres import leases
from gencharge.core.values import clock
from gencharge.core.values.ids import SYSTEM_USER_ID
from gencharge.referrals.models import (
    ReferralAccount,
    ReferralMark,
    ReferralReward,
    RewardState,
    RewardStatus,
)
from gencharge.referrals.staff_schemas import RewardQuery
from gencharge.users.models import User

_NEWEST: Final = Order(column_of(ReferralReward.created_at), column_of(ReferralReward.reward_id))
_DUE: Final = leases.LeasedQueue(
    ReferralReward,
    ReferralReward.state == RewardState.EARNED,
    ReferralReward.held_at.is_(None),
    ReferralReward.due_at <= leases.NOW,
    order=ReferralReward.due_at,
    lease=ReferralReward.leased_until,
    returning=[ReferralReward.user_id, ReferralReward.reward_id],
)


class RewardKey(NamedTuple):
    """A reward, by whose it is and its id."""

    user_id: UUID
    reward_id: UUID


class StateTotal(NamedTuple):
    """A customer's rewards of one status: how many, and what they add up to in paise."""

    status: RewardStatus
    rewards: int
    paise: int


async def list_referrers(db: AsyncSession, user_ids: Collection[UUID]) -> dict[UUID, UUID]:
    """Who referred these customers; those who were not referred are left out."""
    query = select(User.user_id, User.referred_by).where(
        User.user_id.in_(user_ids), User.referred_by.is_not(None)
    )
    rows = await db.execute(query)
    return {user_id: referrer_id for user_id, referrer_id in rows if referrer_id is not None}


async def add_account(db: AsyncSession, user_id: UUID) -> None:
    """The row that is the lock for a customer's rewards; nothing if there is one."""
    await db.execute(insert(ReferralAccount).values(user_id=user_id, owed=0).on_conflict_do_nothing())


async def lock_account(db: AsyncSession, user_id: UUID) -> ReferralAccount:
    """The lock for a customer's rewards, held to the end of the transaction."""
    return await db.get_one(ReferralAccount, user_id, with_for_update=True, populate_existing=True)


async def get_owed(db: AsyncSession, user_id: UUID) -> int:
    """What a customer owes, in paise."""
    owed = await db.scalar(select(ReferralAccount.owed).where(ReferralAccount.user_id == user_id))
    return owed or 0


async def add_reward(db: AsyncSession, **values: Any) -> bool:
    """Store a reward. False if the customer has one for this referral already."""
    statement = insert(ReferralReward).values(values)
    statement = statement.on_conflict_do_nothing(index_elements=["user_id", "friend_id"])
    return await db.scalar(statement.returning(ReferralReward.reward_id)) is not None


async def get_reward(db: AsyncSession, key: RewardKey) -> ReferralReward | None:
    """A reward as it is in the database now. Every change of it holds `lock_account`."""
    return await db.get(ReferralReward, tuple(key), populate_existing=True)


async def list_keys(
    db: AsyncSession,
    referrers: dict[UUID, UUID],
    *,
    pending_of: Collection[UUID],
    earned_by: Collection[UUID],
) -> list[RewardKey]:
    """The rewards for referrals (`referrers`: by the new customer) that are pending, or that these recharges earned."""
    query = select(ReferralReward.user_id, ReferralReward.reward_id).where(
        ReferralReward.user_id.in_({*referrers, *referrers.values()}),
        or_(
            and_(ReferralReward.friend_id.in_(pending_of), ReferralReward.state == RewardState.PENDING),
            ReferralReward.recharge_id.in_(earned_by),
        ),
    )
    rows = await db.execute(query.order_by(ReferralReward.user_id, ReferralReward.reward_id))
    return [RewardKey(user_id, reward_id) for user_id, reward_id in rows]


async def count_earned(db: AsyncSession, user_id: UUID, *, side: str, since: datetime | None) -> int:
    """How many rewards of a side a customer has earned since then that are neither held nor taken back."""
    query = select(func.count()).where(
        ReferralReward.user_id == user_id,
        ReferralReward.side == side,
        ReferralReward.state.in_([RewardState.EARNED, RewardState.PAID]),
        ReferralReward.held_at.is_(None),
    )
    if since is not None:
        query = query.where(ReferralReward.earned_at >= since)
    return await db.scalar(query) or 0


async def claim_due(db: AsyncSession, *, limit: int, lease_seconds: float) -> list[RewardKey]:
    """Lease rewards that are to be paid now."""
    rows = await _DUE.claim(db, limit=limit, lease_seconds=lease_seconds, pinned=clock.pinned())
    return [RewardKey(row.user_id, row.reward_id) for row in rows]


async def list_of_user(
    db: AsyncSession, user_id: UUID, page: PageQuery
) -> tuple[list[ReferralReward], str | None, int | None]:
    """A page of a customer's rewards, the newest first."""
    return await fetch_page(
        db, select(ReferralReward).where(ReferralReward.user_id == user_id), _NEWEST, page
    )


async def list_totals(db: AsyncSession, user_id: UUID, *, side: str | None = None) -> list[StateTotal]:
    """A customer's rewards by status, of one side or of both."""
    is_held = ReferralReward.held_at.is_not(None)
    query = select(ReferralReward.state, is_held, func.count(), func.sum(ReferralReward.amount)).where(
        ReferralReward.user_id == user_id
    )
    if side is not None:
        query = query.where(ReferralReward.side == side)
    rows = await db.execute(query.group_by(ReferralReward.state, is_held))
    return [
        StateTotal(RewardStatus.HELD if held else RewardStatus(state), count, int(paise))
        for state, held, count, paise in rows
    ]


def select_all(query: RewardQuery) -> Select[ReferralReward]:
    """All customers' rewards, narrowed by the filters that have an index in the list's order."""
    statement = select(ReferralReward)
    if query.user_id is not None:
        statement = statement.where(ReferralReward.user_id == query.user_id)
    return statement.where(*query.between(column_of(ReferralReward.created_at)))


def match_rewards(entity: type[ReferralReward], query: RewardQuery) -> list[ColumnElement[bool]]:
    """The conditions of the filters, on the rewards or an alias of them."""
    conditions: list[ColumnElement[bool]] = []
    if query.friend_id is not None:
        conditions.append(entity.friend_id == query.friend_id)
    if query.side is not None:
        conditions.append(entity.side == query.side)
    if query.reason is not None:
        conditions.append(entity.hold_reasons.contains([query.reason.value]))
    if query.status is RewardStatus.HELD:
        conditions.append(entity.held_at.is_not(None))
    elif query.status is not None:
        conditions += [entity.state == query.status.value, entity.held_at.is_(None)]
    return [*conditions, *query.within(column_of(entity.amount), column_of(entity.created_at))]


# The rows are parameters: a statement that has them in it is compiled for each number of rows, which costs more than running it.
_ADD_MARKS: Final = insert(ReferralMark).on_conflict_do_nothing()


async def add_marks(db: AsyncSession, marks: Sequence[str], friend_id: UUID, *, at: datetime) -> None:
    """Store where a referred customer registered from."""
    rows = [{"mark": mark, "friend_id": friend_id, "created_at": at} for mark in marks]
    await db.execute(_ADD_MARKS, rows)


async def lock_marks(db: AsyncSession, marks: Sequence[str], *, at: datetime) -> None:
    """Wait for other registrations under these marks (sorted): what is counted then stays true to the end of the transaction."""
    # A row of nobody for each mark, because there may be no other yet.
    rows = [{"mark": mark, "friend_id": SYSTEM_USER_ID, "created_at": at} for mark in marks]
    await db.execute(_ADD_MARKS, rows)
    locked = select(ReferralMark.mark).where(
        ReferralMark.mark.in_(marks), ReferralMark.friend_id == SYSTEM_USER_ID
    )
    await db.execute(locked.order_by(ReferralMark.mark).with_for_update())


async def count_marks(db: AsyncSession, mark: str, *, besides: UUID, since: datetime) -> int:
    """How many other referred customers have registered under this mark since then."""
    query = select(func.count()).where(
        ReferralMark.mark == mark,
        ReferralMark.friend_id.not_in([besides, SYSTEM_USER_ID]),
        ReferralMark.created_at >= since,
    )
    return await db.scalar(query) or 0


async def delete_marks(db: AsyncSession, friend_id: UUID) -> None:
    """Forget where a referred customer registered from."""
    await db.execute(delete(ReferralMark).where(ReferralMark.friend_id == friend_id))


async def purge_marks(db: AsyncSession, *, before: datetime, limit: int) -> int:
    """Delete up to `limit` marks that are older than that: how many."""
    key = tuple_(ReferralMark.mark, ReferralMark.friend_id)
    old = select(ReferralMark.mark, ReferralMark.friend_id).where(ReferralMark.created_at < before)
    deleted = await db.execute(
        delete(ReferralMark).where(key.in_(old.limit(limit))).returning(ReferralMark.mark)
    )
    return len(deleted.all())
