"""Messages that the staff can send again, in the collection `messages`."""

from __future__ import annotations

from datetime import datetime
from typing import Final
from uuid import UUID

from pymongo import ASCENDING, DESCENDING, IndexModel

from gencharge.core.stores.mongo import Document
from gencharge.messages.crud import MESSAGES, Db
from gencharge.messages.models import MessageChannel, MessageState

# What the staff can send again. One index for each: they are listed apart, and one may be long.
RESENDABLE: Final = (MessageState.PARKED, MessageState.NO_PROVIDER)
_INDEXES: Final = [
    IndexModel(
        [("state", ASCENDING), ("channel", ASCENDING), ("_id", DESCENDING)],
        name=state.value,
        partialFilterExpression={"state": state.value},
    )
    for state in RESENDABLE
]


def conditions_of(
    channel: MessageChannel | None, kind: str | None, state: MessageState = MessageState.PARKED
) -> Document:
    """The messages in this state, one of RESENDABLE, of a channel and a kind; None: of any."""
    conditions: Document = {"state": state.value}
    if channel is not None:
        conditions["channel"] = channel.value
    if kind is not None:
        conditions["kind"] = kind
    return conditions


async def list_parked(documents: Db, conditions: Document, after: UUID | None, limit: int) -> list[Document]:
    """The newest first, from the one after `after` on."""
    await documents[MESSAGES].create_indexes(_INDEXES)
    if after is not None:
        conditions = conditions | {"_id": {"$lt": after}}
    return await documents[MESSAGES].find(conditions).sort("_id", DESCENDING).limit(limit).to_list()


async def count_parked(documents: Db, conditions: Document) -> int:
    """How many there are."""
    return await documents[MESSAGES].count_documents(conditions)


async def state_of(documents: Db, message_id: UUID) -> MessageState | None:
    """The state of one of RESENDABLE; None: there is no such message, or it is in another one."""
    states = {"$in": [state.value for state in RESENDABLE]}
    document = await documents[MESSAGES].find_one({"_id": message_id, "state": states}, {"state": True})
    return None if document is None else MessageState(document["state"])


async def requeue(documents: Db, conditions: Document, *, parked_by: datetime, now: datetime) -> int:
    """Make those that ended by then due now, with all their attempts before them; how many."""
    result = await documents[MESSAGES].update_many(
        conditions | {"ended_at": {"$lte": parked_by}},
        {
            "$set": {"state": MessageState.WAITING.value, "due_at": now, "attempts": 0},
            "$unset": {"ended_at": "", "purge_at": ""},
        },
    )
    return result.modified_count
