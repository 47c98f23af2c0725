"""`/recharge/admin/.../resolve`: end a pending recharge on other evidence than the operator's answer (staff)."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Depends

from gencharge.core.errors import DatabaseUnavailable, MalformedJson, ValidationFailed
from gencharge.core.http import web
from gencharge.core.postgres.database import Db, ResourceLocked
from gencharge.delivery import staff_service
from gencharge.delivery.errors import RechargeNotPending, SubmissionUnanswered
from gencharge.delivery.staff_schemas import ResolveRecharge
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
    responses=web.errors(RechargeNotPending, SubmissionUnanswered, *_ALWAYS),
)
async def staff_resolve_recharge(
    admin: Editor, db: Db, user_id: UUID, recharge_id: UUID, body: ResolveRecharge
) -> StaffRechargeOut:
    """Say how it ended, if the operator does not: delivered, or failed with the money back in the wallet."""
    return await staff_service.resolve(db, admin, user_id, recharge_id, body)
