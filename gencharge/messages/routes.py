"""`/messages`: what the links in e-mails and the mail provider call. Nobody is signed in here; a signature says who asks."""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import Query, Request
from fastapi.responses import HTMLResponse
from pydantic import ValidationError

from gencharge.core.errors import DocumentsUnavailable, MalformedJson, ValidationFailed
from gencharge.core.http import language, web
from gencharge.core.http.web import errors
from gencharge.core.settings import Settings
from gencharge.core.stores.mongo import Documents
from gencharge.core.wording import worded
from gencharge.messages import mail_service as service
from gencharge.messages import pages, receipt_service, receipts
from gencharge.messages.bounces import MAX_REPORTS, SIGNATURE, ReportBounces, is_signed
from gencharge.messages.errors import (
    BounceSignatureInvalid,
    ReceiptSignatureInvalid,
    UnsubscribeLinkInvalid,
)
from gencharge.messages.unsubscribing import read_token

router = web.router("messages")
Token = Annotated[str, Query(max_length=200, description="That of the link in the e-mail.")]
_LINK: Final = errors(ValidationFailed, UnsubscribeLinkInvalid, DocumentsUnavailable)
_PAGE: Final[dict[int | str, dict[str, Any]]] = {
    200: {"description": "A page.", "content": {"text/html": {"schema": {"type": "string"}}}}
}


def _events(limit: int) -> dict[str, Any]:
    """The body of a provider's reports: it is read as it is, because its bytes are what is signed. `docs/how-to/send-messages.md` has its fields:
    this document is the customers'."""
    events = {"type": "array", "items": {"type": "object"}, "maxItems": limit}
    schema = {"type": "object", "required": ["events"], "properties": {"events": events}}
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}}


def _settings(request: Request) -> Settings:
    settings: Settings = request.app.state.settings
    return settings


def _page(title: str, button: str, action: str) -> HTMLResponse:
    speaks = language.spoken()
    return HTMLResponse(
        pages.page(title, button, action, speaks), headers=pages.HEADERS | language.HEADERS[speaks]
    )


@router.get("/unsubscribe", response_class=HTMLResponse, responses=_PAGE | _LINK)
async def get_unsubscribe_page(request: Request, token: Token) -> HTMLResponse:
    """The page that the link in an e-mail leads to. It changes nothing: programs that check mail open every link."""
    question = pages.question(read_token(_settings(request), token).type)
    return _page(question, worded("Unsubscribe"), f"unsubscribe?token={token}")


@router.post("/unsubscribe", response_class=HTMLResponse, responses=_PAGE | _LINK)
async def unsubscribe(request: Request, documents: Documents, token: Token) -> HTMLResponse:
    """Send no e-mails of this type any more (RFC 8058: one click in the mail program, or the button of the page)."""
    await service.unsubscribe(documents, read_token(_settings(request), token))
    return _page(
        worded("You will get no more of these e-mails."), worded("Undo"), f"resubscribe?token={token}"
    )


@router.post("/resubscribe", response_class=HTMLResponse, responses=_PAGE | _LINK)
async def resubscribe(request: Request, documents: Documents, token: Token) -> HTMLResponse:
    """Send them again."""
    await service.resubscribe(documents, read_token(_settings(request), token))
    return _page(worded("You get these e-mails again."), worded("Unsubscribe"), f"unsubscribe?token={token}")


@router.post(
    "/bounces",
    summary="The mail provider's reports",
    status_code=204,
    response_model=None,
    responses=errors(BounceSignatureInvalid, MalformedJson, ValidationFailed, DocumentsUnavailable),
    openapi_extra=_events(MAX_REPORTS),
)
async def report_bounces(request: Request, documents: Documents) -> None:
    """For the mail provider. `X-Bounce-Signature` is the HMAC-SHA256 of the raw body under BOUNCE_SECRET, in hexadecimal digits."""
    body, settings = await request.body(), _settings(request)
    if not is_signed(settings.bounce_secret, request.headers.get(SIGNATURE, ""), body):
        raise BounceSignatureInvalid
    try:
        reports = ReportBounces.model_validate_json(body)
    except ValidationError:
        raise MalformedJson from None
    await service.take_reports(documents, settings, reports.events)
    await receipt_service.take_mail_reports(documents, reports.events)


@router.post(
    "/receipts",
    summary="The SMS provider's delivery receipts",
    status_code=204,
    response_model=None,
    responses=errors(ReceiptSignatureInvalid, MalformedJson, ValidationFailed, DocumentsUnavailable),
    openapi_extra=_events(receipts.MAX_RECEIPTS),
)
async def report_receipts(request: Request, documents: Documents) -> None:
    """For the SMS provider. `X-Receipt-Signature` is the HMAC-SHA256 of the raw body under SMS_RECEIPT_SECRET, in hexadecimal digits."""
    body, secret = await request.body(), _settings(request).sms_receipt_secret
    if not is_signed(secret, request.headers.get(receipts.SIGNATURE, ""), body):
        raise ReceiptSignatureInvalid
    try:
        reports = receipts.ReportReceipts.model_validate_json(body)
    except ValidationError:
        raise MalformedJson from None
    await receipt_service.take_sms_receipts(documents, reports.events)
