"""The collection `messages`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from pymongo import ASCENDING, DESCENDING, IndexModel
from pymongo.asynchronous.database import AsyncDatabase

from gencharge.core.stores.mongo import Document, add_once
from gencharge.core.values.recipient import Recipient
from gencharge.messages.models import SEALED, MessageState

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
    IndexModel(
        [("batch", ASCENDING), ("state", ASCENDING), ("channel", ASCENDING)],
        name="batch",
        partialFilterExpression={"batch": {"$exists": True}},
    ),
    IndexModel(
        [("batch", ASCENDING), ("receipt", ASCENDING), ("channel", ASCENDING)],
        name="receipts",
        partialFilterExpression={"batch": {"$exists": True}, "receipt": {"$exists": True}},
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


async def count_by_state(documents: Db, batch: UUID) -> dict[tuple[str, str], int]:
    """How many messages of a batch there are, by channel and state."""
    group = {"_id": {"channel": "$channel", "state": "$state"}, "count": {"$sum": 1}}
    rows = await documents[MESSAGES].aggregate([{"$match": {"batch": batch}}, {"$group": group}])
    return {(row["_id"]["channel"], row["_id"]["state"]): row["count"] async for row in rows}


async def count_open(documents: Db, batch: UUID, limit: int) -> int:
    """How many messages of a batch are not at their end, counted up to `limit`."""
    is_open = {"$in": [MessageState.WAITING.value, MessageState.SENDING.value]}
    return await documents[MESSAGES].count_documents({"batch": batch, "state": is_open}, limit=limit)


async def drop_waiting(documents: Db, batch: UUID, recorded: Document) -> int:
    """Drop the messages of a batch that no worker is at; how many there were."""
    result = await documents[MESSAGES].update_many(
        {"batch": batch, "state": MessageState.WAITING.value},
        {
            "$set": {"state": MessageState.DROPPED.value, "content": "", **recorded},
            "$unset": {"due_at": "", "lease": ""},
        },
    )
    return result.modified_count


async def delete_of_recipient(documents: Db, recipient: Recipient) -> None:
    """Delete all of a recipient's messages."""
    await documents[MESSAGES].delete_many({"recipient_kind": recipient.kind, "recipient_id": recipient.id})
