"""`/messages`: what the links in e-mails and the mail provider call. Nobody is signed in here; a signature says who asks."""

from __future__ import annotations

from html import escape
from typing import Annotated, Any, Final

from fastapi import Query, Request
from fastapi.responses import HTMLResponse
from pydantic import ValidationError

from gencharge.core.errors import DocumentsUnavailable, MalformedJson, ValidationFailed
from gencharge.core.http import web
from gencharge.core.http.web import errors
from gencharge.core.settings import Settings
from gencharge.core.stores.mongo import Documents
from gencharge.messages import mail_service as service
from gencharge.messages.bounces import MAX_REPORTS, SIGNATURE, ReportBounces, is_signed
from gencharge.messages.errors import BounceSignatureInvalid, UnsubscribeLinkInvalid
from gencharge.messages.unsubscribing import read_token

router = web.router("messages")
Token = Annotated[str, Query(max_length=200, description="That of the link in the e-mail.")]
_LINK: Final = errors(ValidationFailed, UnsubscribeLinkInvalid, DocumentsUnavailable)
_PAGE: Final[dict[int | str, dict[str, Any]]] = {
    200: {"description": "A page.", "content": {"text/html": {"schema": {"type": "string"}}}}
}
_HEADERS: Final = {
    "Content-Security-Policy": "default-src 'none'; form-action 'self'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
}
_REPORT: Final = {
    "type": "object",
    "required": ["kind", "email"],
    "properties": {
        "kind": {"type": "string", "enum": ["hard_bounce", "soft_bounce", "complaint"]},
        "email": {"type": "string"},
    },
}
_NAMES: Final = {"reminder": "reminders", "announcement": "announcements", "promotional": "offers"}


def _settings(request: Request) -> Settings:
    settings: Settings = request.app.state.settings
    return settings


def _page(title: str, button: str, action: str) -> HTMLResponse:
    return HTMLResponse(
        '<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>{escape(title)}</title><h1>{escape(title)}</h1>"
        f'<form method="post" action="{escape(action)}"><button>{escape(button)}</button></form></html>',
        headers=_HEADERS,
    )


@router.get("/unsubscribe", response_class=HTMLResponse, responses=_PAGE | _LINK)
async def get_unsubscribe_page(request: Request, token: Token) -> HTMLResponse:
    """The page that the link in an e-mail leads to. It changes nothing: programs that check mail open every link."""
    name = _NAMES.get(read_token(_settings(request), token).type, "e-mails")
    return _page(f"Stop e-mails with {name} from GenCharge?", "Unsubscribe", f"unsubscribe?token={token}")


@router.post("/unsubscribe", response_class=HTMLResponse, responses=_PAGE | _LINK)
async def unsubscribe(request: Request, documents: Documents, token: Token) -> HTMLResponse:
    """Send no e-mails of this type any more (RFC 8058: one click in the mail program, or the button of the page)."""
    await service.unsubscribe(documents, read_token(_settings(request), token))
    return _page("You will get no more of these e-mails.", "Undo", f"resubscribe?token={token}")


@router.post("/resubscribe", response_class=HTMLResponse, responses=_PAGE | _LINK)
async def resubscribe(request: Request, documents: Documents, token: Token) -> HTMLResponse:
    """Send them again."""
    await service.resubscribe(documents, read_token(_settings(request), token))
    return _page("You get these e-mails again.", "Unsubscribe", f"unsubscribe?token={token}")


@router.post(
    "/bounces",
    summary="The mail provider's reports",
    status_code=204,
    response_model=None,
    responses=errors(BounceSignatureInvalid, MalformedJson, ValidationFailed, DocumentsUnavailable),
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {
                "application/json": {
                    "schema": {
                        "type": "object",
                        "required": ["events"],
                        "properties": {
                            "events": {"type": "array", "items": _REPORT, "maxItems": MAX_REPORTS}
                        },
                    }
                }
            },
        }
    },
)
async def report_bounces(request: Request, documents: Documents) -> None:
    """For the mail provider. `X-Bounce-Signature` is the HMAC-SHA256 of the raw body under BOUNCE_SECRET, in hexadecimal digits."""
    body, settings = await request.body(), _settings(request)
    if not is_signed(settings, request.headers.get(SIGNATURE, ""), body):
        raise BounceSignatureInvalid
    try:
        reports = ReportBounces.model_validate_json(body)
    except ValidationError:
        raise MalformedJson from None
    await service.take_reports(documents, settings, reports.events)
