"""`/recharge/admin`: what the staff do with a customer's recharge."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Request
from fastapi.responses import Response
from starlette.status import HTTP_201_CREATED

from gencharge.core.errors import (
    DatabaseUnavailable,
    IdempotencyKeyMissing,
    IdempotencyKeyReused,
    MalformedJson,
    ValidationFailed,
)
from gencharge.core.http import idempotency, web
from gencharge.core.postgres.database import Db, StillLocked
from gencharge.recharge import staff_service
from gencharge.recharge.errors import NotUnderWay, RechargeNotFound, RefundImpossible, RefundTooLarge
from gencharge.recharge.schemas import CustomerRechargeOut
from gencharge.recharge.staff_schemas import RechargeRefundOut, RefundRecharge, ResolveRecharge
from gencharge.sessions.errors import StepUpRequired
from gencharge.sessions.guards import SCOPED_ERRORS, Action, Principal, Requires, Resource

router = web.router("recharge")
Editor = Annotated[Principal, Depends(Requires(Resource.RECHARGE, Action.EDIT, scoped=True, step_up=True))]
_ALWAYS = (
    RechargeNotFound,
    MalformedJson,
    ValidationFailed,
    StepUpRequired,
    StillLocked,
    DatabaseUnavailable,
    *SCOPED_ERRORS,
)


@router.post(
    "/admin/{user_id}/{recharge_id}/refund",
    summary="Take a recharge back (staff)",
    status_code=HTTP_201_CREATED,
    response_model=RechargeRefundOut,
    responses=web.errors(
        RefundImpossible, RefundTooLarge, IdempotencyKeyMissing, IdempotencyKeyReused, *_ALWAYS
    ),
    openapi_extra=idempotency.DOCUMENTED,
)
async def refund_recharge(
    admin: Editor, request: Request, db: Db, user_id: UUID, recharge_id: UUID, body: RefundRecharge
) -> Response:
    """In part or in full, into the wallet or on to where the payment came from. With the last paisa the plan ends."""
    key = idempotency.key_of(request)
    made = await staff_service.refund(db, admin, user_id, recharge_id, body, key=key)
    return idempotency.reply(made, status=HTTP_201_CREATED)


@router.post(
    "/admin/{user_id}/{recharge_id}/resolve",
    summary="End a recharge under way (staff)",
    responses=web.errors(NotUnderWay, *_ALWAYS),
)
async def resolve_recharge(
    admin: Editor, db: Db, user_id: UUID, recharge_id: UUID, body: ResolveRecharge
) -> CustomerRechargeOut:
    """Say how it ended, where the operator does not: delivered, or failed with the money back in the wallet."""
    return await staff_service.resolve(db, admin, user_id, recharge_id, body)
