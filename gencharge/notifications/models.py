"""Notices as the inbox keeps them (collection `notices`)."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Literal
from uuid import UUID

from gencharge.core.stores.mongo import Document

RecipientKind = Literal["user", "admin"]


class NotificationType(StrEnum):
    """What a notice is for; preferences and quiet hours depend on it."""

    TRANSACTIONAL = "transactional"
    """Something that the recipient did, or that happened to their money, plans or sign-ins."""
    REMINDER = "reminder"
    """Something that the recipient may want to do soon."""
    ANNOUNCEMENT = "announcement"
    """News for many."""
    PROMOTIONAL = "promotional"
    """An offer."""


@dataclass(frozen=True, slots=True)
class Recipient:
    """Whose inbox. Users and admins have ids of their own; the kind keeps their inboxes apart."""

    kind: RecipientKind
    id: UUID


@dataclass(frozen=True, slots=True)
class Draft:
    """What a template makes of an event. `kind` names the template; `data` is for the app that shows it: amounts in paise under names
    that end in `_paise`, which the API shows in rupees (`core.values.facts`)."""

    recipient: Recipient
    kind: str
    type: NotificationType
    title: str
    body: str
    data: dict[str, str | int | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Notice:
    """A notice in an inbox. Instants in UTC, to the millisecond."""

    id: UUID
    type: NotificationType
    kind: str
    title: str
    body: str
    data: dict[str, str | int | None]
    created_at: datetime
    viewed_at: datetime | None


def notice_id(event_id: UUID, draft: Draft) -> UUID:
    """The id of the notice of this event for this recipient: the same however often the event is delivered.

    A UUIDv7 (RFC 9562): the event's instant in front, a hash behind, so that ids still go by time.
    """
    name = f"{event_id}:{draft.recipient.kind}:{draft.recipient.id}:{draft.kind}"
    raw = bytearray(event_id.bytes[:6] + hashlib.sha256(name.encode()).digest()[:10])
    raw[6] = raw[6] & 0x0F | 0x70
    raw[8] = raw[8] & 0x3F | 0x80
    return UUID(bytes=bytes(raw))


def to_document(event_id: UUID, created_at: datetime, draft: Draft) -> Document:
    """The document of a new notice."""
    return {
        "_id": notice_id(event_id, draft),
        "recipient_kind": draft.recipient.kind,
        "recipient_id": draft.recipient.id,
        "event_id": event_id,
        "type": draft.type.value,
        "kind": draft.kind,
        "title": draft.title,
        "body": draft.body,
        "data": draft.data,
        "created_at": created_at,
        "viewed_at": None,
        "deleted_at": None,
    }


def from_document(document: Document) -> Notice:
    """The notice of a document."""
    return Notice(
        id=document["_id"],
        type=NotificationType(document["type"]),
        kind=document["kind"],
        title=document["title"],
        body=document["body"],
        data=document["data"],
        created_at=document["created_at"],
        viewed_at=document["viewed_at"],
    )
