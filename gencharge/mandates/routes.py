"""`/mandates`: what customers allow to be charged without a checkout."""

from __future__ import annotations

from typing import Annotated, Final
from uuid import UUID

from fastapi import Depends, Query, Request
from fastapi.responses import Response
from starlette.status import HTTP_201_CREATED, HTTP_204_NO_CONTENT

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
from gencharge.mandates import service
from gencharge.mandates.errors import MandateLimitExceeded, MandateNotFound
from gencharge.mandates.schemas import MandateCreate, MandateCreated, MandateOut, MandatePage, MandateQuery
from gencharge.payments.errors import GatewayDeclined, GatewayUnavailable
from gencharge.payments.service import PaymentContext
from gencharge.sessions.guards import USER_ERRORS, SignedInUser
from gencharge.users.errors import UserAlreadyArchived, UserNotFound

router = web.router("mandates")
Context = Annotated[PaymentContext, Depends(PaymentContext.get)]
_READING: Final = (*USER_ERRORS, ValidationFailed, DatabaseUnavailable)


@router.post(
    "",
    summary="Allow charges without a checkout",
    status_code=HTTP_201_CREATED,
    response_model=MandateCreated,
    responses=web.errors(
        MandateLimitExceeded,
        UserNotFound,
        UserAlreadyArchived,
        GatewayUnavailable,
        GatewayDeclined,
        IdempotencyInProgress,
        IdempotencyKeyRequired,
        IdempotencyKeyReused,
        ResourceLocked,
        WriteConflict,
        MalformedJson,
        *_READING,
    ),
    openapi_extra=idempotency.DOCUMENTED,
)
async def create_mandate(
    user: SignedInUser, request: Request, context: Context, body: MandateCreate
) -> Response:
    """Register a mandate at the gateway, for autopay and top-ups that happen by themselves.

    Approve it on `checkout_url` or in the gateway's own checkout. That costs one rupee, which goes into the wallet.
    No card or account number is stored here.
    """
    key = idempotency.key_of(request)
    answer = await service.create(context, user.user_id, body, key=key)
    return idempotency.reply(answer, status=HTTP_201_CREATED)


@router.get("", responses=web.errors(CursorInvalid, *_READING))
async def list_mandates(user: SignedInUser, db: Db, query: Annotated[MandateQuery, Query()]) -> MandatePage:
    """My mandates, newest first."""
    return await service.list_mandates(db, user.user_id, query)


@router.get("/{mandate_id}", responses=web.errors(MandateNotFound, *_READING))
async def get_mandate(user: SignedInUser, db: Db, mandate_id: UUID) -> MandateOut:
    """One of my mandates."""
    return await service.show(db, user.user_id, mandate_id)


@router.delete(
    "/{mandate_id}",
    summary="Revoke a mandate",
    status_code=HTTP_204_NO_CONTENT,
    responses=web.errors(MandateNotFound, ResourceLocked, WriteConflict, *_READING),
)
async def delete_mandate(user: SignedInUser, db: Db, mandate_id: UUID) -> None:
    """Nothing is charged to it from now on, and the gateway cancels it. Autopays that are paid by it are paused."""
    await service.revoke(db, user.user_id, mandate_id)
