"""`/payments`, and `/wallet/topups`: money that comes in through the gateway, and goes back the same way."""

from __future__ import annotations

from typing import Annotated, Final
from uuid import UUID

from fastapi import Depends, Query, Request
from fastapi.responses import Response
from starlette.status import HTTP_201_CREATED

from gencharge.core.errors import (
    DatabaseUnavailable,
    IdempotencyInProgress,
    IdempotencyKeyRequired,
    IdempotencyKeyReused,
    MalformedJson,
    ValidationFailed,
)
from gencharge.core.http import idempotency, web
from gencharge.core.http.paging import CursorInvalid
from gencharge.core.postgres.database import Db, ResourceLocked, WriteConflict
from gencharge.payments import staff_service, status_checks_service
from gencharge.payments import topups_service as topups
from gencharge.payments.context import PaymentContext
from gencharge.payments.errors import (
    CheckoutSignatureInvalid,
    GatewayDeclined,
    GatewayTimeout,
    GatewayUnavailable,
    PaymentNotCaptured,
    PaymentNotFound,
    RefundTooLarge,
    TopupLimitExceeded,
)
from gencharge.payments.schemas import (
    ConfirmPayment,
    PaymentDetail,
    PaymentPage,
    PaymentQuery,
    RefundCreate,
    RefundOut,
    StaffPaymentDetail,
    StaffPaymentPage,
    StaffPaymentQuery,
    TopUp,
    TopUpOut,
)
from gencharge.sessions.guards import (
    ADMIN_ERRORS,
    STEP_UP_ERRORS,
    USER_ERRORS,
    Action,
    Principal,
    Requires,
    Resource,
    SignedInUser,
)
from gencharge.wallet.errors import InsufficientBalance, WalletNotFound

router = web.router("payments")
of_wallet = web.router("wallet")
_LIST: Final = (CursorInvalid, ValidationFailed, DatabaseUnavailable)
_ONE: Final = (ValidationFailed, DatabaseUnavailable)
_MOVING: Final = (ResourceLocked, WriteConflict, MalformedJson, *_ONE)
_KEYED: Final = (IdempotencyKeyRequired, IdempotencyKeyReused)
Context = Annotated[PaymentContext, Depends(PaymentContext.get)]
Reader = Annotated[Principal, Depends(Requires(Resource.PAYMENTS, Action.READ))]
Refunder = Annotated[Principal, Depends(Requires(Resource.PAYMENTS, Action.EDIT, step_up=True))]


@of_wallet.post(
    "/topups",
    status_code=HTTP_201_CREATED,
    response_model=TopUpOut,
    responses=web.errors(
        WalletNotFound,
        TopupLimitExceeded,
        GatewayUnavailable,
        GatewayDeclined,
        IdempotencyInProgress,
        *_KEYED,
        *_MOVING,
        *USER_ERRORS,
    ),
    openapi_extra=idempotency.DOCUMENTED,
)
async def top_up(user: SignedInUser, request: Request, context: Context, body: TopUp) -> Response:
    """Put money into my wallet, within the limits of my KYC tier.

    Pay the order on `checkout_url` or in the gateway's own checkout; the money is in the wallet once that is captured.
    """
    key = idempotency.key_of(request)
    return idempotency.reply(
        await topups.top_up(context, user.user_id, body, key=key), status=HTTP_201_CREATED
    )


@router.get("", responses=web.errors(*_LIST, *USER_ERRORS))
async def list_payments(user: SignedInUser, db: Db, query: Annotated[PaymentQuery, Query()]) -> PaymentPage:
    """My payments through the gateway, newest first."""
    return await staff_service.list_mine(db, user.user_id, query)


@router.get("/admin", responses=web.errors(*_LIST, *ADMIN_ERRORS))
async def list_all_payments(
    admin: Reader, db: Db, query: Annotated[StaffPaymentQuery, Query()]
) -> StaffPaymentPage:
    """All customers' payments, newest first.

    A page may hold fewer than `limit` and still have a next one: a rare filter is looked for piece by piece.
    """
    del admin
    return await staff_service.list_all(db, query)


@router.get("/admin/{user_id}/{payment_id}", responses=web.errors(PaymentNotFound, *_ONE, *ADMIN_ERRORS))
async def show_customers_payment(
    admin: Reader, db: Db, user_id: UUID, payment_id: UUID
) -> StaffPaymentDetail:
    """A customer's payment, with its refunds and what the gateway told of it."""
    del admin
    return await staff_service.get_any(db, user_id, payment_id)


@router.post(
    "/admin/{user_id}/{payment_id}/refunds",
    status_code=HTTP_201_CREATED,
    response_model=RefundOut,
    responses=web.errors(
        PaymentNotFound,
        PaymentNotCaptured,
        RefundTooLarge,
        InsufficientBalance,
        *_KEYED,
        *_MOVING,
        *STEP_UP_ERRORS,
    ),
    openapi_extra=idempotency.DOCUMENTED,
)
async def refund_payment(
    admin: Refunder, request: Request, db: Db, user_id: UUID, payment_id: UUID, body: RefundCreate
) -> Response:
    """Send money of a payment back to where it came from: set aside now, out of what the customer can spend."""
    key = idempotency.key_of(request)
    begun = await staff_service.refund(db, admin.user_id, user_id, payment_id, body, key=key)
    return idempotency.reply(begun, status=HTTP_201_CREATED)


@router.get("/{payment_id}", responses=web.errors(PaymentNotFound, *_ONE, *USER_ERRORS))
async def show_payment(user: SignedInUser, context: Context, db: Db, payment_id: UUID) -> PaymentDetail:
    """One of my payments, with what went back of it."""
    return await staff_service.get_mine(db, context, user.user_id, payment_id)


@router.post(
    "/{payment_id}/check",
    responses=web.errors(PaymentNotFound, GatewayTimeout, *_MOVING, *USER_ERRORS),
)
async def check_payment(user: SignedInUser, context: Context, payment_id: UUID) -> PaymentDetail:
    """Ask the gateway now what became of my payment. Where it was asked a moment ago, that answer counts."""
    await status_checks_service.check(context, user.user_id, payment_id)
    return await context.database.run(
        lambda db: staff_service.get_mine(db, context, user.user_id, payment_id)
    )


@router.post(
    "/{payment_id}/confirm",
    responses=web.errors(PaymentNotFound, CheckoutSignatureInvalid, GatewayTimeout, *_MOVING, *USER_ERRORS),
)
async def confirm_payment(
    user: SignedInUser, context: Context, payment_id: UUID, body: ConfirmPayment
) -> PaymentDetail:
    """What the gateway's checkout handed back: the payment is asked for at the gateway, and counts as that says."""
    handed = (body.razorpay_order_id, body.razorpay_payment_id, body.razorpay_signature)
    await status_checks_service.confirm(context, user.user_id, payment_id, handed)
    return await context.database.run(
        lambda db: staff_service.get_mine(db, context, user.user_id, payment_id)
    )
