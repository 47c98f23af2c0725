"""`/recharge/{recharge_id}/receipt`: a customer's receipts, as JSON or PDF."""

from __future__ import annotations

from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import Header, Query, Request
from fastapi.responses import Response

from gencharge.core import telemetry
from gencharge.core.errors import DatabaseUnavailable, ValidationFailed
from gencharge.core.http import language, masked, web
from gencharge.core.postgres.database import ResourceLocked, WriteConflict, get_database
from gencharge.receipts import printer_service
from gencharge.receipts import service as receipts
from gencharge.receipts.errors import ReceiptNotReady
from gencharge.receipts.schemas import Format, ReceiptOut
from gencharge.recharge.errors import RechargeNotFound
from gencharge.sessions.guards import USER_ERRORS, SignedInUser

router = web.router("recharge")
RequestedFormat = Annotated[
    Format | None,
    Query(alias="format", description="Without it, `Accept: application/pdf` asks for the PDF."),
]
Accept = Annotated[str, Header(max_length=500, include_in_schema=False)]
IfNoneMatch = Annotated[str, Header(max_length=500, description="The ETag of a PDF that you have.")]
_JSON: Final = "application/json"
ERRORS = (
    RechargeNotFound,
    ReceiptNotReady,
    ResourceLocked,
    WriteConflict,
    ValidationFailed,
    DatabaseUnavailable,
)
ANSWERS: Final[dict[int | str, dict[str, Any]]] = {
    200: {"content": {printer_service.PDF: {"schema": {"type": "string", "format": "binary"}}}},
    304: {"description": "The PDF is the one that `If-None-Match` names."},
}


@router.get(
    "/{recharge_id}/receipt",
    summary="The receipt of a recharge",
    response_model=ReceiptOut,
    responses=ANSWERS | web.errors(*ERRORS, *USER_ERRORS),
)
async def get_receipt(
    user: SignedInUser,
    request: Request,
    recharge_id: UUID,
    format_: RequestedFormat = None,
    accept: Accept = "",
    if_none_match: IfNoneMatch = "",
) -> Response:
    """The receipt of one of my recharges, with the tax in its price; a PDF to keep or to print, in English or Hindi.

    It gets its number at the first request. 409 until the operator has delivered the recharge.
    """
    database, settings = get_database(request), request.app.state.settings
    receipt = await receipts.get_receipt(database, settings, user.user_id, recharge_id)
    return await reply_with(request, receipt, format_ or preferred(accept), if_none_match)


async def reply_with(request: Request, receipt: ReceiptOut, format_: Format, if_none_match: str) -> Response:
    """The receipt in this format; 304 if the client has the PDF."""
    headers = {"Cache-Control": "private, no-cache", "Vary": "Accept"}
    if format_ == "json":
        return web.reply(receipt, headers=headers)
    if telemetry.context().masks_contacts:
        receipt = masked.masked_copy(receipt)
    spoken = language.spoken()
    etag = f'"{printer_service.version_of(receipt, spoken)}"'
    headers |= {"ETag": etag, "Content-Language": spoken.value, "Vary": "Accept, Accept-Language"}
    # A weak comparison (RFC 9110, section 13.1.2): a proxy may have put W/ in front.
    if {tag.strip().removeprefix("W/") for tag in if_none_match.split(",")} & {etag, "*"}:
        return Response(status_code=304, headers=headers)
    headers["Content-Disposition"] = f'attachment; filename="receipt-{receipt.receipt_number}.pdf"'
    pdf = await printer_service.Printer.of(request.app).pdf(receipt, spoken)
    return Response(pdf, headers=headers, media_type=printer_service.PDF)


def preferred(accept: str) -> Format:
    """The format that an Accept header prefers: PDF if it is named with a higher weight than JSON."""
    weights = dict(_weighed(part) for part in accept.lower().split(","))
    return "pdf" if weights.get(printer_service.PDF, 0.0) > weights.get(_JSON, 0.0) else "json"


def _weighed(part: str) -> tuple[str, float]:
    kind, _, rest = part.partition(";")
    _, _, weight = rest.replace(" ", "").partition("q=")
    try:
        return kind.strip(), float(weight) if weight else 1.0
    except ValueError:
        return kind.strip(), 0.0
