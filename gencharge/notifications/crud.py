"""The collection `notices`. Every query names the recipient's kind and id, so that no one reaches another's notices.

`created_at` is when a notice is shown first: one that is scheduled is neither listed nor counted before.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from pymongo import ASCENDING, DESCENDING, IndexModel, ReturnDocument
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.asynchronous.database import AsyncDatabase

from gencharge.core.stores.mongo import Document, add_once
from gencharge.notifications.models import SEALED, NotificationType, Recipient

COLLECTION: Final = SEALED.collection
_OWNER: Final = [("recipient_kind", ASCENDING), ("recipient_id", ASCENDING)]
_NEWEST_FIRST: Final = [("created_at", DESCENDING), ("_id", DESCENDING)]
INDEXES: Final = [
    IndexModel([*_OWNER, *_NEWEST_FIRST], name="inbox"),
    IndexModel(
        [*_OWNER, ("deleted_at", ASCENDING), ("viewed_at", ASCENDING), *_NEWEST_FIRST], name="unread_newest"
    ),
    # Without it a page of a rare type looks at the whole inbox.
    IndexModel([*_OWNER, ("type", ASCENDING), ("deleted_at", ASCENDING), *_NEWEST_FIRST], name="type_newest"),
    IndexModel(
        [*_OWNER, ("about", ASCENDING), ("created_at", ASCENDING)],
        name="about",
        partialFilterExpression={"about": {"$exists": True}},
    ),
    IndexModel(
        [("appears_at", ASCENDING)], name="appears", partialFilterExpression={"appears_at": {"$exists": True}}
    ),
]


def _notices(documents: AsyncDatabase[Document]) -> AsyncCollection[Document]:
    return documents[COLLECTION]


def _inbox(owner: Recipient, now: datetime, **also: Any) -> Document:
    shown = {"created_at": {"$lte": now}}
    return {"recipient_kind": owner.kind, "recipient_id": owner.id, "deleted_at": None, **shown, **also}


async def add_notices(documents: AsyncDatabase[Document], notices: Sequence[Document]) -> None:
    """Add those that are not there yet. A notice that its owner deleted stays deleted."""
    # Cheap if the indexes exist; a database that was dropped or restored gets them back.
    await _notices(documents).create_indexes(INDEXES)
    await add_once(_notices(documents), notices)


async def list_notices(
    documents: AsyncDatabase[Document],
    owner: Recipient,
    *,
    kind: NotificationType | None,
    unread: bool | None,
    now: datetime,
    after: tuple[datetime, UUID] | None,
    limit: int,
) -> list[Document]:
    """The newest first; `after` is the last one of the page before."""
    conditions = _conditions(owner, now, kind=kind, unread=unread)
    if after is not None:
        instant, tie = after
        conditions["created_at"] = {"$lte": min(instant, now)}  # the bound that the index can use
        conditions["$or"] = [{"created_at": {"$lt": instant}}, {"_id": {"$lt": tie}}]
    return await _notices(documents).find(conditions).sort(_NEWEST_FIRST).limit(limit).to_list()


async def list_about(
    documents: AsyncDatabase[Document], owner: Recipient, about: str, *, now: datetime, limit: int
) -> list[Document]:
    """What the owner was told about a recharge, the oldest first, with what they deleted since; without the texts."""
    conditions = {
        "recipient_kind": owner.kind,
        "recipient_id": owner.id,
        "about": about,
        "created_at": {"$lte": now},
    }
    fields = {"kind": True, "created_at": True, "viewed_at": True}
    return await _notices(documents).find(conditions, fields).sort("created_at").limit(limit).to_list()


async def get_notices(documents: AsyncDatabase[Document], notice_ids: Sequence[UUID]) -> list[Document]:
    """Those of these notices that their owners have not deleted."""
    return await _notices(documents).find({"_id": {"$in": list(notice_ids)}, "deleted_at": None}).to_list()


async def list_known(documents: AsyncDatabase[Document], notice_ids: Sequence[UUID]) -> set[UUID]:
    """Those of these ids that a notice has, whether its owner deleted it or not."""
    known = _notices(documents).find({"_id": {"$in": list(notice_ids)}}, {"_id": True})
    return {row["_id"] async for row in known}


async def count_unread_of(
    documents: AsyncDatabase[Document], owners: Collection[Recipient], now: datetime
) -> dict[Recipient, int]:
    """How many unread notices each of these has. Who has none is left out."""
    counts: dict[Recipient, int] = {}
    for kind in {owner.kind for owner in owners}:
        ids = [owner.id for owner in owners if owner.kind == kind]
        unread = {
            "recipient_kind": kind,
            "recipient_id": {"$in": ids},
            "deleted_at": None,
            "viewed_at": None,
            "created_at": {"$lte": now},
        }
        group = {"_id": "$recipient_id", "count": {"$sum": 1}}
        async for row in await _notices(documents).aggregate([{"$match": unread}, {"$group": group}]):
            counts[Recipient(kind, row["_id"])] = row["count"]
    return counts


async def count_notices(
    documents: AsyncDatabase[Document],
    owner: Recipient,
    *,
    kind: NotificationType | None,
    unread: bool | None,
    now: datetime,
) -> int:
    """How many notices a list has in all."""
    return await _notices(documents).count_documents(_conditions(owner, now, kind=kind, unread=unread))


def _conditions(
    owner: Recipient, now: datetime, *, kind: NotificationType | None, unread: bool | None
) -> Document:
    conditions = _inbox(owner, now)
    if kind is not None:
        conditions["type"] = kind.value
    if unread is not None:
        conditions["viewed_at"] = None if unread else {"$ne": None}
    return conditions


async def list_appeared(documents: AsyncDatabase[Document], now: datetime, limit: int) -> list[Document]:
    """Notices that waited, whose time has come and of which that was not said yet; without what they say."""
    fields = {"recipient_kind": 1, "recipient_id": 1, "deleted_at": 1}
    appeared = _notices(documents).find({"appears_at": {"$lte": now}}, fields)
    return await appeared.sort("appears_at", ASCENDING).limit(limit).to_list()


async def set_appeared(documents: AsyncDatabase[Document], notice_ids: Sequence[UUID]) -> None:
    """It was said that these are there."""
    await _notices(documents).update_many({"_id": {"$in": list(notice_ids)}}, {"$unset": {"appears_at": ""}})


async def mark_viewed(
    documents: AsyncDatabase[Document], owner: Recipient, notice_id: UUID, now: datetime
) -> Document | None:
    """The notice, viewed; the first view's instant stays. None if it is not in this inbox."""
    first_view = [{"$set": {"viewed_at": {"$ifNull": ["$viewed_at", now]}}}]
    return await _notices(documents).find_one_and_update(
        _inbox(owner, now, _id=notice_id), first_view, return_document=ReturnDocument.AFTER
    )


async def mark_all_viewed(documents: AsyncDatabase[Document], owner: Recipient, now: datetime) -> int:
    """How many were unread."""
    result = await _notices(documents).update_many(
        _inbox(owner, now, viewed_at=None), {"$set": {"viewed_at": now}}
    )
    return result.modified_count


async def mark_deleted(
    documents: AsyncDatabase[Document], owner: Recipient, notice_id: UUID, now: datetime
) -> bool:
    """False if it is not in this inbox. The document stays, so that a late delivery can't bring it back."""
    result = await _notices(documents).update_one(
        _inbox(owner, now, _id=notice_id),
        {"$set": {"deleted_at": now, "content": ""}, "$unset": dict.fromkeys(SEALED.clear_fields, "")},
    )
    return result.matched_count == 1


async def delete_inbox(documents: AsyncDatabase[Document], owner: Recipient) -> None:
    """Delete all of an owner's notices, also those that they deleted: no document is left."""
    await _notices(documents).delete_many({"recipient_kind": owner.kind, "recipient_id": owner.id})
