"""The collection `messages`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from pymongo import ASCENDING, DESCENDING, IndexModel
from pymongo.asynchronous.database import AsyncDatabase

from gencharge.core.stores.mongo import Document, add_once
from gencharge.core.values.recipient import Recipient
from gencharge.messages.models import SEALED

MESSAGES: Final = SEALED.collection
# What has ended has no `due_at`, so it is in none of the queue's index.
_OPEN: Final = {"due_at": {"$exists": True}}
INDEXES: Final = [
    IndexModel(
        [("channel", ASCENDING), ("priority", ASCENDING), ("due_at", ASCENDING)],
        name="queue",
        partialFilterExpression=_OPEN,
    ),
    IndexModel(
        [("recipient_kind", ASCENDING), ("recipient_id", ASCENDING), ("_id", DESCENDING)], name="recipient"
    ),
    IndexModel([("purge_at", ASCENDING)], name="purge", expireAfterSeconds=0),
]
Db = AsyncDatabase[Document]


async def add_messages(documents: Db, messages: Sequence[Document]) -> None:
    """Add those whose id is not there yet; the others stay as they are, whatever became of them."""
    # Cheap if the indexes exist; a database that was dropped or restored gets them back.
    await documents[MESSAGES].create_indexes(INDEXES)
    await add_once(documents[MESSAGES], messages)


async def list_of_recipient(
    documents: Db, recipient: Recipient, after: UUID | None, limit: int
) -> list[Document]:
    """A recipient's messages, the newest first, from the one after `after` on."""
    conditions: Document = {"recipient_kind": recipient.kind, "recipient_id": recipient.id}
    if after is not None:
        conditions["_id"] = {"$lt": after}
    return await documents[MESSAGES].find(conditions).sort("_id", DESCENDING).limit(limit).to_list()


async def delete_of_recipient(documents: Db, recipient: Recipient) -> None:
    """Delete all of a recipient's messages."""
    await documents[MESSAGES].delete_many({"recipient_kind": recipient.kind, "recipient_id": recipient.id})
