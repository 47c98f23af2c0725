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
from gencharge.devices import service as devices
from gencharge.messages import crud, queue_crud
from gencharge.messages.models import (
    PLATFORMS,
    DropReason,
    MessageChannel,
    MessageState,
    Outgoing,
    to_document,
)
from gencharge.messages.receipt_service import count_receipts_of_batch as count_receipts_of_batch
from gencharge.messages.senders import provided


async def enqueue(documents: AsyncDatabase[Document], vault: Vault, outgoing: Sequence[Outgoing]) -> None:
    """Queue messages. One whose id is known already is not queued again, even if it was sent long ago; a push message that is due
    and whose recipient has no device for it is left out.

    Raises DataKeyNotUsable, DatabaseUnavailable, PyMongoError: then some may have been queued, and the call can be repeated.
    """
    now = clock.now()
    reachable = await _without_lost_pushes(documents, outgoing, now)
    messages = [await to_document(vault, message, now) for message in reachable]
    if messages:
        await crud.add_messages(documents, messages)


async def _without_lost_pushes(
    documents: AsyncDatabase[Document], outgoing: Sequence[Outgoing], now: datetime
) -> Sequence[Outgoing]:
    """The messages without those that would only be dropped. Who registers a device before a later one is due gets that one."""
    due = {
        message.id: message
        for message in outgoing
        if message.channel in PLATFORMS and (message.not_before is None or message.not_before <= now)
    }
    if not due:
        return outgoing
    known = await devices.platforms_of(documents, {message.recipient for message in due.values()})
    return [
        message
        for message in outgoing
        if message.id not in due
        or any((message.recipient, platform) in known for platform in PLATFORMS[message.channel])
    ]


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
