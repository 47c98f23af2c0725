"""Queueing messages. The worker's loop sends them."""

from __future__ import annotations

from collections.abc import Sequence

from pymongo.asynchronous.database import AsyncDatabase

from gencharge.core.stores.mongo import Document
from gencharge.core.values import clock
from gencharge.core.vault.vault import Vault
from gencharge.messages import crud
from gencharge.messages.models import Outgoing, to_document


async def enqueue(documents: AsyncDatabase[Document], vault: Vault, outgoing: Sequence[Outgoing]) -> None:
    """Queue messages. One whose id is known already is not queued again, even if it was sent long ago.

    Raises DataKeyNotUsable, DatabaseUnavailable, PyMongoError: then some may have been queued, and the call can be repeated.
    """
    now = clock.now()
    messages = [await to_document(vault, message, now) for message in outgoing]
    if messages:
        await crud.add_messages(documents, messages)
