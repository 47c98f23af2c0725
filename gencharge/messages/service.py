"""Queueing messages. The worker's loop sends them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from pymongo.asynchronous.database import AsyncDatabase

from gencharge.core.stores.mongo import Document
from gencharge.core.values import clock
from gencharge.core.vault.vault import Vault
from gencharge.messages import crud, queue_crud
from gencharge.messages.models import MessageChannel, Outgoing, to_document


async def enqueue(documents: AsyncDatabase[Document], vault: Vault, outgoing: Sequence[Outgoing]) -> None:
    """Queue messages. One whose id is known already is not queued again, even if it was sent long ago.

    Raises DataKeyNotUsable, DatabaseUnavailable, PyMongoError: then some may have been queued, and the call can be repeated.
    """
    now = clock.now()
    messages = [await to_document(vault, message, now) for message in outgoing]
    if messages:
        await crud.add_messages(documents, messages)


async def oldest_due(documents: AsyncDatabase[Document]) -> dict[str, datetime | None]:
    """Since when the oldest message of each channel has been due; None: none waits. Raises PyMongoError."""
    return {channel.value: await queue_crud.find_oldest_due(documents, channel) for channel in MessageChannel}
