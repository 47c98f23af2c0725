"""What providers reported later of messages that they took, in the collection `messages`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from pymongo import UpdateOne

from gencharge.core.stores.mongo import Document
from gencharge.messages.crud import MESSAGES, Db
from gencharge.messages.models import LAST_WORDS, MessageChannel, Receipt


async def add_receipts(
    documents: Db, channel: MessageChannel, receipts: Mapping[UUID, tuple[Receipt, str]], now: datetime
) -> int:
    """Note the receipts, with their reasons, of messages that were tried; of how many that is news. Reports may come twice and in any order."""
    last_word = LAST_WORDS[channel]
    changes = []
    for message_id, (receipt, reason) in receipts.items():
        tried: Document = {"_id": message_id, "channel": channel.value, "attempts": {"$gt": 0}}
        # Before the last word there is room for the other one only once.
        tried["receipt"] = {"$ne": receipt.value} if receipt is last_word else None
        noted = {"receipt": receipt.value, "receipt_at": now, "receipt_reason": reason}
        changes.append(UpdateOne(tried, {"$set": noted}))
    if not changes:
        return 0
    return (await documents[MESSAGES].bulk_write(changes, ordered=False)).modified_count


async def count_by_receipt(documents: Db, batch: UUID) -> dict[tuple[str, str], int]:
    """How many messages of a batch have a receipt, by channel and receipt."""
    reported = {"batch": batch, "receipt": {"$in": [receipt.value for receipt in Receipt]}}
    group = {"_id": {"channel": "$channel", "receipt": "$receipt"}, "count": {"$sum": 1}}
    rows = await documents[MESSAGES].aggregate([{"$match": reported}, {"$group": group}])
    return {(row["_id"]["channel"], row["_id"]["receipt"]): row["count"] async for row in rows}
