"""Builders for the tests of messages."""

from __future__ import annotations

from typing import Any

from gencharge.core.stores.mongo import Document
from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.core.values.ids import new_id
from gencharge.core.values.recipient import NotificationType, Recipient
from gencharge.core.vault.vault import Vault
from gencharge.messages import service
from gencharge.messages.models import MessageChannel, Outgoing


def outgoing(**overrides: Any) -> Outgoing:
    """A message that is due now."""
    values: dict[str, Any] = {
        "id": new_id(),
        "recipient": Recipient("user", new_id()),
        "channel": MessageChannel.EMAIL,
        "kind": "recharged",
        "type": NotificationType.TRANSACTIONAL,
        "title": "Recharge done",
        "text": "Jio 299 is active on +919876543210.",
    }
    return Outgoing(**(values | overrides))


async def enqueue(stores: Stores, *messages: Outgoing) -> None:
    """Queue these."""
    await service.enqueue(stores.documents, Vault.of_database(stores.database), messages)


async def stored(stores: Stores, message: Outgoing) -> Document:
    """The document of a message."""
    document = await stores.documents["messages"].find_one({"_id": message.id})
    assert document is not None
    return document


async def park(stores: Stores, state: str = "parked", **overrides: Any) -> Outgoing:
    """A message that failed too often, or is in another state that it can be sent again from."""
    message = outgoing(**overrides)
    await enqueue(stores, message)
    parked = {"state": state, "ended_at": clock.now(), "attempts": 8, "last_error": "SMTP 450"}
    await stores.documents["messages"].update_one(
        {"_id": message.id}, {"$set": parked, "$unset": {"due_at": ""}}
    )
    return message


async def empty_queue(stores: Stores) -> None:
    """Delete what is queued, and what the rates have used: other tests of the process leave both."""
    for name in await stores.documents.list_collection_names(filter={"name": {"$regex": "^message"}}):
        await stores.documents[name].delete_many({})
