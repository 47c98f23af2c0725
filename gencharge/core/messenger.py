"""Messages to people's phones and mailboxes: one port, three channels.

    console   development: the text goes to standard output, and to the sandbox's page of messages
    sms       one HTTP POST to the provider (GENCHARGE_SMS_URL), with the ids that TRAI's DLT rules ask for
    smtp      one e-mail

A courier sends after the answer has left: no request ever waits for a provider.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any, Final, Protocol, TextIO

import httpx
from prometheus_client import Counter

from gencharge.core import telemetry
from gencharge.core.errors import Unavailable
from gencharge.core.message import SEND_SECONDS, ChannelDown, Message, MessageRefused, NotSent, cause
from gencharge.core.settings import Settings
from gencharge.core.smtp import Smtp
from gencharge.core.tls import tls
from gencharge.core.tracing import spans

MAX_WAITING: Final = 1_000
_ATTEMPTS: Final = 2
_INBOX_SECONDS: Final = 1.0
_LAST_WORDS_SECONDS: Final = 2.0
# An SMS provider's answers about this message. All others are about us or about it.
_ABOUT_THE_MESSAGE: Final = frozenset({400, 413, 422})
MESSAGES_SENT: Final = Counter("gencharge_messages_total", "Messages to people", ["channel", "outcome"])
log = telemetry.get_logger(__name__)


class MessengerBusy(Unavailable):
    """Too many messages are waiting to be sent. Try again soon."""


class Channel(Protocol):
    """A way to reach a person."""

    name: str

    async def send(self, message: Message) -> None:
        """Hand the message over. Raises NotSent."""
        ...

    async def close(self) -> None:
        """Give connections back."""
        ...


class Console:
    """Development: prints the message. Not through the log, which hides codes and numbers."""

    name = "console"

    def __init__(self, stream: TextIO | None = None, *, inbox_url: str = "", prints: bool = True) -> None:
        """`prints`: False for what comes in hundreds, and would push the terminal's own lines away: it is in the inbox only."""
        self._stream = stream
        self._prints = prints
        self._inbox_url = inbox_url
        self._client = httpx.AsyncClient(timeout=_INBOX_SECONDS, trust_env=False, verify=tls())

    async def send(self, message: Message) -> None:
        """Print it, and show it in the inbox if there is one."""
        if self._prints:
            stream = self._stream or sys.stdout
            stream.write(f"[message to {message.phone_number or message.email}] {message.text}\n")
            stream.flush()
        if self._inbox_url:
            body = {
                "to": message.phone_number or message.email,
                "subject": message.subject,
                "text": message.text,
                **_reference(message),
            }
            # Development: an inbox that is away loses nothing that anybody needs.
            with suppress(httpx.HTTPError):
                await self._client.post(self._inbox_url, json=body)

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()


def _reference(message: Message) -> dict[str, str]:
    """What the provider's receipt names the message by. A code has none: nobody waits for its receipt."""
    return {"reference": message.message_id} if message.message_id else {}


class HttpSms:
    """An SMS provider: JSON by POST, a bearer key, no redirects."""

    name = "sms"

    def __init__(self, settings: Settings) -> None:
        self._url = settings.gencharge_sms_url
        self._entity_id = settings.sms_dlt_entity_id
        self._header = settings.sms_header
        key = settings.sms_api_key.get_secret_value()
        self._client = httpx.AsyncClient(
            timeout=SEND_SECONDS / _ATTEMPTS,
            follow_redirects=False,
            # A proxy of the environment would see codes and the key.
            trust_env=False,
            verify=tls(),
            # A provider that knows us by our address needs no key, and an empty one would be no valid header.
            headers={"Authorization": f"Bearer {key}"} if key else {},
        )

    async def send(self, message: Message) -> None:
        """POST it. Raises NotSent."""
        if not message.phone_number:
            raise NotSent("no phone number")
        body = {
            "to": message.phone_number,
            "text": message.text,
            "header": self._header,
            "entity_id": self._entity_id,
            "template_id": message.template_id,
            **_reference(message),
        }
        try:
            with spans.call("POST sms", {}) as span:
                answer = await self._client.post(self._url, json=body)
                spans.answered(span, answer.status_code)
        except httpx.HTTPError as error:
            raise ChannelDown(cause(error)) from error
        if answer.status_code in _ABOUT_THE_MESSAGE:
            raise MessageRefused(f"status {answer.status_code}")
        if not answer.is_success:
            raise ChannelDown(f"status {answer.status_code}")

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()


class SmsAndMail:
    """An SMS provider, and a mail server for what goes to an e-mail address alone."""

    name = "sms"

    def __init__(self, sms: HttpSms, mail: Smtp) -> None:
        self._sms = sms
        self._mail = mail

    async def send(self, message: Message) -> None:
        """Send it by SMS, or by e-mail if there is no phone number. Raises NotSent."""
        await (self._sms if message.phone_number else self._mail).send(message)

    async def close(self) -> None:
        """Close the connections."""
        await self._sms.close()


def reaches_phones(settings: Settings) -> bool:
    """True if messages to a phone number alone can be sent."""
    return settings.otp_channel != "smtp"


def reaches_mail(settings: Settings) -> bool:
    """True if messages to an e-mail address alone can be sent."""
    return settings.otp_channel != "sms" or bool(settings.smtp_host)


def channel_of(settings: Settings, *, prints: bool = True) -> Channel:
    """The channel that the settings name. With `OTP_CHANNEL=sms` and a mail server, e-mails are sent as well.

    `prints`: as of `Console`.
    """
    if settings.otp_channel == "sms":
        sms = HttpSms(settings)
        return SmsAndMail(sms, Smtp(settings)) if settings.smtp_host else sms
    if settings.otp_channel == "smtp":
        return Smtp(settings)
    return Console(inbox_url=settings.message_inbox_url, prints=prints)


class Courier:
    """Runs what is to be sent after the answer. What waits when the process ends gets two seconds more."""

    def __init__(self, channel: Channel) -> None:
        self.channel = channel
        self._running: set[asyncio.Task[None]] = set()

    def soon(self, errand: Coroutine[Any, Any, Message | None]) -> None:
        """Send what `errand` comes up with, some time soon. Raises MessengerBusy."""
        if len(self._running) >= MAX_WAITING:
            errand.close()
            raise MessengerBusy
        task = asyncio.get_running_loop().create_task(self._run(errand))
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def _run(self, errand: Coroutine[Any, Any, Message | None]) -> None:
        try:
            message = await errand
            if message is not None:
                await self.send(message)
        except Unavailable as error:
            log.warning("errand_failed", error=error.code())
        except Exception:
            log.exception("errand_failed")

    async def send(self, message: Message) -> bool:
        """Send now, twice if need be. False if it could not be sent; it is logged and counted."""
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                await self.channel.send(message)
            except NotSent as error:
                log.warning("message_not_sent", channel=self.channel.name, attempt=attempt, reason=str(error))
            else:
                MESSAGES_SENT.labels(self.channel.name, "sent").inc()
                return True
        MESSAGES_SENT.labels(self.channel.name, "failed").inc()
        return False

    async def drain(self) -> None:
        """Wait until all is sent."""
        while self._running:
            await asyncio.wait(set(self._running))

    async def close(self) -> None:
        """Finish what is being sent, or cancel it."""
        with suppress(TimeoutError):
            async with asyncio.timeout(_LAST_WORDS_SECONDS):
                await self.drain()
        for task in self._running:
            task.cancel()
        await self.channel.close()
