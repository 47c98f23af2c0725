"""`/recharge/admin/.../resolve`: end a pending recharge on other evidence than the operator's answer (staff)."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Request
from fastapi.responses import Response

from gencharge.core.errors import DatabaseUnavailable, MalformedJson, ValidationFailed
from gencharge.core.http import web
from gencharge.core.postgres.database import ResourceLocked
from gencharge.delivery import staff_service
from gencharge.delivery.context_service import DeliveryContext
from gencharge.delivery.errors import RechargeNotPending, SecondAdminRequired, SubmissionUnanswered
from gencharge.delivery.staff_schemas import ResolutionRequestedOut, ResolveRecharge
from gencharge.recharge.errors import RechargeNotFound
from gencharge.recharge.service import StaffRechargeOut
from gencharge.sessions.errors import StepUpRequired
from gencharge.sessions.guards import SCOPED_ERRORS, Action, Principal, Requires, Resource

router = web.router("recharge")
Editor = Annotated[Principal, Depends(Requires(Resource.RECHARGE, Action.EDIT, scoped=True, step_up=True))]
_ALWAYS = (
    RechargeNotFound,
    MalformedJson,
    ValidationFailed,
    StepUpRequired,
    ResourceLocked,
    DatabaseUnavailable,
    *SCOPED_ERRORS,
)


@router.post(
    "/admin/{user_id}/{recharge_id}/resolve",
    summary="End a pending recharge (staff)",
    response_model=StaffRechargeOut,
    responses={
        202: {"model": ResolutionRequestedOut, "description": "Another admin must ask for the same."},
        **web.errors(RechargeNotPending, SubmissionUnanswered, SecondAdminRequired, *_ALWAYS),
    },
)
async def staff_resolve_recharge(
    admin: Editor, request: Request, user_id: UUID, recharge_id: UUID, body: ResolveRecharge
) -> StaffRechargeOut | Response:
    """Say how it ended, if the operator does not: delivered, or failed with the money back in the wallet.

    Before it fails the operator is asked, and its answer wins. Without an answer, a recharge above RESOLVE_ALONE_LIMIT takes two
    admins: the first gets 202, the second makes the same call within a day.
    """
    context = DeliveryContext.of(request.app)
    ended = await staff_service.resolve(context, admin, user_id, recharge_id, body)
    return web.reply(ended, status=202) if isinstance(ended, ResolutionRequestedOut) else ended
