"""E-mails, and what a mail server's answers mean."""

from __future__ import annotations

import re
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import Any, Final

import aiosmtplib

from gencharge.core.message import (
    SEND_SECONDS,
    ChannelDown,
    Message,
    MessageRefused,
    NotSent,
    RecipientRefused,
    cause,
)
from gencharge.core.settings import Settings
from gencharge.core.tls import tls
from gencharge.core.tracing import spans
from gencharge.core.values import clock

_GOING_AWAY: Final = 421
_ABOUT_US: Final = (
    aiosmtplib.SMTPAuthenticationError,
    aiosmtplib.SMTPHeloError,
    aiosmtplib.SMTPSenderRefused,
)
_FOR_GOOD: Final = 500
_ENHANCED_STATUS: Final = re.compile(r"[245]\.\d{1,3}\.\d{1,3}")
# RFC 3463: no such mailbox, no such system, bad syntax, moved without a new address, a domain that takes no mail; a mailbox that was disabled.
_UNKNOWN_STATUSES: Final = frozenset({"5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.1"})
_UNKNOWN_CODES: Final = frozenset({550, 551, 553})


def _smtp_problem(error: aiosmtplib.SMTPException) -> NotSent:
    """What a mail server's answer means (RFC 5321, RFC 3463). Without its text, which may quote the recipient."""
    if isinstance(error, aiosmtplib.SMTPRecipientsRefused):
        refusal: aiosmtplib.SMTPException = error.recipients[0]
        if isinstance(refusal, aiosmtplib.SMTPRecipientRefused) and _is_unknown(
            refusal.code, refusal.message
        ):
            return RecipientRefused(f"SMTP {refusal.code}")
    else:
        refusal = error
    if isinstance(refusal, aiosmtplib.SMTPNotSupported):
        return MessageRefused("the mail server can't write to such an address")
    if not isinstance(refusal, aiosmtplib.SMTPResponseException) or refusal.code == _GOING_AWAY:
        return ChannelDown(type(error).__name__)
    if isinstance(refusal, _ABOUT_US):
        return ChannelDown(f"{type(error).__name__} {refusal.code}")
    kind = MessageRefused if refusal.code >= _FOR_GOOD else NotSent
    return kind(f"SMTP {refusal.code}")


def _is_unknown(code: int, text: str) -> bool:
    """Whether a refusal of a recipient says that there is no such mailbox, rather than that it is full or that we are not welcome."""
    status = _ENHANCED_STATUS.match(text)
    if status is not None:
        return status.group() in _UNKNOWN_STATUSES
    return code in _UNKNOWN_CODES


class Smtp:
    """E-mail."""

    name = "smtp"

    def __init__(self, settings: Settings) -> None:
        self._sender = settings.smtp_sender
        self._options: dict[str, Any] = {
            "hostname": settings.smtp_host,
            "port": settings.smtp_port,
            "username": settings.smtp_username or None,
            "password": settings.smtp_password.get_secret_value() or None,
            "start_tls": settings.smtp_starttls,
            "timeout": SEND_SECONDS,
            "tls_context": tls(),
        }

    async def send(self, message: Message) -> None:
        """Send it. Raises NotSent."""
        if not message.email:
            raise NotSent("no e-mail address")
        mail = self._mail(message)
        try:
            with spans.call("send e-mail", {}):
                await aiosmtplib.send(mail, **self._options)
        except (aiosmtplib.SMTPConnectError, OSError) as error:
            raise ChannelDown(cause(error)) from error
        except aiosmtplib.SMTPException as error:
            raise _smtp_problem(error) from error

    def _mail(self, message: Message) -> EmailMessage:
        mail = EmailMessage(policy=SMTP)
        mail["From"] = self._sender
        mail["To"] = message.email
        mail["Subject"] = message.subject
        mail["Date"] = format_datetime(clock.now())
        if message.message_id:
            mail["Message-ID"] = f"<{message.message_id}@{self._sender.rpartition('@')[2]}>"
        for name, value in message.headers.items():
            mail[name] = value
        mail.set_content(message.text)
        if message.html:
            mail.add_alternative(message.html, subtype="html")
        return mail

    async def close(self) -> None:
        """Nothing to give back: each e-mail has a connection of its own."""
