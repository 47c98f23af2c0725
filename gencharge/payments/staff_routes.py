"""`/payments/admin`: customers' payments for the staff, and refunds to the source."""

from __future__ import annotations

from typing import Annotated, Final
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
from gencharge.core.postgres.database import Db, ResourceLocked, WriteConflict
from gencharge.core.postgres.replica import ReadingDb
from gencharge.payments import staff_service
from gencharge.payments.errors import PaymentNotCaptured, PaymentNotFound, RefundTooLarge
from gencharge.payments.schemas import RefundOut
from gencharge.payments.staff_schemas import (
    RefundCreate,
    StaffPaymentDetail,
    StaffPaymentPage,
    StaffPaymentQuery,
)
from gencharge.sessions.guards import ADMIN_ERRORS, STEP_UP_ERRORS, Action, Principal, Requires, Resource
from gencharge.wallet.errors import InsufficientBalance

router = web.router("payments")
_LIST: Final = (CursorInvalid, ValidationFailed, DatabaseUnavailable)
_ONE: Final = (ValidationFailed, DatabaseUnavailable)
Reader = Annotated[Principal, Depends(Requires(Resource.PAYMENTS, Action.READ))]
Refunder = Annotated[Principal, Depends(Requires(Resource.PAYMENTS, Action.EDIT, step_up=True))]


@router.get("/admin", responses=web.errors(*_LIST, *ADMIN_ERRORS))
async def staff_list_payments(
    admin: Reader, db: ReadingDb, query: Annotated[StaffPaymentQuery, Query()]
) -> StaffPaymentPage:
    """All customers' payments, newest first.

    A page may hold fewer than `limit` payments and still have a `next_cursor`: follow it until it is null.
    """
    del admin
    return await staff_service.list_all(db, query)


@router.get(
    "/admin/{user_id}/{payment_id}",
    summary="A customer's payment (staff)",
    responses=web.errors(PaymentNotFound, *_ONE, *ADMIN_ERRORS),
)
async def staff_get_payment(admin: Reader, db: Db, user_id: UUID, payment_id: UUID) -> StaffPaymentDetail:
    """A customer's payment, with its refunds and the gateway's webhooks."""
    del admin
    return await staff_service.get(db, user_id, payment_id)


@router.post(
    "/admin/{user_id}/{payment_id}/refunds",
    status_code=HTTP_201_CREATED,
    response_model=RefundOut,
    responses=WAITING
    | web.errors(
        ApprovalAlreadyPending,
        PaymentNotFound,
        PaymentNotCaptured,
        RefundTooLarge,
        InsufficientBalance,
        IdempotencyKeyRequired,
        IdempotencyKeyReused,
        ResourceLocked,
        WriteConflict,
        MalformedJson,
        *_ONE,
        *STEP_UP_ERRORS,
    ),
    openapi_extra=idempotency.DOCUMENTED,
)
async def staff_refund_payment(
    admin: Refunder, request: Request, db: Db, user_id: UUID, payment_id: UUID, body: RefundCreate
) -> Response:
    """Refund a payment to where it came from. The amount is held in the customer's wallet until it is paid out.

    As soon as the refunds of the payment exceed REFUND_ALONE_LIMIT, a second admin must approve each further one: 202.
    """
    key = idempotency.key_of(request)
    limit = request.app.state.settings.refund_alone_limit
    begun = await staff_service.refund(
        db, admin.user_id, user_id, payment_id, body, key=key, alone_limit=limit
    )
    waits = isinstance(begun.answer, ApprovalOut)
    return idempotency.reply(begun, status=HTTP_202_ACCEPTED if waits else HTTP_201_CREATED)
