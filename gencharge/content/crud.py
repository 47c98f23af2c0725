"""The collections of content and of pictures."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from pymongo import ASCENDING, DESCENDING, IndexModel
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import DuplicateKeyError

from gencharge.core.events import document_events
from gencharge.core.stores.mongo import Document

CONTENTS: Final = "contents"
EDITIONS: Final = "content_editions"
PICTURES: Final = "pictures"
_INDEXES: Final = {
    CONTENTS: [
        # A slug is free again once its content was deleted.
        IndexModel(
            [("slug", ASCENDING)],
            name="slug",
            unique=True,
            partialFilterExpression={"is_deleted": False},
        ),
        IndexModel([("kind", ASCENDING), ("position", ASCENDING), ("_id", ASCENDING)], name="order"),
        document_events.INDEX,
    ],
    PICTURES: [document_events.INDEX],
}
Db = AsyncDatabase[Document]


async def add_content(documents: Db, content: Document) -> bool:
    """False if its slug is taken."""
    # Cheap if the indexes exist; a database that was dropped or restored gets them back.
    await documents[CONTENTS].create_indexes(_INDEXES[CONTENTS])
    try:
        await documents[CONTENTS].insert_one(content)
    except DuplicateKeyError:
        return False
    return True


async def get_content(documents: Db, content_id: UUID) -> Document | None:
    """A piece of content that was not deleted."""
    return await documents[CONTENTS].find_one({"_id": content_id, "is_deleted": False})


async def change_content(
    documents: Db, content_id: UUID, generation: int, changes: Document, carried: Document
) -> bool:
    """Move the content from this generation to the next; False if it has another one, DuplicateKeyError if its slug is taken."""
    result = await documents[CONTENTS].update_one(
        {"_id": content_id, "generation": generation, "is_deleted": False},
        {"$set": changes | {"generation": generation + 1}, "$push": {document_events.FIELD: carried}},
    )
    return result.matched_count == 1


async def list_contents(
    documents: Db, conditions: Document, after: tuple[str, int, UUID] | None, limit: int
) -> list[Document]:
    """By kind, position and id, from the one after `after` on."""
    conditions = {**conditions, "is_deleted": False}
    if after is not None:
        kind, position, content_id = after
        conditions["$or"] = [
            {"kind": {"$gt": kind}},
            {"kind": kind, "position": {"$gt": position}},
            {"kind": kind, "position": position, "_id": {"$gt": content_id}},
        ]
    order = [("kind", ASCENDING), ("position", ASCENDING), ("_id", ASCENDING)]
    return await documents[CONTENTS].find(conditions).sort(order).limit(limit).to_list()


async def count_contents(documents: Db, conditions: Document) -> int:
    """How many there are."""
    return await documents[CONTENTS].count_documents({**conditions, "is_deleted": False})


async def list_published(documents: Db) -> list[Document]:
    """All content with a publication."""
    return (
        await documents[CONTENTS].find({"is_deleted": False, "publications.0": {"$exists": True}}).to_list()
    )


async def add_edition(documents: Db, edition: Document) -> None:
    """Add a edition. It counts once its content names it."""
    await documents[EDITIONS].insert_one(edition)


async def list_editions(documents: Db, ids: Iterable[UUID]) -> list[Document]:
    """The editions of these ids, in no order."""
    return await documents[EDITIONS].find({"_id": {"$in": list(ids)}}).to_list()


async def is_shown(documents: Db, image_id: UUID) -> bool:
    """Whether a edition of content that is there has this picture."""
    editions = await documents[EDITIONS].distinct("content_id", {"image_id": image_id})
    return (
        await documents[CONTENTS].count_documents({"_id": {"$in": editions}, "is_deleted": False}, limit=1)
        > 0
    )


async def add_picture(documents: Db, picture: Document) -> None:
    """Add a picture."""
    await documents[PICTURES].create_indexes(_INDEXES[PICTURES])
    await documents[PICTURES].insert_one(picture)


async def get_picture(documents: Db, image_id: UUID) -> Document | None:
    """A picture that was not deleted."""
    return await documents[PICTURES].find_one({"_id": image_id, "is_deleted": False})


async def get_pictures(documents: Db, ids: Iterable[UUID]) -> list[Document]:
    """Those of these pictures that were not deleted, in no order."""
    return await documents[PICTURES].find({"_id": {"$in": list(ids)}, "is_deleted": False}).to_list()


async def list_pictures(documents: Db, after: UUID | None, limit: int) -> Sequence[Document]:
    """The newest first: ids go by time."""
    conditions: dict[str, Any] = {"is_deleted": False}
    if after is not None:
        conditions["_id"] = {"$lt": after}
    return await documents[PICTURES].find(conditions).sort("_id", DESCENDING).limit(limit).to_list()


async def count_pictures(documents: Db) -> int:
    """How many there are."""
    return await documents[PICTURES].count_documents({"is_deleted": False})


async def delete_picture(documents: Db, image_id: UUID, now: datetime, carried: Document) -> bool:
    """Mark it as deleted; False if it was."""
    result = await documents[PICTURES].update_one(
        {"_id": image_id, "is_deleted": False},
        {"$set": {"is_deleted": True, "deleted_at": now}, "$push": {document_events.FIELD: carried}},
    )
    return result.matched_count == 1
