"""`/recharge/.../receipt`: a customer's receipts, as JSON or PDF; for the staff, any customer's."""

from __future__ import annotations

from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import Depends, Header, Query, Request
from fastapi.responses import Response

from gencharge.core.errors import DatabaseUnavailable, ValidationFailed
from gencharge.core.http import web
from gencharge.core.postgres.database import StillLocked, WriteConflict, get_database
from gencharge.receipts import service as receipts
from gencharge.receipts.schemas import Format, ReceiptOut
from gencharge.recharge.errors import ReceiptNotReady, RechargeNotFound
from gencharge.sessions.guards import (
    SCOPED_ERRORS,
    USER_ERRORS,
    Action,
    Principal,
    Requires,
    Resource,
    SignedInUser,
)

router = web.router("recharge")
Reader = Annotated[Principal, Depends(Requires(Resource.RECHARGE, Action.READ, scoped=True))]
Wanted = Annotated[
    Format | None,
    Query(alias="format", description="Without it, `Accept: application/pdf` asks for the PDF."),
]
Accept = Annotated[str, Header(max_length=500, include_in_schema=False)]
IfNoneMatch = Annotated[str, Header(max_length=500, description="The ETag of a PDF that you have.")]
_JSON: Final = "application/json"
_ALWAYS = (
    RechargeNotFound,
    ReceiptNotReady,
    StillLocked,
    WriteConflict,
    ValidationFailed,
    DatabaseUnavailable,
)
_ANSWERS: Final[dict[int | str, dict[str, Any]]] = {
    200: {"content": {receipts.PDF: {"schema": {"type": "string", "format": "binary"}}}},
    304: {"description": "The PDF is the one that `If-None-Match` names."},
}


@router.get(
    "/{recharge_id}/receipt",
    response_model=ReceiptOut,
    responses=_ANSWERS | web.errors(*_ALWAYS, *USER_ERRORS),
)
async def receipt(
    user: SignedInUser,
    request: Request,
    recharge_id: UUID,
    wanted: Wanted = None,
    accept: Accept = "",
    if_none_match: IfNoneMatch = "",
) -> Response:
    """The receipt of one of my recharges, with the tax in its price; a PDF to keep or to print.

    It gets its number when it is asked for first. 409 until the operator has the recharge.
    """
    database, settings = get_database(request), request.app.state.settings
    shown = await receipts.receipt(database, settings, user.user_id, recharge_id)
    return await _reply(request, shown, wanted or _preferred(accept), if_none_match)


@router.get(
    "/admin/{user_id}/{recharge_id}/receipt",
    summary="Receipt (staff)",
    response_model=ReceiptOut,
    responses=_ANSWERS | web.errors(*_ALWAYS, *SCOPED_ERRORS),
)
async def customers_receipt(
    admin: Reader,
    request: Request,
    user_id: UUID,
    recharge_id: UUID,
    wanted: Wanted = None,
    accept: Accept = "",
    if_none_match: IfNoneMatch = "",
) -> Response:
    """The receipt of a customer's recharge."""
    database, settings = get_database(request), request.app.state.settings
    shown = await receipts.customers_receipt(database, settings, admin, user_id, recharge_id)
    return await _reply(request, shown, wanted or _preferred(accept), if_none_match)


async def _reply(request: Request, shown: ReceiptOut, wanted: Format, if_none_match: str) -> Response:
    headers = {"Cache-Control": "private, no-cache", "Vary": "Accept"}
    if wanted == "json":
        return web.reply(shown, headers=headers)
    etag = f'"{receipts.version_of(shown)}"'
    headers["ETag"] = etag
    # The comparison is weak (RFC 9110 section 13.1.2): proxies may have put W/ in front.
    if {tag.strip().removeprefix("W/") for tag in if_none_match.split(",")} & {etag, "*"}:
        return Response(status_code=304, headers=headers)
    headers["Content-Disposition"] = f'attachment; filename="receipt-{shown.receipt_number}.pdf"'
    pdf = await receipts.Printer.of(request.app).pdf(shown)
    return Response(pdf, headers=headers, media_type=receipts.PDF)


def _preferred(accept: str) -> Format:
    """What the client would rather have: the PDF where it asks for it by name, and not for JSON just as much."""
    weights = dict(_weighed(part) for part in accept.lower().split(","))
    return "pdf" if weights.get(receipts.PDF, 0.0) > weights.get(_JSON, 0.0) else "json"


def _weighed(part: str) -> tuple[str, float]:
    kind, _, rest = part.partition(";")
    _, _, weight = rest.replace(" ", "").partition("q=")
    try:
        return kind.strip(), float(weight) if weight else 1.0
    except ValueError:
        return kind.strip(), 0.0
