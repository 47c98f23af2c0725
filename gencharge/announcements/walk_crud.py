"""How far the worker has come with an announcement, in its document: `next_at` is when it is looked at again, `lease` who is at it."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from pymongo import ASCENDING, ReturnDocument

from gencharge.announcements.crud import ANNOUNCEMENTS, Db
from gencharge.core.events import document_events
from gencharge.core.stores.mongo import Document


async def lease(documents: Db, *, lease_id: UUID, now: datetime, until: datetime) -> Document | None:
    """Lease the one that is longest due until an instant; None if none is due."""
    return await documents[ANNOUNCEMENTS].find_one_and_update(
        {"next_at": {"$lte": now}},
        {"$set": {"next_at": until, "lease": lease_id}},
        sort=[("next_at", ASCENDING)],
        return_document=ReturnDocument.AFTER,
    )


async def mark_announced(documents: Db, announcement_id: UUID, lease_id: UUID, carried: Document) -> bool:
    """Note that it is announced, with the event; False if another worker did, or it was cancelled."""
    result = await documents[ANNOUNCEMENTS].update_one(
        {"_id": announcement_id, "lease": lease_id, "announced": False, "cancelled_at": None},
        {"$set": {"announced": True}, "$push": {document_events.FIELD: carried}},
    )
    return result.matched_count == 1


async def mark_parked(
    documents: Db, announcement_id: UUID, lease_id: UUID, values: Document, carried: Document
) -> bool:
    """Note that it can't be read, with the event; False if that is noted already, or the lease is lost."""
    result = await documents[ANNOUNCEMENTS].update_one(
        {"_id": announcement_id, "lease": lease_id, "parked_at": None},
        {"$set": values, "$push": {document_events.FIELD: carried}},
    )
    return result.matched_count == 1


async def mark_readable(documents: Db, announcement_id: UUID) -> None:
    """Take back that it can't be read."""
    await documents[ANNOUNCEMENTS].update_one(
        {"_id": announcement_id}, {"$unset": {"parked_at": "", "is_hidden": ""}}
    )


async def advance(
    documents: Db, announcement_id: UUID, lease_id: UUID, values: Document, counts: dict[str, int]
) -> bool:
    """Note how far it is, and count what was passed, in one step. False if the lease is lost."""
    result = await documents[ANNOUNCEMENTS].update_one(
        {"_id": announcement_id, "lease": lease_id}, {"$set": values, "$inc": counts}
    )
    return result.matched_count == 1


async def release(
    documents: Db, announcement_id: UUID, lease_id: UUID, next_at: datetime | None, values: Document
) -> None:
    """Give the lease back; None: there is nothing left to do."""
    changes: dict[str, Any] = {"$set": values | {"lease": None}}
    if next_at is None:
        changes["$unset"] = {"next_at": ""}
    else:
        changes["$set"]["next_at"] = next_at
    await documents[ANNOUNCEMENTS].update_one({"_id": announcement_id, "lease": lease_id}, changes)
