"""The collection `enquiries`. A customer's queries name the customer, and an admin's the operators of the admin's role."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from pymongo import ASCENDING, DESCENDING, IndexModel
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import DuplicateKeyError

from gencharge.contact.models import SENDER, EnquiryStatus
from gencharge.core.events import document_events
from gencharge.core.stores.mongo import Document

ENQUIRIES: Final = SENDER.collection
_NEWEST: Final = [("created_at", DESCENDING), ("_id", DESCENDING)]
_INDEXES: Final = [
    IndexModel([("key", ASCENDING)], name="key", unique=True),
    IndexModel([("user_id", ASCENDING), *_NEWEST], name="of_customer"),
    IndexModel([("status", ASCENDING), *_NEWEST], name="by_status"),
    IndexModel([("assignee_id", ASCENDING), *_NEWEST], name="of_assignee"),
    IndexModel(_NEWEST, name="newest"),
    IndexModel([("recharge_id", ASCENDING)], name="of_recharge", sparse=True),
    document_events.INDEX,
]
# Entries of a thread stay out of lists.
_LIST: Final = {"thread": False, document_events.FIELD: False}
Db = AsyncDatabase[Document]
After = tuple[datetime, UUID]


def _enquiries(documents: Db) -> AsyncCollection[Document]:
    return documents[ENQUIRIES]


async def add_enquiry(documents: Db, enquiry: Document) -> bool:
    """False if there is one with this key."""
    # Cheap if the indexes exist; a database that was dropped or restored gets them back.
    await _enquiries(documents).create_indexes(_INDEXES)
    try:
        await _enquiries(documents).insert_one(enquiry)
    except DuplicateKeyError:
        return False
    return True


async def find_by_key(documents: Db, key: str) -> Document | None:
    """The enquiry that a request with this key made."""
    return await _enquiries(documents).find_one({"key": key})


async def get_enquiry(documents: Db, enquiry_id: UUID, conditions: Document) -> Document | None:
    """The enquiry, if it meets the conditions: the customer's own, or within an admin's operators."""
    return await _enquiries(documents).find_one({**conditions, "_id": enquiry_id})


async def change_enquiry(
    documents: Db, enquiry_id: UUID, generation: int, changes: Document, carried: Document
) -> bool:
    """Move the enquiry from this generation to the next; False if it has another one."""
    result = await _enquiries(documents).update_one(
        {"_id": enquiry_id, "generation": generation},
        {"$set": changes | {"generation": generation + 1}, "$push": {document_events.FIELD: carried}},
    )
    return result.matched_count == 1


async def delete_enquiry(documents: Db, enquiry_id: UUID, conditions: Document) -> bool:
    """Delete it for good; False if it is not there."""
    return (await _enquiries(documents).delete_one({**conditions, "_id": enquiry_id})).deleted_count == 1


async def list_enquiries(
    documents: Db, conditions: Document, after: After | None, limit: int, *, descending: bool = True
) -> list[Document]:
    """By the instant they were sent, without their threads; `after` is the last one of the page before."""
    if after is not None:
        instant, tie = after
        beyond = "$lt" if descending else "$gt"
        older = [{"created_at": {beyond: instant}}, {"created_at": instant, "_id": {beyond: tie}}]
        conditions = {"$and": [conditions, {"$or": older}]}
    direction = DESCENDING if descending else ASCENDING
    order = [("created_at", direction), ("_id", direction)]
    return await _enquiries(documents).find(conditions, _LIST).sort(order).limit(limit).to_list()


async def list_whole(documents: Db, user_id: UUID, after: After | None, limit: int) -> list[Document]:
    """A customer's enquiries with their threads, the newest first."""
    conditions: Document = {"user_id": user_id}
    if after is not None:
        instant, tie = after
        conditions["$or"] = [
            {"created_at": {"$lt": instant}},
            {"created_at": instant, "_id": {"$lt": tie}},
        ]
    return await _enquiries(documents).find(conditions).sort(_NEWEST).limit(limit).to_list()


async def count_by_status(documents: Db, conditions: Document) -> dict[str, int]:
    """How many there are of each status that occurs."""
    counting = [{"$match": conditions}, {"$group": {"_id": "$status", "count": {"$sum": 1}}}]
    groups = await (await _enquiries(documents).aggregate(counting)).to_list()
    return {group["_id"]: group["count"] for group in groups}


async def list_durations(documents: Db, conditions: Document, limit: int) -> Sequence[Document]:
    """Category, status and instants of the newest."""
    fields = dict.fromkeys(("category", "status", "created_at", "first_answer_at", "resolved_at"), True)
    query = _enquiries(documents).find(conditions, {**fields, "_id": False})
    return await query.sort(_NEWEST).limit(limit).to_list()


async def delete_of_customer(documents: Db, user_id: UUID) -> None:
    """Delete all that a customer asked."""
    await _enquiries(documents).delete_many({"user_id": user_id})


async def delete_of_visitors(documents: Db, *, spam_before: datetime, others_before: datetime) -> int:
    """Delete spam, and visitors' enquiries that nobody has changed since; how many."""
    spam: dict[str, Any] = {"status": EnquiryStatus.SPAM.value, "updated_at": {"$lt": spam_before}}
    others: dict[str, Any] = {"user_id": None, "updated_at": {"$lt": others_before}}
    return (await _enquiries(documents).delete_many({"$or": [spam, others]})).deleted_count
