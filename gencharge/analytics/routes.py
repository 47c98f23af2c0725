"""`/analytics/me`: a customer's own figures."""

from __future__ import annotations

from gencharge.analytics import spending_service
from gencharge.analytics.schemas import SpendingOut
from gencharge.core.errors import DatabaseUnavailable
from gencharge.core.http import web
from gencharge.core.postgres.database import Db
from gencharge.sessions.guards import USER_ERRORS, SignedInUser

router = web.router("analytics")


@router.get("/me", responses=web.errors(DatabaseUnavailable, *USER_ERRORS))
async def get_my_spending(user: SignedInUser, db: Db) -> SpendingOut:
    """My spending on recharges: by month, year, number, plan, operator and way of paying, and what offers saved me."""
    return await spending_service.show(db, user.user_id)
