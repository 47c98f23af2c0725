"""`/family`: all numbers that a customer takes care of."""

from __future__ import annotations

from gencharge.core.errors import DatabaseUnavailable
from gencharge.core.http import web
from gencharge.core.postgres.database import Db, ResourceLocked, WriteConflict
from gencharge.family import service
from gencharge.family.schemas import FamilyBoard
from gencharge.sessions.guards import USER_ERRORS, SignedInUser
from gencharge.users.errors import UserNotFound

router = web.router("family")


@router.get(
    "",
    summary="All my numbers on one board",
    responses=web.errors(UserNotFound, ResourceLocked, WriteConflict, DatabaseUnavailable, *USER_ERRORS),
)
async def get_family_board(user: SignedInUser, db: Db) -> FamilyBoard:
    """My own number and those that I saved: operator, active and queued base plan, days left, the next autopay.

    What others bought for a saved number is not shown.
    """
    return await service.board(db, user.user_id)
