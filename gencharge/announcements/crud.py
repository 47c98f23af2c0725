"""The collections `announcements` and `announcement_views`: what was announced, and what became of it in each inbox that it was touched in."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from pymongo import ASCENDING, DESCENDING, IndexModel, UpdateOne
from pymongo.asynchronous.database import AsyncDatabase

from gencharge.announcements.models import SEALED, Reader
from gencharge.core.events import document_events
from gencharge.core.stores.mongo import Document
from gencharge.core.values.recipient import NotificationType, Recipient

ANNOUNCEMENTS: Final = SEALED.collection
VIEWS: Final = "announcement_views"
_INDEXES: Final = {
    ANNOUNCEMENTS: [
        IndexModel([("audience", ASCENDING), ("starts_at", DESCENDING), ("_id", DESCENDING)], name="shown"),
        IndexModel(
            [("next_at", ASCENDING)], name="next", partialFilterExpression={"next_at": {"$exists": True}}
        ),
        document_events.INDEX,
    ],
    VIEWS: [
        IndexModel([("recipient_kind", ASCENDING), ("recipient_id", ASCENDING)], name="recipient"),
        IndexModel([("announcement_id", ASCENDING), ("viewed_at", ASCENDING)], name="announcement"),
    ],
}
Db = AsyncDatabase[Document]


@dataclass(frozen=True, slots=True)
class Inbox:
    """Whose inbox, and the types of announcements that it shows."""

    reader: Reader
    types: frozenset[NotificationType]


def _view_id(announcement_id: UUID, recipient: Recipient) -> UUID:
    """One document for each announcement and recipient."""
    name = f"{announcement_id}:{recipient.kind}:{recipient.id}"
    return UUID(bytes=hashlib.sha256(name.encode()).digest()[:16])


# What the staff do


async def add_announcement(documents: Db, announcement: Document) -> None:
    """Add a draft."""
    # Cheap if the indexes exist; a database that was dropped or restored gets them back.
    await documents[ANNOUNCEMENTS].create_indexes(_INDEXES[ANNOUNCEMENTS])
    await documents[ANNOUNCEMENTS].insert_one(announcement)


async def get_announcement(documents: Db, announcement_id: UUID, scope: Document) -> Document | None:
    """One within a scope (`{}`: all)."""
    return await documents[ANNOUNCEMENTS].find_one({"_id": announcement_id, "deleted_at": None, **scope})


async def list_announcements(
    documents: Db, conditions: Document, after: UUID | None, limit: int
) -> list[Document]:
    """The newest first, from the one after `after` on."""
    conditions = {**conditions, "deleted_at": None}
    if after is not None:
        conditions["_id"] = {"$lt": after}
    return await documents[ANNOUNCEMENTS].find(conditions).sort("_id", DESCENDING).limit(limit).to_list()


async def count_announcements(documents: Db, conditions: Document) -> int:
    """How many there are."""
    return await documents[ANNOUNCEMENTS].count_documents({**conditions, "deleted_at": None})


async def change_announcement(
    documents: Db, announcement_id: UUID, generation: int, values: Document, carried: Sequence[Document]
) -> bool:
    """Move it from this generation to the next; False if it has another one."""
    result = await documents[ANNOUNCEMENTS].update_one(
        {"_id": announcement_id, "generation": generation, "deleted_at": None},
        {
            "$set": values | {"generation": generation + 1},
            "$push": {document_events.FIELD: {"$each": list(carried)}},
        },
    )
    return result.matched_count == 1


async def count_viewed(documents: Db, announcement_ids: Collection[UUID]) -> dict[UUID, int]:
    """How many have viewed each of these; one that nobody viewed is left out."""
    viewed = {"announcement_id": {"$in": list(announcement_ids)}, "viewed_at": {"$ne": None}}
    group = {"_id": "$announcement_id", "count": {"$sum": 1}}
    rows = await documents[VIEWS].aggregate([{"$match": viewed}, {"$group": group}])
    return {row["_id"]: row["count"] async for row in rows}


# What readers see


def _shown_in(inbox: Inbox, now: datetime) -> Document:
    return {
        "audience": {"$in": sorted(inbox.reader.keys)},
        "type": {"$in": sorted(type.value for type in inbox.types)},
        "starts_at": {"$gte": inbox.reader.since, "$lte": now},
        "ends_at": {"$gt": now},
        "cancelled_at": None,
        "is_hidden": {"$ne": True},
    }


async def list_views(documents: Db, recipient: Recipient) -> list[Document]:
    """What a recipient viewed or deleted."""
    own = {"recipient_kind": recipient.kind, "recipient_id": recipient.id}
    return await documents[VIEWS].find(own).to_list()


async def get_view(documents: Db, recipient: Recipient, announcement_id: UUID) -> Document:
    """What became of an announcement in an inbox; empty: nothing."""
    return await documents[VIEWS].find_one({"_id": _view_id(announcement_id, recipient)}) or {}


async def list_shown(
    documents: Db,
    inbox: Inbox,
    *,
    only: Collection[UUID] | None = None,
    without: Collection[UUID] = (),
    now: datetime,
    after: tuple[datetime, UUID] | None = None,
    limit: int,
) -> list[Document]:
    """What an inbox shows, the newest first; `after` is the last one of the page before."""
    conditions = _shown_in(inbox, now) | {"_id": _ids(only, without)}
    if after is not None:
        instant, tie = after
        conditions["starts_at"] = {"$gte": inbox.reader.since, "$lte": min(instant, now)}
        conditions["$or"] = [{"starts_at": {"$lt": instant}}, {"_id": {"$lt": tie}}]
    order = [("starts_at", DESCENDING), ("_id", DESCENDING)]
    return await documents[ANNOUNCEMENTS].find(conditions).sort(order).limit(limit).to_list()


async def count_shown(
    documents: Db, inbox: Inbox, *, only: Collection[UUID] | None, without: Collection[UUID], now: datetime
) -> int:
    """How many an inbox shows."""
    conditions = _shown_in(inbox, now) | {"_id": _ids(only, without)}
    return await documents[ANNOUNCEMENTS].count_documents(conditions)


def _ids(only: Collection[UUID] | None, without: Collection[UUID]) -> Document:
    return {"$nin": list(without)} | ({} if only is None else {"$in": list(only)})


async def list_current(documents: Db, keys: Collection[str], now: datetime) -> list[Document]:
    """What is shown now to readers who have one of these keys, without what it says."""
    conditions = {
        "audience": {"$in": sorted(keys)},
        "starts_at": {"$lte": now},
        "ends_at": {"$gt": now},
        "cancelled_at": None,
        "is_hidden": {"$ne": True},
    }
    fields = {"audience": 1, "type": 1, "starts_at": 1}
    return await documents[ANNOUNCEMENTS].find(conditions, fields).to_list()


async def list_views_of(
    documents: Db, recipients: Collection[Recipient], announcement_ids: Iterable[UUID]
) -> list[Document]:
    """What became of these announcements in these inboxes."""
    conditions: Document = {
        "recipient_kind": {"$in": sorted({recipient.kind for recipient in recipients})},
        "recipient_id": {"$in": [recipient.id for recipient in recipients]},
        "announcement_id": {"$in": list(announcement_ids)},
    }
    fields = {"announcement_id": 1, "recipient_kind": 1, "recipient_id": 1}
    return await documents[VIEWS].find(conditions, fields).to_list()


async def mark(
    documents: Db, recipient: Recipient, announcement_ids: Sequence[UUID], field: str, now: datetime
) -> None:
    """Set `viewed_at` or `deleted_at` where it is not set yet; the first instant stays."""
    if not announcement_ids:
        return
    # Cheap if the indexes exist; a database that was dropped or restored gets them back.
    await documents[VIEWS].create_indexes(_INDEXES[VIEWS])
    changes = []
    for announcement_id in announcement_ids:
        first: dict[str, Any] = {
            "announcement_id": announcement_id,
            "recipient_kind": recipient.kind,
            "recipient_id": recipient.id,
            field: {"$ifNull": [f"${field}", now]},
        }
        changes.append(
            UpdateOne({"_id": _view_id(announcement_id, recipient)}, [{"$set": first}], upsert=True)
        )
    await documents[VIEWS].bulk_write(changes, ordered=False)


async def delete_of_recipient(documents: Db, recipient: Recipient, key: str) -> None:
    """Delete what a recipient viewed or deleted, and what was announced to them alone."""
    own = {"recipient_kind": recipient.kind, "recipient_id": recipient.id}
    await documents[VIEWS].delete_many(own)
    await documents[ANNOUNCEMENTS].delete_many({"audience": key})
