"""`/recharge/admin`: all customers' recharges, the plans of any number, refunds (staff)."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query, Request
from fastapi.responses import Response
from starlette.status import HTTP_201_CREATED, HTTP_202_ACCEPTED

from gencharge.approvals.errors import ApprovalAlreadyPending
from gencharge.approvals.service import WAITING, ApprovalOut
from gencharge.core.errors import (
    DatabaseUnavailable,
    IdempotencyKeyRequired,
    IdempotencyKeyReused,
    MalformedJson,
    ValidationFailed,
)
from gencharge.core.http import idempotency, web
from gencharge.core.http.paging import CursorInvalid
from gencharge.core.postgres.database import Db, ResourceLocked
from gencharge.core.postgres.replica import ReadingDb
from gencharge.payments.errors import RefundTooLarge
from gencharge.recharge import staff_service
from gencharge.recharge.errors import (
    RechargeNotFound,
    RechargeNotRefundable,
)
from gencharge.recharge.staff_schemas import (
    RechargeRefundOut,
    RefundRecharge,
    StaffBoughtPlanPage,
    StaffBoughtPlanQuery,
    StaffRechargeOut,
    StaffRechargePage,
    StaffRechargeQuery,
)
from gencharge.sessions.errors import StepUpRequired
from gencharge.sessions.guards import SCOPED_ERRORS, Action, Principal, Requires, Resource

router = web.router("recharge")
Reader = Annotated[Principal, Depends(Requires(Resource.RECHARGE, Action.READ, scoped=True))]
Editor = Annotated[Principal, Depends(Requires(Resource.RECHARGE, Action.EDIT, scoped=True, step_up=True))]
_READING = (*SCOPED_ERRORS, DatabaseUnavailable)
_ALWAYS = (
    RechargeNotFound,
    MalformedJson,
    ValidationFailed,
    StepUpRequired,
    ResourceLocked,
    DatabaseUnavailable,
    *SCOPED_ERRORS,
)


@router.get("/admin", responses=web.errors(CursorInvalid, ValidationFailed, *_READING))
async def staff_list_recharges(
    admin: Reader, db: ReadingDb, query: Annotated[StaffRechargeQuery, Query()]
) -> StaffRechargePage:
    """All customers' recharges, newest first; for an admin limited to some operators, those of these operators.

    A page may hold fewer than `limit` and still have a next one: a rare filter is looked for piece by piece.
    """
    return await staff_service.list_recharges(db, admin, query)


@router.get(
    "/admin/plans",
    summary="Plans that run or wait (staff)",
    responses=web.errors(CursorInvalid, ValidationFailed, *_READING),
)
async def staff_list_plans(
    admin: Reader, db: Db, query: Annotated[StaffBoughtPlanQuery, Query()]
) -> StaffBoughtPlanPage:
    """The plans that run on any number now, or wait for their turn."""
    return await staff_service.list_current_plans(db, admin, query)


@router.get(
    "/admin/{user_id}/{recharge_id}", responses=web.errors(RechargeNotFound, ValidationFailed, *_READING)
)
async def staff_get_recharge(admin: Reader, db: Db, user_id: UUID, recharge_id: UUID) -> StaffRechargeOut:
    """One recharge of a customer, as it is now."""
    return await staff_service.get_recharge(db, admin, user_id, recharge_id)


@router.post(
    "/admin/{user_id}/{recharge_id}/refund",
    summary="Take a recharge back (staff)",
    status_code=HTTP_201_CREATED,
    response_model=RechargeRefundOut,
    responses=WAITING
    | web.errors(
        RechargeNotRefundable,
        RefundTooLarge,
        ApprovalAlreadyPending,
        IdempotencyKeyRequired,
        IdempotencyKeyReused,
        *_ALWAYS,
    ),
    openapi_extra=idempotency.DOCUMENTED,
)
async def staff_refund_recharge(
    admin: Editor, request: Request, db: Db, user_id: UUID, recharge_id: UUID, body: RefundRecharge
) -> Response:
    """In part or in full, into the wallet or on to where the payment came from. With the last paisa the plan ends.

    As soon as the refunds of the recharge exceed REFUND_ALONE_LIMIT, a second admin must approve each further one: 202.
    """
    key = idempotency.key_of(request)
    limit = request.app.state.settings.refund_alone_limit
    refund = await staff_service.refund(db, admin, user_id, recharge_id, body, key=key, alone_limit=limit)
    waits = isinstance(refund.answer, ApprovalOut)
    return idempotency.reply(refund, status=HTTP_202_ACCEPTED if waits else HTTP_201_CREATED)
