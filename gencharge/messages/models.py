"""Messages as the queue keeps them (collection `messages`)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

import orjson

from gencharge.core.rooms.resealing import SealedDocuments
from gencharge.core.stores.mongo import Document
from gencharge.core.values.recipient import NotificationType, Recipient
from gencharge.core.vault.columns import place
from gencharge.core.vault.vault import Vault
from gencharge.devices.models import DevicePlatform


class MessageChannel(StrEnum):
    """How a message travels."""

    SMS = "sms"
    EMAIL = "email"
    WEB_PUSH = "web_push"
    """To the browsers that the recipient subscribed with."""
    MOBILE_PUSH = "mobile_push"
    """To the recipient's Android and iOS devices."""


PLATFORMS: Final = {
    MessageChannel.WEB_PUSH: frozenset({DevicePlatform.WEB}),
    MessageChannel.MOBILE_PUSH: frozenset({DevicePlatform.ANDROID, DevicePlatform.IOS}),
}


class MessageState(StrEnum):
    """How far a message is."""

    WAITING = "waiting"
    """For its time, or for its next try."""
    SENDING = "sending"
    """A worker is at it."""
    SENT = "sent"
    """The provider took it."""
    PARKED = "parked"
    """It failed too often. The staff can send it again."""
    NO_PROVIDER = "no_provider"
    """No provider is set up for the channel. The staff can send it once there is one."""
    DROPPED = "dropped"
    """It can't or must not be sent; `drop_reason` says why."""


class Receipt(StrEnum):
    """What the provider reported later of a message that it took."""

    DELIVERED = "delivered"
    """It arrived."""
    FAILED = "failed"
    """It did not."""


# What a channel's last word is, whichever report comes first: a phone that has an SMS has it, and a mailbox that took an e-mail may send it back.
LAST_WORDS: Final = {MessageChannel.SMS: Receipt.DELIVERED, MessageChannel.EMAIL: Receipt.FAILED}


class DropReason(StrEnum):
    """Why a message was not sent."""

    NO_ADDRESS = "no_address"
    """The recipient has no phone number or no confirmed e-mail address."""
    NO_DEVICE = "no_device"
    """The recipient has no device for push messages, or none is left."""
    NO_RECIPIENT = "no_recipient"
    """The account is blocked, closed or erased."""
    CHANNEL_OFF = "channel_off"
    """No provider is set up for the channel, and later it would say nothing new."""
    UNDELIVERABLE = "undeliverable"
    """The address does not exist, or its mail server refuses us."""
    UNSUBSCRIBED = "unsubscribed"
    """The recipient unsubscribed from this type of e-mail."""
    REFUSED = "refused"
    """The provider refuses this message, however often it is sent."""
    UNREADABLE = "unreadable"
    """The key of its text is lost."""
    TOO_MANY = "too_many"
    """The recipient had as many SMS in 24 hours as SMS_PER_RECIPIENT_DAY allows."""
    CANCELLED = "cancelled"
    """The staff took back what it belongs to."""


# A security notice does not wait behind a million offers.
PRIORITIES: Final = {
    NotificationType.TRANSACTIONAL: 0,
    NotificationType.REMINDER: 1,
    NotificationType.ANNOUNCEMENT: 2,
    NotificationType.PROMOTIONAL: 3,
}


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message to be sent. The recipient's address is looked up when it is sent; only a visitor's `email` comes with the message.

    `id` is the caller's: a message whose id is known already is not queued again. `kind` is the name of the template, `title` the subject of
    an e-mail or the title of a push message, `html` counts for e-mails only, `data` for push messages only: it tells the app what to open.
    `not_before` is an instant in UTC; None: now. `batch` is what it belongs to, such as an announcement: its messages are counted, and those
    that wait can be dropped together. `to_closed`: it is sent to the owner of an account that is closed, too.
    """

    id: UUID
    recipient: Recipient
    channel: MessageChannel
    kind: str
    type: NotificationType
    text: str
    title: str = ""
    html: str = ""
    dlt_template_id: str = ""
    data: dict[str, str | int | None] = field(default_factory=dict)
    not_before: datetime | None = None
    batch: UUID | None = None
    email: str = ""
    to_closed: bool = False


def _no_clear_text(document: Document) -> str:
    """No earlier version kept messages."""
    del document
    return ""


# Not the joiners of Devanagari, which are no breaks.
_BREAKS: Final = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
SEALED: Final = SealedDocuments("messages", "content", _no_clear_text, ())


def plain_title(title: str) -> str:
    """The title in one line: a line break in it would begin another header of an e-mail."""
    return " ".join(_BREAKS.sub(" ", title).split())


async def to_document(vault: Vault, message: Outgoing, now: datetime) -> Document:
    """The document of a new message. What it says is encrypted. Raises DataKeyNotUsable, DatabaseUnavailable."""
    content = {
        "title": plain_title(message.title),
        "text": message.text,
        "html": message.html,
        "dlt_template_id": message.dlt_template_id,
        "data": message.data,
        # Left out if there is none: a worker of the last release does not know it.
        **({"email": message.email} if message.email else {}),
    }
    return {
        "_id": message.id,
        "recipient_kind": message.recipient.kind,
        "recipient_id": message.recipient.id,
        "channel": message.channel.value,
        "kind": message.kind,
        "type": message.type.value,
        "priority": PRIORITIES[message.type],
        "content": await vault.seal_at(place(SEALED.name, (message.id,)), orjson.dumps(content).decode()),
        "state": MessageState.WAITING.value,
        "due_at": message.not_before or now,
        "attempts": 0,
        "created_at": now,
        **({} if message.batch is None else {"batch": message.batch}),
        **({"to_closed": True} if message.to_closed else {}),
    }
