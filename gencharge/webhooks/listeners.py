"""Queues messages for integrators when something happens that they can subscribe to."""

from __future__ import annotations

from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.core.events.events import Envelope, Outside
from gencharge.core.stores.stores import Stores
from gencharge.webhooks import service
from gencharge.webhooks.messages import MESSAGES


async def _queue(stores: Stores, batch: list[Envelope]) -> None:
    async def unit(db: AsyncSession) -> None:
        await service.queue(db, batch, patience=service.retry_for(stores.settings))

    await stores.database.run(unit)


# Outside, although its effect is in PostgreSQL: an outside listener takes a batch in one transaction.
QUEUE_MESSAGES: Final = Outside("webhooks", tuple(MESSAGES), _queue)
