"""The collections of addresses that can't be written to, and of types of e-mail that somebody unsubscribed from."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from pymongo import ASCENDING, IndexModel, UpdateOne

from gencharge.core.values.recipient import Recipient
from gencharge.messages.crud import Db
from gencharge.messages.unsubscribing import Subscription

UNDELIVERABLE: Final = "message_undeliverable"
UNSUBSCRIBED: Final = "message_unsubscribed"
_RECIPIENT: Final = IndexModel([("recipient_id", ASCENDING)], name="recipient")


async def add_undeliverable(documents: Db, marks: Iterable[str], reason: str, now: datetime) -> None:
    """Remember addresses by their marks; the first reason stays."""
    changes = [
        UpdateOne({"_id": mark}, {"$setOnInsert": {"reason": reason, "since": now}}, upsert=True)
        for mark in set(marks)
    ]
    if changes:
        await documents[UNDELIVERABLE].bulk_write(changes, ordered=False)


async def list_undeliverable(documents: Db, marks: Iterable[str]) -> set[str]:
    """Those of these marks that are known."""
    return set(await documents[UNDELIVERABLE].distinct("_id", {"_id": {"$in": list(set(marks))}}))


async def add_unsubscribed(documents: Db, subscription: Subscription, now: datetime) -> None:
    """Remember it; a second time changes nothing."""
    await documents[UNSUBSCRIBED].create_indexes([_RECIPIENT])
    fields = {"recipient_id": subscription.recipient.id, "since": now}
    await documents[UNSUBSCRIBED].update_one(
        {"_id": subscription.name}, {"$setOnInsert": fields}, upsert=True
    )


async def delete_unsubscribed(documents: Db, subscription: Subscription) -> None:
    """Forget it."""
    await documents[UNSUBSCRIBED].delete_one({"_id": subscription.name})


async def list_unsubscribed(documents: Db, names: Iterable[str]) -> set[str]:
    """Those of these subscriptions, by name, that were unsubscribed from."""
    return set(await documents[UNSUBSCRIBED].distinct("_id", {"_id": {"$in": list(set(names))}}))


async def delete_of_recipient(documents: Db, recipient: Recipient) -> None:
    """Forget all that a recipient unsubscribed from."""
    await documents[UNSUBSCRIBED].delete_many({"recipient_id": recipient.id})
