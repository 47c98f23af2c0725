"""Parked messages in the collection `messages`."""

from __future__ import annotations

from datetime import datetime
from typing import Final
from uuid import UUID

from pymongo import ASCENDING, DESCENDING, IndexModel

from gencharge.core.stores.mongo import Document
from gencharge.messages.crud import MESSAGES, Db
from gencharge.messages.models import MessageChannel, MessageState

_PARKED: Final = {"state": MessageState.PARKED.value}
_INDEX: Final = IndexModel(
    [("state", ASCENDING), ("channel", ASCENDING), ("_id", DESCENDING)],
    name="parked",
    partialFilterExpression=_PARKED,
)


def conditions_of(channel: MessageChannel | None, kind: str | None) -> Document:
    """The parked messages of a channel and a kind; None: of any."""
    conditions: Document = dict(_PARKED)
    if channel is not None:
        conditions["channel"] = channel.value
    if kind is not None:
        conditions["kind"] = kind
    return conditions


async def list_parked(documents: Db, conditions: Document, after: UUID | None, limit: int) -> list[Document]:
    """The newest first, from the one after `after` on."""
    await documents[MESSAGES].create_indexes([_INDEX])
    if after is not None:
        conditions = conditions | {"_id": {"$lt": after}}
    return await documents[MESSAGES].find(conditions).sort("_id", DESCENDING).limit(limit).to_list()


async def count_parked(documents: Db, conditions: Document) -> int:
    """How many there are."""
    return await documents[MESSAGES].count_documents(conditions)


async def requeue(documents: Db, conditions: Document, *, parked_by: datetime, now: datetime) -> int:
    """Make those that were parked by then due now, with all their attempts before them; how many."""
    result = await documents[MESSAGES].update_many(
        conditions | {"ended_at": {"$lte": parked_by}},
        {
            "$set": {"state": MessageState.WAITING.value, "due_at": now, "attempts": 0},
            "$unset": {"ended_at": "", "purge_at": ""},
        },
    )
    return result.modified_count
