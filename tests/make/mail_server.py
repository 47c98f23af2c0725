"""A real SMTP server: aiosmtpd's."""

from __future__ import annotations

import asyncio
import ssl
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

from aiosmtpd.smtp import SMTP


class MailServer:
    """What arrived, and what it is to answer. `recipients` and `data` hold replies such as `550 5.1.1 no such user`."""

    def __init__(self) -> None:
        self.port = 0
        self.mails: list[EmailMessage] = []
        self.copies: Counter[str] = Counter()
        self.recipients: dict[str, str] = {}
        self.data = ""
        self.hangs = False

    async def handle_RCPT(  # noqa: N802 - aiosmtpd names it
        self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any
    ) -> str:
        """The answer to a recipient."""
        reply = self.recipients.get(address, "")
        if reply:
            return reply
        envelope.rcpt_tos.append(address)
        return "250 ok"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802 - aiosmtpd names it
        """Keep the e-mail."""
        if self.hangs:
            await asyncio.Event().wait()
        if self.data:
            return self.data
        mail = message_from_bytes(envelope.content, policy=default)
        assert isinstance(mail, EmailMessage)
        self.mails.append(mail)
        self.copies[str(mail["Message-ID"])] += 1
        return "250 ok"


@asynccontextmanager
async def mail_server(*, tls: ssl.SSLContext | None = None) -> AsyncIterator[MailServer]:
    """A mail server on a port of its own; with `tls` it takes nothing before STARTTLS."""
    handler = MailServer()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: SMTP(handler, tls_context=tls, require_starttls=tls is not None, loop=loop), "127.0.0.1", 0
    )
    async with server:
        handler.port = server.sockets[0].getsockname()[1]
        yield handler
