"""Notices as the inbox keeps them (collection `notices`)."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

import orjson

from gencharge.core.events.events import Event
from gencharge.core.rooms.resealing import SealedDocuments
from gencharge.core.stores.mongo import Document
from gencharge.core.values.recipient import NotificationType as NotificationType
from gencharge.core.values.recipient import Recipient as Recipient
from gencharge.core.vault.columns import place
from gencharge.core.vault.vault import Vault


@dataclass(frozen=True, slots=True)
class Notice:
    """A notice in an inbox. Instants in UTC, to the millisecond."""

    id: UUID
    type: NotificationType
    kind: str
    title: str
    body: str
    data: Mapping[str, str | int | None]
    created_at: datetime
    viewed_at: datetime | None = None


def _clear_text(document: Document) -> str:
    """The content of a document that an earlier version wrote; empty if its owner deleted the notice."""
    if document.get("deleted_at") is not None:
        return ""
    return orjson.dumps({name: document[name] for name in _CONTENT}).decode()


_CONTENT: Final = ("title", "body", "data")
SEALED: Final = SealedDocuments("notices", "content", _clear_text, _CONTENT)


def owner_of(event: Event) -> Recipient:
    """The customer whom an event concerns."""
    return Recipient("user", UUID(event.user_id))


def notice_id(event_id: UUID, recipient: Recipient, kind: str) -> UUID:
    """The id of the notice of this event for this recipient: the same however often the event is delivered.

    A UUIDv7 (RFC 9562): the event's instant in front, a hash behind, so that ids still go by time.
    """
    name = f"{event_id}:{recipient.kind}:{recipient.id}:{kind}"
    raw = bytearray(event_id.bytes[:6] + hashlib.sha256(name.encode()).digest()[:10])
    raw[6] = raw[6] & 0x0F | 0x70
    raw[8] = raw[8] & 0x3F | 0x80
    return UUID(bytes=bytes(raw))


async def to_document(vault: Vault, recipient: Recipient, event_id: UUID, notice: Notice) -> Document:
    """The document of a new notice. What it says is encrypted. Raises DataKeyNotUsable, DatabaseUnavailable."""
    content = orjson.dumps({"title": notice.title, "body": notice.body, "data": notice.data}).decode()
    about = notice.data.get("recharge_id")
    return {
        "_id": notice.id,
        "recipient_kind": recipient.kind,
        "recipient_id": recipient.id,
        "event_id": event_id,
        "type": notice.type.value,
        "kind": notice.kind,
        "content": await vault.seal_at(place(SEALED.name, (notice.id,)), content),
        "created_at": notice.created_at,
        "viewed_at": None,
        "deleted_at": None,
        # Of which recharge it speaks: in clear, so that the recharge's story finds it.
        **({} if about is None else {"about": about}),
    }


async def from_document(vault: Vault, document: Document) -> Notice:
    """The notice of a document.

    Raises DataKeyLost, DataKeyNotUsable, StoredDataChanged, DatabaseUnavailable.
    """
    stored = document.get(SEALED.field)
    text = (
        _clear_text(document)
        if stored is None
        else await vault.open_at(place(SEALED.name, (document["_id"],)), stored)
    )
    content = orjson.loads(text)
    return Notice(
        id=document["_id"],
        type=NotificationType(document["type"]),
        kind=document["kind"],
        title=content["title"],
        body=content["body"],
        data=content["data"],
        created_at=document["created_at"],
        viewed_at=document["viewed_at"],
    )
