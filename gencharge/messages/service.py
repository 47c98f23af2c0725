"""Queueing messages. The worker's loop sends them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from pymongo.asynchronous.database import AsyncDatabase

from gencharge.core.settings import Settings
from gencharge.core.stores.mongo import Document, answering
from gencharge.core.values import clock
from gencharge.core.values.recipient import Recipient
from gencharge.core.vault.vault import Vault
from gencharge.messages import crud, queue_crud
from gencharge.messages.models import DropReason, MessageChannel, MessageState, Outgoing, to_document
from gencharge.messages.senders import provided


async def enqueue(documents: AsyncDatabase[Document], vault: Vault, outgoing: Sequence[Outgoing]) -> None:
    """Queue messages. One whose id is known already is not queued again, even if it was sent long ago.

    Raises DataKeyNotUsable, DatabaseUnavailable, PyMongoError: then some may have been queued, and the call can be repeated.
    """
    now = clock.now()
    messages = [await to_document(vault, message, now) for message in outgoing]
    if messages:
        await crud.add_messages(documents, messages)


def has_provider(settings: Settings, channel: MessageChannel) -> bool:
    """Whether messages of the channel can be sent with these settings."""
    return channel in provided(settings)


async def forget(documents: AsyncDatabase[Document], recipient: Recipient) -> None:
    """Delete the messages to somebody, sent or not. Raises DocumentsUnavailable."""
    with answering(documents):
        await crud.delete_of_recipient(documents, recipient)


async def oldest_due(documents: AsyncDatabase[Document]) -> dict[str, datetime | None]:
    """Since when the oldest message of each channel has been due; None: none waits. Raises PyMongoError."""
    return {channel.value: await queue_crud.find_oldest_due(documents, channel) for channel in MessageChannel}


async def count_of_batch(
    documents: AsyncDatabase[Document], batch: UUID
) -> dict[tuple[MessageChannel, MessageState], int]:
    """How far the messages of a batch are, as long as they are kept. Raises DocumentsUnavailable."""
    with answering(documents):
        counts = await crud.count_by_state(documents, batch)
    return {
        (MessageChannel(channel), MessageState(state)): count for (channel, state), count in counts.items()
    }


async def count_open_of_batch(documents: AsyncDatabase[Document], batch: UUID, limit: int) -> int:
    """How many messages of a batch are not at their end, counted up to `limit`. Raises DocumentsUnavailable."""
    with answering(documents):
        return await crud.count_open(documents, batch, limit)


async def drop_batch(documents: AsyncDatabase[Document], settings: Settings, batch: UUID) -> int:
    """Drop the messages of a batch that wait; how many there were. One that is being sent is sent. Raises DocumentsUnavailable."""
    now = clock.now()
    recorded = {
        "drop_reason": DropReason.CANCELLED.value,
        "ended_at": now,
        "purge_at": now + timedelta(days=settings.message_retention_days),
    }
    with answering(documents):
        return await crud.drop_waiting(documents, batch, recorded)
