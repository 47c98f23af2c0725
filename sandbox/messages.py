"""The phones and mailboxes of development: what GenCharge would have sent, newest first, as a page and as JSON.

In memory only and limited in number, because these are codes that open accounts: they go when the sandbox does.
"""

from __future__ import annotations

import json
import re
import time
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from html import escape
from typing import Final
from zoneinfo import ZoneInfo

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox import html_pages

LIMIT: Final = 500
_MAX_CHARACTERS: Final = 2_000
_CODE: Final = re.compile(r"(?<!\d)\d{6}(?!\d)")
_INDIA: Final = ZoneInfo("Asia/Kolkata")


@dataclass(frozen=True, slots=True)
class SentMessage:
    """An SMS or an e-mail; `to` is a phone number or an address, `sent_at` seconds since 1970."""

    to: str
    subject: str
    text: str
    sent_at: float

    @property
    def code(self) -> str:
        """The one-time password in the text; empty if there is none."""
        match = _CODE.search(self.text)
        return match.group() if match else ""


class Messages:
    """The last messages. The oldest make room for new ones."""

    def __init__(self, limit: int = LIMIT) -> None:
        self._sent: deque[SentMessage] = deque(maxlen=limit)

    def __len__(self) -> int:
        return len(self._sent)

    def add(self, to: str, text: str, *, subject: str = "") -> None:
        """Keep a message; overlong parts are cut."""
        to, subject, text = (part[:_MAX_CHARACTERS] for part in (to, subject, text))
        self._sent.appendleft(SentMessage(to, subject, text, sent_at=time.time()))

    def to(self, recipient: str = "") -> list[SentMessage]:
        """The messages whose number or address contains `recipient`, newest first."""
        pattern = recipient.replace(" ", "").lower()
        return [message for message in self._sent if pattern in message.to.lower()]

    def clear(self) -> None:
        """Forget all."""
        self._sent.clear()


def _messages(request: Request) -> Messages:
    messages: Messages = request.app.state.sandbox.messages
    return messages


async def take(request: Request) -> Response:
    """`POST /sandbox/messages`: `{to, subject?, text}`."""
    try:
        body = json.loads(await request.body())
        to, text, subject = body["to"], body["text"], body.get("subject") or ""
        if not all(isinstance(part, str) for part in (to, text, subject)):
            raise TypeError
    except (ValueError, KeyError, TypeError, AttributeError):
        message = "body: a JSON object of to, text and subject, each a string"
        return JSONResponse({"error": {"code": "invalid_field", "message": message}}, 422)
    _messages(request).add(to, text, subject=subject)
    return Response(status_code=204)


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
