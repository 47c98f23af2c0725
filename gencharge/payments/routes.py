"""`/payments`: a customer's payments through the gateway."""

from __future__ import annotations

from typing import Annotated, Final
from uuid import UUID

from fastapi import Depends, Query

from gencharge.core.errors import DatabaseUnavailable, MalformedJson, ValidationFailed
from gencharge.core.http import web
from gencharge.core.http.paging import CursorInvalid
from gencharge.core.postgres.database import Db, ResourceLocked, WriteConflict
from gencharge.payments import service, status_checks_service
from gencharge.payments.context import PaymentContext
from gencharge.payments.errors import CheckoutSignatureInvalid, GatewayTimeout, PaymentNotFound
from gencharge.payments.schemas import ConfirmPayment, PaymentDetail, PaymentPage, PaymentQuery
from gencharge.sessions.guards import USER_ERRORS, SignedInUser

router = web.router("payments")
_LIST: Final = (CursorInvalid, ValidationFailed, DatabaseUnavailable)
_ONE: Final = (ValidationFailed, DatabaseUnavailable)
_MOVING: Final = (ResourceLocked, WriteConflict, MalformedJson, *_ONE)
Context = Annotated[PaymentContext, Depends(PaymentContext.get)]


@router.get("", responses=web.errors(*_LIST, *USER_ERRORS))
async def list_payments(user: SignedInUser, db: Db, query: Annotated[PaymentQuery, Query()]) -> PaymentPage:
    """My payments through the gateway, newest first."""
    return await service.list_own(db, user.user_id, query)


@router.get("/{payment_id}", responses=web.errors(PaymentNotFound, *_ONE, *USER_ERRORS))
async def get_payment(user: SignedInUser, context: Context, db: Db, payment_id: UUID) -> PaymentDetail:
    """One of my payments, with its refunds."""
    return await service.get_own(db, context, user.user_id, payment_id)


@router.post(
    "/{payment_id}/check",
    summary="Ask the gateway for my payment now",
    responses=web.errors(PaymentNotFound, GatewayTimeout, *_MOVING, *USER_ERRORS),
)
async def check_payment(user: SignedInUser, context: Context, payment_id: UUID) -> PaymentDetail:
    """Ask the gateway for the state of my payment now, at most every three seconds."""
    await status_checks_service.check(context, user.user_id, payment_id)
    return await context.database.run(lambda db: service.get_own(db, context, user.user_id, payment_id))


@router.post(
    "/{payment_id}/confirm",
    responses=web.errors(PaymentNotFound, CheckoutSignatureInvalid, GatewayTimeout, *_MOVING, *USER_ERRORS),
)
async def confirm_payment(
    user: SignedInUser, context: Context, payment_id: UUID, body: ConfirmPayment
) -> PaymentDetail:
    """Hand in what the gateway's checkout returned. The gateway is asked for the payment, and its answer counts."""
    checkout = (body.razorpay_order_id, body.razorpay_payment_id, body.razorpay_signature)
    await status_checks_service.confirm(context, user.user_id, payment_id, checkout)
    return await context.database.run(lambda db: service.get_own(db, context, user.user_id, payment_id))
