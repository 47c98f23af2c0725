"""`/referrals/admin`: all customers' rewards, and holding and releasing them."""

from __future__ import annotations

from typing import Annotated, Final
from uuid import UUID

from fastapi import Depends, Query

from gencharge.core.errors import DatabaseUnavailable, MalformedJson, ValidationFailed
from gencharge.core.http import web
from gencharge.core.http.paging import CursorInvalid
from gencharge.core.postgres.database import Db
from gencharge.referrals import staff_service
from gencharge.referrals.crud import RewardKey
from gencharge.referrals.errors import (
    ReferralRewardNotFound,
    ReferralRewardNotHeld,
    ReferralRewardNotHoldable,
    ReferralRewardNotRejectable,
)
from gencharge.referrals.staff_schemas import RewardDecision, RewardQuery, StaffRewardOut, StaffRewardPage
from gencharge.sessions.guards import ADMIN_ERRORS, STEP_UP_ERRORS, Action, Principal, Requires, Resource

router = web.router("referrals")
_ONE: Final = (ReferralRewardNotFound, ValidationFailed, DatabaseUnavailable)
# A reward belongs to no operator, so an admin limited to some operators does not see it.
Reader = Annotated[Principal, Depends(Requires(Resource.REFERRALS, Action.READ))]
Editor = Annotated[Principal, Depends(Requires(Resource.REFERRALS, Action.EDIT, step_up=True))]


@router.get(
    "/admin",
    summary="Referral rewards (staff)",
    responses=web.errors(CursorInvalid, ValidationFailed, DatabaseUnavailable, *ADMIN_ERRORS),
)
async def staff_list_rewards(
    admin: Reader, db: Db, query: Annotated[RewardQuery, Query()]
) -> StaffRewardPage:
    """All customers' rewards, newest first, with why one is held.

    A page may hold fewer than `limit` rows and still have a `next_cursor`: follow it until it is null.
    """
    del admin
    return await staff_service.list_rewards(db, query)


@router.get(
    "/admin/{user_id}/{reward_id}",
    summary="A referral reward (staff)",
    responses=web.errors(*_ONE, *ADMIN_ERRORS),
)
async def staff_get_reward(admin: Reader, db: Db, user_id: UUID, reward_id: UUID) -> StaffRewardOut:
    """One customer's reward."""
    del admin
    return await staff_service.get(db, RewardKey(user_id, reward_id))


@router.post(
    "/admin/{user_id}/{reward_id}/hold",
    summary="Hold a referral reward (staff)",
    responses=web.errors(ReferralRewardNotHoldable, MalformedJson, *_ONE, *STEP_UP_ERRORS),
)
async def staff_hold_reward(
    admin: Editor, db: Db, user_id: UUID, reward_id: UUID, body: RewardDecision
) -> StaffRewardOut:
    """Keep a reward that is pending or earned from being paid until it is released. Needs step-up; the audit trail records it."""
    del admin
    return await staff_service.hold(db, RewardKey(user_id, reward_id), reason=body.reason)


@router.post(
    "/admin/{user_id}/{reward_id}/release",
    summary="Release a referral reward (staff)",
    responses=web.errors(ReferralRewardNotHeld, MalformedJson, *_ONE, *STEP_UP_ERRORS),
)
async def staff_release_reward(
    admin: Editor, db: Db, user_id: UUID, reward_id: UUID, body: RewardDecision
) -> StaffRewardOut:
    """Let a held reward go on. No check holds it again. Needs step-up; the audit trail records it."""
    del admin
    return await staff_service.release(db, RewardKey(user_id, reward_id), reason=body.reason)


@router.post(
    "/admin/{user_id}/{reward_id}/reject",
    summary="Reject a referral reward (staff)",
    responses=web.errors(ReferralRewardNotRejectable, MalformedJson, *_ONE, *STEP_UP_ERRORS),
)
async def staff_reject_reward(
    admin: Editor, db: Db, user_id: UUID, reward_id: UUID, body: RewardDecision
) -> StaffRewardOut:
    """Reject a reward that is not paid yet, for good: its status is `cancelled`. Needs step-up; the audit trail records it."""
    del admin
    return await staff_service.reject(db, RewardKey(user_id, reward_id), reason=body.reason)
