"""`/wallet/topups`: money that comes into the wallet through the gateway."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request
from fastapi.responses import Response
from starlette.status import HTTP_201_CREATED

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
from gencharge.core.postgres.database import Db, ResourceLocked, WriteConflict
from gencharge.payments import topups_service as topups
from gencharge.payments.context import PaymentContext
from gencharge.payments.errors import GatewayDeclined, GatewayUnavailable, TopupLimitExceeded
from gencharge.payments.schemas import TopUp, TopUpOut, TopUpRoom
from gencharge.sessions.guards import USER_ERRORS, SignedInUser
from gencharge.velocity.errors import VelocityLimitExceeded
from gencharge.wallet.errors import WalletNotFound

router = web.router("wallet")
Context = Annotated[PaymentContext, Depends(PaymentContext.get)]


@router.get(
    "/topups/limits",
    summary="How much I can put into my wallet",
    responses=web.errors(WalletNotFound, ValidationFailed, DatabaseUnavailable, *USER_ERRORS),
)
async def get_limits(user: SignedInUser, db: Db, context: Context) -> TopUpRoom:
    """What is left of the limits of my KYC tier: what the wallet may hold, this month's and this financial year's load."""
    return await topups.room(db, context.settings, user.user_id)


@router.post(
    "/topups",
    summary="Put money into my wallet",
    status_code=HTTP_201_CREATED,
    response_model=TopUpOut,
    responses=web.errors(
        WalletNotFound,
        TopupLimitExceeded,
        VelocityLimitExceeded,
        GatewayUnavailable,
        GatewayDeclined,
        IdempotencyInProgress,
        IdempotencyKeyRequired,
        IdempotencyKeyReused,
        ReferenceAlreadyUsed,
        ResourceLocked,
        WriteConflict,
        MalformedJson,
        ValidationFailed,
        DatabaseUnavailable,
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
        await topups.top_up(context, user.user_id, body, key=key, session_id=user.session_id),
        status=HTTP_201_CREATED,
    )
