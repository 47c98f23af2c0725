"""A real SMTP server: aiosmtpd's."""

from __future__ import annotations

import asyncio
import ssl
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509.oid import NameOID


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


def certificate_of(folder: Path, name: str) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """What a server named `name` serves TLS with, and what a client that trusts it has."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, SHA256())
    )
    pem = serialization.Encoding.PEM
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path = folder / f"{name}.pem"
    path.write_bytes(private + certificate.public_bytes(pem))
    served = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    served.load_cert_chain(path)
    trusting = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    trusting.load_verify_locations(path)
    return served, trusting
