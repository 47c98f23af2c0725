"""`/recharge/{recharge_id}/timeline`: what happened to one of my recharges."""

from __future__ import annotations

from uuid import UUID

from fastapi import Request
from fastapi.responses import Response

from gencharge.core.errors import DatabaseUnavailable, ValidationFailed
from gencharge.core.http import language, web
from gencharge.core.postgres.database import get_database
from gencharge.recharge.errors import RechargeNotFound
from gencharge.sessions.guards import USER_ERRORS, SignedInUser
from gencharge.stories import service
from gencharge.stories.schemas import TimelineOut

router = web.router("recharge")


@router.get(
    "/{recharge_id}/timeline",
    summary="What happened to one of my recharges",
    response_model=TimelineOut,
    responses=web.errors(RechargeNotFound, ValidationFailed, DatabaseUnavailable, *USER_ERRORS),
)
async def get_timeline(user: SignedInUser, request: Request, recharge_id: UUID) -> Response:
    """Ordered, paid, sent to the operator, delivered or failed, refunded: what happened so far, and whom it waits for."""
    timeline = await service.timeline(get_database(request), user.user_id, recharge_id)
    return web.reply(timeline, headers=language.HEADERS[language.spoken()])
