"""Announces changes in MongoDB whose request ended before it could (`core.events.document_events`)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.core import telemetry
from gencharge.core.background.jobs import Job
from gencharge.core.events.document_events import FIELD, emit_carried
from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock

# A request has committed or failed by then.
_OVERDUE: Final = timedelta(minutes=2)
_BATCH: Final = 100
log = telemetry.get_logger(__name__)


def announcing(
    name: str, collection: str, also: Callable[[AsyncSession], Awaitable[None]] | None = None
) -> Job:
    """The job that emits what documents of a collection still carry; `also` runs in the same transaction."""

    async def run(stores: Stores) -> None:
        overdue = {f"{FIELD}.at": {"$lt": clock.now() - _OVERDUE}}
        documents = await stores.documents[collection].find(overdue, {FIELD: 1}).limit(_BATCH).to_list()
        carried = [event for document in documents for event in document[FIELD]]
        if not carried:
            return

        async def announce(db: AsyncSession) -> None:
            await emit_carried(db, *carried)
            if also is not None:
                await also(db)

        await stores.database.run(announce)
        log.warning("changes_announced_late", collection=collection, events=len(carried))

    return Job(name, run, cron="* * * * *")
