"""The queue in the collection `messages`: what is due, leases, outcomes; the rates and the costs of the channels."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from pymongo import ASCENDING, ReturnDocument
from pymongo.errors import DuplicateKeyError
from pymongo.write_concern import WriteConcern

from gencharge.core.stores.mongo import Document
from gencharge.core.values.recipient import Recipient
from gencharge.messages.crud import MESSAGES, Db
from gencharge.messages.models import PRIORITIES, MessageChannel, MessageState

RATES: Final = "message_rates"
COSTS: Final = "message_costs"
# Of a bucket that is lost a second's worth is sent too much.
_CHEAP: Final = WriteConcern(w=1, j=False)
_ENDS: Final = {"due_at": "", "lease": ""}
# A batch is added up again within seconds if the answer got lost; so many came since, at most, from all workers.
_REMEMBERED_BATCHES: Final = 500


async def list_due(documents: Db, channel: MessageChannel, now: datetime, limit: int) -> list[Document]:
    """Messages that are due, without what they say: the more important first, of these the longest due.

    One that a worker was at is due again when the lease has run out.
    """
    conditions = {"channel": channel.value, "due_at": {"$lte": now}}
    fields = {"recipient_kind": 1, "recipient_id": 1, "type": 1}
    order = [("priority", ASCENDING), ("due_at", ASCENDING)]
    return await documents[MESSAGES].find(conditions, fields).sort(order).limit(limit).to_list()


async def count_sms(
    documents: Db, recipients: Collection[Recipient], *, since: datetime, besides: Sequence[UUID]
) -> dict[Recipient, int]:
    """How many SMS of what happened since then were sent to each of these, or are being sent, without those with these ids."""
    # An id begins with the milliseconds of the event that the message tells of (UUIDv7), and the index of recipients ends with it.
    first = UUID(int=int(since.timestamp() * 1000) << 80)
    theirs = [
        {"recipient_kind": one.kind, "recipient_id": one.id, "_id": {"$gte": first}} for one in recipients
    ]
    if not theirs:
        return {}
    conditions: Document = {
        "$or": theirs,
        "channel": MessageChannel.SMS.value,
        "state": {"$in": [MessageState.SENT.value, MessageState.SENDING.value]},
        "$and": [{"_id": {"$nin": list(besides)}}],
    }
    group = {"_id": {"kind": "$recipient_kind", "id": "$recipient_id"}, "count": {"$sum": 1}}
    rows = await documents[MESSAGES].aggregate([{"$match": conditions}, {"$group": group}])
    return {Recipient(row["_id"]["kind"], row["_id"]["id"]): row["count"] async for row in rows}


async def find_oldest_due(documents: Db, channel: MessageChannel) -> datetime | None:
    """When the message of the channel that has waited longest was due, or will be; None: no message waits.

    One look at the queue's index for each priority.
    """
    instants = []
    for priority in sorted(set(PRIORITIES.values())):
        waiting = {"channel": channel.value, "priority": priority, "due_at": {"$exists": True}}
        first = await documents[MESSAGES].find_one(waiting, {"due_at": 1}, sort=[("due_at", ASCENDING)])
        instants += [] if first is None else [first["due_at"]]
    return min(instants, default=None)


async def take_places(documents: Db, channel: MessageChannel, rate: int, count: int) -> int:
    """How many of `count` messages the channel's rate (a second, of all workers) allows now. They count as sent.

    A bucket that holds a second's worth; the server's clock fills it.
    """
    passed = {"$divide": [{"$max": [0, {"$subtract": ["$$NOW", {"$ifNull": ["$at", "$$NOW"]}]}]}, 1000]}
    filled = {"$min": [rate, {"$add": [{"$ifNull": ["$left", rate]}, {"$multiply": [passed, rate]}]}]}
    taken = {"$max": [0, {"$min": [count, {"$floor": "$left"}]}]}
    steps: list[Mapping[str, Any]] = [
        {"$set": {"left": filled, "at": "$$NOW"}},
        {"$set": {"taken": taken}},
        {"$set": {"left": {"$subtract": ["$left", "$taken"]}}},
    ]
    bucket = (
        await documents[RATES]
        .with_options(write_concern=_CHEAP)
        .find_one_and_update({"_id": channel.value}, steps, upsert=True, return_document=ReturnDocument.AFTER)
    )
    assert bucket is not None, "it was inserted if it was not there"
    return int(bucket["taken"])


async def lease(
    documents: Db, ids: Sequence[UUID], *, lease_id: UUID, now: datetime, until: datetime
) -> list[Document]:
    """Begin an attempt of those of these messages that are still due. Another worker may have taken some."""
    due = {"_id": {"$in": list(ids)}, "due_at": {"$lte": now}}
    begun = {"state": MessageState.SENDING.value, "due_at": until, "lease": lease_id, "tried_at": now}
    await documents[MESSAGES].update_many(due, {"$set": begun, "$inc": {"attempts": 1}})
    return await documents[MESSAGES].find({"_id": {"$in": list(ids)}, "lease": lease_id}).to_list()


async def set_sent(documents: Db, ids: Sequence[UUID], lease_id: UUID, recorded: Mapping[str, Any]) -> None:
    """Messages of one claim that were sent, and what is to be recorded of all of them. Their texts are not kept."""
    sent = {"state": MessageState.SENT.value, "content": "", "last_error": "", **recorded}
    held = {"_id": {"$in": list(ids)}, "lease": lease_id}
    await documents[MESSAGES].update_many(held, {"$set": sent, "$unset": dict(_ENDS)})


async def set_ended(
    documents: Db, held: Document, state: MessageState, recorded: Mapping[str, Any], *, keeps_text: bool
) -> bool:
    """A message that is parked or dropped. False if another worker holds it."""
    changes = {"state": state.value, **recorded} | ({} if keeps_text else {"content": ""})
    result = await documents[MESSAGES].update_one(held, {"$set": changes, "$unset": dict(_ENDS)})
    return result.matched_count == 1


async def end_due(documents: Db, ids: Sequence[UUID], now: datetime, recorded: Document) -> int:
    """End those of these messages that are still due; how many. Another worker may be at some."""
    due = {"_id": {"$in": list(ids)}, "due_at": {"$lte": now}}
    result = await documents[MESSAGES].update_many(due, {"$set": recorded, "$unset": dict(_ENDS)})
    return result.modified_count


async def set_postponed(documents: Db, held: Document, due_at: datetime, recorded: Mapping[str, Any]) -> bool:
    """A message that is tried again at `due_at`. False if another worker holds it."""
    changes = {"state": MessageState.WAITING.value, "due_at": due_at, **recorded}
    result = await documents[MESSAGES].update_one(held, {"$set": changes, "$unset": {"lease": ""}})
    return result.matched_count == 1


async def add_reached(documents: Db, message_id: UUID, devices: Sequence[str]) -> None:
    """Remember which devices have a push message, so that a next attempt leaves them out."""
    if devices:
        change = {"$addToSet": {"reached": {"$each": list(devices)}}}
        await documents[MESSAGES].update_one({"_id": message_id}, change)


async def add_costs(
    documents: Db, batch: UUID, day: str, channel: MessageChannel, messages: int, units: int, millipaise: int
) -> None:
    """Add a batch to what a business day's messages of a channel cost: units (segments of an SMS), thousandths of a paisa.

    A batch counts once, however often this is called for it.
    """
    own = {"_id": f"{day}:{channel}"}
    change = {
        "$inc": {"messages": messages, "units": units, "millipaise": millipaise},
        "$set": {"day": day, "channel": channel.value},
        "$push": {"batches": {"$each": [batch], "$slice": -_REMEMBERED_BATCHES}},
    }
    while True:
        try:
            await documents[COSTS].update_one(own | {"batches": {"$ne": batch}}, change, upsert=True)
        except DuplicateKeyError:
            # The document is there: it has this batch already, or another worker made it at the same moment.
            if await documents[COSTS].find_one(own | {"batches": batch}, {"_id": True}) is None:
                continue
        return


async def postpone_due(
    documents: Db, channel: MessageChannel, priority: int, now: datetime, until: datetime
) -> int:
    """Let what is due of a channel and a priority wait until an instant; how many there were. No attempt is counted."""
    due = {"channel": channel.value, "priority": priority, "due_at": {"$lte": now}}
    return (await documents[MESSAGES].update_many(due, {"$set": {"due_at": until}})).modified_count


async def list_costs(documents: Db, first: str, last: str) -> list[Document]:
    """The sums of these business days, both included, by day and channel."""
    days = {"day": {"$gte": first, "$lte": last}}
    rows = documents[COSTS].find(days, {"batches": False})
    return await rows.sort([("day", ASCENDING), ("channel", ASCENDING)]).to_list()
