"""Notices as the inbox keeps them (collection `notices`)."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from uuid import UUID

import orjson

from gencharge.core.rooms.resealing import SealedDocuments
from gencharge.core.stores.mongo import Document
from gencharge.core.values.recipient import NotificationType as NotificationType
from gencharge.core.values.recipient import Recipient as Recipient
from gencharge.core.vault.columns import place
from gencharge.core.vault.vault import Vault


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


def _clear_text(document: Document) -> str:
    """The content of a document that an earlier version wrote; empty if its owner deleted the notice."""
    if document.get("deleted_at") is not None:
        return ""
    return orjson.dumps({name: document[name] for name in _CONTENT}).decode()


_CONTENT: Final = ("title", "body", "data")
SEALED: Final = SealedDocuments("notices", "content", _clear_text, _CONTENT)


def notice_id(event_id: UUID, draft: Draft) -> UUID:
    """The id of the notice of this event for this recipient: the same however often the event is delivered.

    A UUIDv7 (RFC 9562): the event's instant in front, a hash behind, so that ids still go by time.
    """
    name = f"{event_id}:{draft.recipient.kind}:{draft.recipient.id}:{draft.kind}"
    raw = bytearray(event_id.bytes[:6] + hashlib.sha256(name.encode()).digest()[:10])
    raw[6] = raw[6] & 0x0F | 0x70
    raw[8] = raw[8] & 0x3F | 0x80
    return UUID(bytes=bytes(raw))


async def to_document(vault: Vault, event_id: UUID, created_at: datetime, draft: Draft) -> Document:
    """The document of a new notice. What it says is encrypted. Raises DataKeyNotUsable, DatabaseUnavailable."""
    own_id = notice_id(event_id, draft)
    content = orjson.dumps({"title": draft.title, "body": draft.body, "data": draft.data}).decode()
    return {
        "_id": own_id,
        "recipient_kind": draft.recipient.kind,
        "recipient_id": draft.recipient.id,
        "event_id": event_id,
        "type": draft.type.value,
        "kind": draft.kind,
        "content": await vault.seal_at(place(SEALED.name, (own_id,)), content),
        "created_at": created_at,
        "viewed_at": None,
        "deleted_at": None,
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
