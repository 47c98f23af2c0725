"""`/bills`: what is due on postpaid numbers."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Query, Request
from fastapi.responses import Response
from starlette.status import HTTP_201_CREATED

from gencharge.bills import checkout_service, payment_service, service
from gencharge.bills.context_service import BillsContext
from gencharge.bills.errors import (
    BillAlreadyPaid,
    BillAmountInvalid,
    BillChanged,
    BillCustomersExceeded,
    BillExpired,
    BillLookupsExceeded,
    BillNotFound,
    BillOperatorRequired,
    BillOperatorUnavailable,
    NoBillDue,
    NumberIsPrepaid,
    NumberNotOfOperator,
)
from gencharge.bills.schemas import BillOut, BillPage, BillPaymentOut, BillQuery, FetchBill, PayBill
from gencharge.core.errors import (
    DatabaseUnavailable,
    IdempotencyInProgress,
    IdempotencyKeyRequired,
    IdempotencyKeyReused,
    MalformedJson,
    ReferenceAlreadyUsed,
    ValidationFailed,
)
from gencharge.core.http import idempotency, web
from gencharge.core.http.paging import CursorInvalid
from gencharge.core.postgres.database import Db, ResourceLocked, WriteConflict
from gencharge.operators.errors import CircleInvalid, OperatorInvalid
from gencharge.payments.errors import GatewayDeclined, GatewayUnavailable
from gencharge.payments.service import PaymentContext
from gencharge.recharge.errors import BillPaymentPending, OperatorChannelUnavailable, OperatorDown
from gencharge.sessions.guards import USER_ERRORS, SignedInUser
from gencharge.velocity import service as velocity
from gencharge.velocity.errors import VelocityLimitExceeded
from gencharge.wallet.errors import InsufficientBalance
from gencharge.wallet.models import PaymentMethod

router = web.router("bills")
_ALWAYS = (*USER_ERRORS, ValidationFailed, DatabaseUnavailable)
_REFUSALS = (NumberIsPrepaid, NoBillDue, NumberNotOfOperator, BillOperatorUnavailable, OperatorDown)


@router.post(
    "/fetch",
    summary="Fetch a postpaid bill",
    responses=web.errors(
        *_REFUSALS,
        OperatorInvalid,
        CircleInvalid,
        BillOperatorRequired,
        BillCustomersExceeded,
        BillLookupsExceeded,
        MalformedJson,
        ResourceLocked,
        WriteConflict,
        *_ALWAYS,
    ),
)
async def fetch_bill(user: SignedInUser, request: Request, body: FetchBill) -> BillOut:
    """Ask the operator what is due on a postpaid number. Asking changes nothing at the operator; the bill is kept in my list."""
    return await service.fetch(BillsContext.of(request.app), user.user_id, body)


@router.post(
    "/{bill_id}/pay",
    summary="Pay a bill",
    status_code=HTTP_201_CREATED,
    response_model=BillPaymentOut,
    responses=web.errors(
        BillNotFound,
        BillExpired,
        BillAlreadyPaid,
        BillPaymentPending,
        BillChanged,
        BillAmountInvalid,
        OperatorChannelUnavailable,
        VelocityLimitExceeded,
        InsufficientBalance,
        GatewayUnavailable,
        GatewayDeclined,
        IdempotencyInProgress,
        IdempotencyKeyRequired,
        IdempotencyKeyReused,
        ReferenceAlreadyUsed,
        MalformedJson,
        ResourceLocked,
        WriteConflict,
        *_REFUSALS,
        *_ALWAYS,
    ),
    openapi_extra=idempotency.DOCUMENTED,
)
async def pay_bill(user: SignedInUser, request: Request, bill_id: UUID, body: PayBill) -> Response:
    """Pay a bill in full or in part. Money of my wallet is held until the operator has taken it; if it does not, it comes back.

    By `upi`, `card` or `netbanking` the answer says what to pay at the gateway; what the operator does not take then goes into my wallet.

    The same Idempotency-Key and body again: the same answer, with `Idempotent-Replayed: true`.
    """
    context, key = BillsContext.of(request.app), idempotency.key_of(request)
    limits = velocity.limits_of(context.settings, user.session_id)
    if body.payment_method is PaymentMethod.WALLET:
        paid = await payment_service.pay(context, user.user_id, bill_id, body, key=key, limits=limits)
    else:
        gateway = PaymentContext.of(request.app)
        paid = await checkout_service.pay(
            context, gateway, user.user_id, bill_id, body, key=key, limits=limits
        )
    return idempotency.reply(paid, status=HTTP_201_CREATED)


@router.get("", summary="My bills", responses=web.errors(CursorInvalid, *_ALWAYS))
async def list_bills(user: SignedInUser, db: Db, query: Annotated[BillQuery, Query()]) -> BillPage:
    """The bills that I fetched, the newest first, each as it was when it was last fetched."""
    return await service.list_bills(db, user.user_id, query)


@router.get("/{bill_id}", summary="One bill", responses=web.errors(BillNotFound, *_ALWAYS))
async def get_bill(user: SignedInUser, db: Db, bill_id: UUID) -> BillOut:
    """One of my bills, as it was when it was last fetched."""
    return await service.show(db, user.user_id, bill_id)
