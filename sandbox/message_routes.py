"""The messages of development as a page and as JSON, and where GenCharge hands them over.

An SMS that names a reference is followed by a delivery receipt: `delivered`, or `failed` for a number that ends in 404.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime
from html import escape
from typing import Final
from zoneinfo import ZoneInfo

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox import html_pages
from sandbox.messages import Messages, SentMessage
from sandbox.notices import Notice, post
from sandbox.parts import Sandbox
from sandbox.scripts import SMS

_UNREACHABLE: Final = "404"
_INDIA: Final = ZoneInfo("Asia/Kolkata")


def _messages(request: Request) -> Messages:
    messages: Messages = request.app.state.sandbox.messages
    return messages


async def take(request: Request) -> Response:
    """`POST /sandbox/messages`: `{to, subject?, text, reference?}`."""
    try:
        body = json.loads(await request.body())
        to, text = body["to"], body["text"]
        subject, reference = body.get("subject") or "", body.get("reference") or ""
        if not all(isinstance(part, str) for part in (to, text, subject, reference)):
            raise TypeError
    except (ValueError, KeyError, TypeError, AttributeError):
        message = "body: a JSON object of to, text, subject and reference, each a string"
        return JSONResponse({"error": {"code": "invalid_field", "message": message}}, 422)
    sandbox: Sandbox = request.app.state.sandbox
    sandbox.messages.add(to, text, subject=subject)
    if reference and "@" not in to:
        _report(sandbox, to, reference)
    return Response(status_code=204)


def _report(sandbox: Sandbox, to: str, reference: str) -> None:
    """Queue the receipt of an SMS, if somebody takes receipts."""
    if not sandbox.config.receipt_secret:
        return
    receipt = {"reference": reference, "outcome": "delivered"}
    if to.endswith(_UNREACHABLE):
        receipt |= {"outcome": "failed", "reason": "absent subscriber"}
    notice = Notice(f"sms.{receipt['outcome']}", {"events": [receipt]})
    post(sandbox.db, SMS, [notice], None, now=sandbox.now, subject=reference, facts={})
    sandbox.courier.wake()


async def show_json(request: Request) -> Response:
    """`GET /sandbox/messages?to=`."""
    sent = _messages(request).to(request.query_params.get("to", ""))
    return JSONResponse(
        {
            "items": [
                {"to": m.to, "subject": m.subject, "text": m.text, "code": m.code, "sent_at": m.sent_at}
                for m in sent
            ]
        }
    )


async def show_page(request: Request) -> Response:
    """`GET /messages?to=`: newest first; a click on a code selects it."""
    recipient = request.query_params.get("to", "")
    sent = _messages(request).to(recipient)
    return html_pages.page(
        "messages.html",
        with_script=True,
        recipient=escape(recipient),
        rows="".join(_rows(sent)) or f'<p class="card empty">{_why_empty(recipient)}</p>',
    )


async def show_script(_request: Request) -> Response:
    """`GET /messages.js`: looks again for the page."""
    return html_pages.script("messages.js")


def _why_empty(recipient: str) -> str:
    if recipient:
        return f"No message to {escape(recipient)} since the sandbox was started."
    return (
        "Nothing was sent since the sandbox was started. Sign in with any number, and its code appears here."
    )


def _rows(sent: Iterable[SentMessage]) -> Iterable[str]:
    for message in sent:
        sent_at = datetime.fromtimestamp(message.sent_at, _INDIA)
        code = f'<b class="code">{message.code}</b>' if message.code else ""
        subject = f"<p><b>{escape(message.subject)}</b></p>" if message.subject else ""
        yield (
            f'<article class="card message"><div><a href="?to={escape(message.to.lstrip("+"))}">{escape(message.to)}</a>'
            f'<time datetime="{sent_at.isoformat()}">{sent_at:%H:%M:%S, %d %b}</time></div>'
            f"{code}{subject}<p>{escape(message.text)}</p></article>"
        )


ROUTES: Final = [
    Route("/messages", show_page, methods=["GET"]),
    Route("/messages.js", show_script, methods=["GET"]),
    Route("/sandbox/messages", take, methods=["POST"]),
    Route("/sandbox/messages", show_json, methods=["GET"]),
]
