"""`/recharge/admin/bulk-refunds`: refunds of many recharges (staff)."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request

from gencharge.core.errors import (
    DatabaseUnavailable,
    IdempotencyKeyRequired,
    IdempotencyKeyReused,
    MalformedJson,
    ValidationFailed,
)
from gencharge.core.http import idempotency, web
from gencharge.core.postgres.database import get_database
from gencharge.recharge import bulk_staff_service
from gencharge.recharge.bulk_schemas import BulkRefundsOut, RefundRecharges
from gencharge.sessions.errors import StepUpRequired
from gencharge.sessions.guards import SCOPED_ERRORS, Action, Principal, Requires, Resource

router = web.router("recharge")
Editor = Annotated[Principal, Depends(Requires(Resource.RECHARGE, Action.EDIT, scoped=True, step_up=True))]


@router.post(
    "/admin/bulk-refunds",
    summary="Take many recharges back (staff)",
    responses=web.errors(
        IdempotencyKeyRequired,
        IdempotencyKeyReused,
        MalformedJson,
        ValidationFailed,
        StepUpRequired,
        DatabaseUnavailable,
        *SCOPED_ERRORS,
    ),
    openapi_extra=idempotency.DOCUMENTED,
)
async def staff_refund_in_bulk(admin: Editor, request: Request, body: RefundRecharges) -> BulkRefundsOut:
    """Refund what is left of up to 50 recharges to the wallets, or with `is_dry_run` say what that would be.

    Each is a refund like any other: a large one waits for a second admin, and one that is refused stops no other. Needs step-up.
    """
    return await bulk_staff_service.refund(
        get_database(request),
        admin,
        body,
        key=idempotency.key_of(request),
        alone_limit=request.app.state.settings.refund_alone_limit,
    )
