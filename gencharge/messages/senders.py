"""How a message leaves on each channel: one port, and what stands behind it by the settings."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from html import escape, unescape
from typing import Final, Protocol
from uuid import UUID

from gencharge.core.message import Message
from gencharge.core.messenger import Channel, Console, HttpSms
from gencharge.core.settings import Settings
from gencharge.core.smtp import Smtp
from gencharge.core.values.recipient import Contact, NotificationType, Recipient
from gencharge.messages.models import DropReason, MessageChannel
from gencharge.messages.segments import count_segments
from gencharge.messages.unsubscribing import Subscription, headers_of, link_of

# In the frame of an e-mail: where its link to unsubscribe stands, and what it says.
_LINK: Final = re.compile(r"<!--unsubscribe:([^<>]+)-->")


@dataclass(frozen=True, slots=True)
class Content:
    """What a message says. `email`: of a visitor, whom no account tells the address of."""

    title: str
    text: str
    html: str
    dlt_template_id: str
    data: dict[str, str | int | None]
    email: str = ""


@dataclass(frozen=True, slots=True)
class Task:
    """A leased message. `contact` is where the recipient is reached now; `obstacle` says why it can't be sent."""

    id: UUID
    recipient: Recipient
    channel: MessageChannel
    kind: str
    type: NotificationType
    content: str
    attempts: int
    lease_id: UUID
    created_at: datetime
    contact: Contact
    obstacle: DropReason | None = None
    # Of a push message: the devices that a former attempt reached.
    reached: tuple[str, ...] = ()
    # The provider reported that it arrived, though a former attempt ended without an answer.
    has_arrived: bool = False


class Sender(Protocol):
    """Hands messages of one channel to its provider."""

    async def send(self, task: Task, content: Content) -> int:
        """Send it, and return how many units are billed. Raises NotSent."""
        ...

    async def close(self) -> None:
        """Give connections back."""
        ...


class SmsSender:
    """SMS over the port of `core.messenger`."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel

    async def send(self, task: Task, content: Content) -> int:
        """Send it; the units are segments. Raises NotSent."""
        message = Message(
            text=content.text,
            phone_number=task.contact.phone_number,
            template_id=content.dlt_template_id,
            message_id=str(task.id),
        )
        await self._channel.send(message)
        return count_segments(content.text)

    async def close(self) -> None:
        """Close the connections."""
        await self._channel.close()


class EmailSender:
    """E-mail over the port of `core.messenger`."""

    def __init__(self, channel: Channel, settings: Settings) -> None:
        self._channel = channel
        self._settings = settings

    async def send(self, task: Task, content: Content) -> int:
        """Send it. Every copy has the same Message-ID, so a mailbox can tell. Raises NotSent."""
        subscription = Subscription(task.recipient, task.type)
        text, html = with_link(content, link_of(self._settings, subscription))
        message = Message(
            text=text,
            email=task.contact.email,
            subject=content.title,
            html=html,
            message_id=str(task.id),
            headers=headers_of(self._settings, subscription),
        )
        await self._channel.send(message)
        return 1

    async def close(self) -> None:
        """Close the connections."""
        await self._channel.close()


def with_link(content: Content, link: str | None) -> tuple[str, str]:
    """The text and the HTML of an e-mail, with the link to unsubscribe where its frame has a place for it; None: without."""
    place = _LINK.search(content.html)
    if place is None:
        return content.text, content.html
    if link is None:
        return content.text, _LINK.sub("", content.html)
    shown = f'<br><a href="{escape(link)}" style="color:#5b6472">{place[1]}</a>'
    return f"{content.text}\n{unescape(place[1])}: {link}", _LINK.sub(lambda _: shown, content.html)


def senders_of(settings: Settings) -> dict[MessageChannel, Sender]:
    """The channels that have a provider. In development SMS and e-mails without one go to the sandbox's page."""
    senders = dict[MessageChannel, Sender]()
    if settings.gencharge_sms_url:
        senders[MessageChannel.SMS] = SmsSender(HttpSms(settings))
    elif settings.is_development:
        senders[MessageChannel.SMS] = SmsSender(Console(inbox_url=settings.message_inbox_url, prints=False))
    if settings.smtp_host:
        senders[MessageChannel.EMAIL] = EmailSender(Smtp(settings), settings)
    elif settings.is_development:
        senders[MessageChannel.EMAIL] = EmailSender(
            Console(inbox_url=settings.message_inbox_url, prints=False), settings
        )
    return senders


def provided(settings: Settings) -> frozenset[MessageChannel]:
    """The channels that messages can be sent over with these settings: SMS and e-mails in development always."""
    providers = {
        MessageChannel.SMS: settings.gencharge_sms_url or settings.is_development,
        MessageChannel.EMAIL: settings.smtp_host or settings.is_development,
        MessageChannel.WEB_PUSH: settings.vapid_private_key.get_secret_value(),
        MessageChannel.MOBILE_PUSH: settings.fcm_service_account.get_secret_value()
        or settings.apns_private_key.get_secret_value(),
    }
    return frozenset(channel for channel, provider in providers.items() if provider)


def rates_of(settings: Settings) -> dict[MessageChannel, int]:
    """Messages a second, of all workers together."""
    return {
        MessageChannel.SMS: settings.sms_per_second,
        MessageChannel.EMAIL: settings.emails_per_second,
        MessageChannel.WEB_PUSH: settings.web_pushes_per_second,
        MessageChannel.MOBILE_PUSH: settings.mobile_pushes_per_second,
    }


def prices_of(settings: Settings) -> dict[MessageChannel, int]:
    """What a unit costs, in thousandths of a paisa."""
    push = round(settings.push_price_paise * 1000)
    return {
        MessageChannel.SMS: round(settings.sms_price_paise * 1000),
        MessageChannel.EMAIL: round(settings.email_price_paise * 1000),
        MessageChannel.WEB_PUSH: push,
        MessageChannel.MOBILE_PUSH: push,
    }
