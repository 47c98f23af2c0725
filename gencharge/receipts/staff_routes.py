"""`/recharge/admin/.../receipt`: any customer's receipts (staff)."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Request
from fastapi.responses import Response

from gencharge.core.http import web
from gencharge.core.postgres.database import get_database
from gencharge.receipts import staff_service
from gencharge.receipts.routes import (
    ANSWERS,
    ERRORS,
    Accept,
    IfNoneMatch,
    RequestedFormat,
    preferred,
    reply_with,
)
from gencharge.receipts.schemas import ReceiptOut
from gencharge.sessions.guards import SCOPED_ERRORS, Action, Principal, Requires, Resource

router = web.router("recharge")
Reader = Annotated[Principal, Depends(Requires(Resource.RECHARGE, Action.READ, scoped=True))]


@router.get(
    "/admin/{user_id}/{recharge_id}/receipt",
    summary="Receipt (staff)",
    response_model=ReceiptOut,
    responses=ANSWERS | web.errors(*ERRORS, *SCOPED_ERRORS),
)
async def staff_get_receipt(
    admin: Reader,
    request: Request,
    user_id: UUID,
    recharge_id: UUID,
    format_: RequestedFormat = None,
    accept: Accept = "",
    if_none_match: IfNoneMatch = "",
) -> Response:
    """The receipt of a customer's recharge."""
    database, settings = get_database(request), request.app.state.settings
    receipt = await staff_service.get_receipt(database, settings, admin, user_id, recharge_id)
    return await reply_with(request, receipt, format_ or preferred(accept), if_none_match)
