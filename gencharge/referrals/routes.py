"""`/referrals/me`: a customer's code and rewards."""

from __future__ import annotations

from fastapi import Request

from gencharge.core.errors import DatabaseUnavailable, ValidationFailed
from gencharge.core.http import web
from gencharge.core.http.paging import CursorInvalid, Paging
from gencharge.core.postgres.database import Db
from gencharge.referrals import service
from gencharge.referrals.schemas import ReferralOut, RewardPage
from gencharge.sessions.guards import USER_ERRORS, SignedInUser
from gencharge.users.errors import UserNotFound

router = web.router("referrals")


@router.get("/me", responses=web.errors(UserNotFound, DatabaseUnavailable, *USER_ERRORS))
async def get_referrals(user: SignedInUser, request: Request, db: Db) -> ReferralOut:
    """My referral code, and what it brought.

    With the link to share and what a friend's first recharge brings.
    """
    return await service.show(db, request.app.state.settings, user.user_id)


@router.get(
    "/me/rewards", responses=web.errors(CursorInvalid, ValidationFailed, DatabaseUnavailable, *USER_ERRORS)
)
async def list_rewards(user: SignedInUser, db: Db, page: Paging) -> RewardPage:
    """My rewards, newest first. A reward is pending until the friend's first recharge is delivered, then earned, then paid
    into the wallet. If that recharge is refunded, it is taken back; what was spent comes off later rewards."""
    return await service.list_rewards(db, user.user_id, page)
