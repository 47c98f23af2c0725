"""Events of changes in MongoDB, which has no transaction in common with the outbox.

    carried = carry(ContentPublished(...))
    await emit_carried(db, carried)                 in the request's transaction, before the change
    await change(..., {"$push": {FIELD: carried}})  the change and its event, in one write

If the change is refused, the transaction takes the event back. If the process ends after the change and before the commit, the
document still carries the event, and a job puts it into the outbox. So each change is announced, at least once, and under
one id: effects that are keyed by the event's id are exactly once. A listener takes the event out of the document when the
outbox hands it out.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any, Final
from uuid import UUID

from pymongo import IndexModel
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.core import telemetry
from gencharge.core.events.events import Envelope, Event, EventRow, Outside
from gencharge.core.stores.mongo import Document
from gencharge.core.values import clock
from gencharge.core.values.ids import new_id

FIELD: Final = "events"
INDEX: Final = IndexModel([(f"{FIELD}.at", 1)], name="carried_events", sparse=True)


def carry(event: Event) -> Document:
    """The event as a document carries it. Times in UTC."""
    return {
        "_id": new_id(),
        "topic": event.topic(),
        "payload": asdict(event),
        "context": asdict(telemetry.context()),
        "at": clock.now(),
    }


async def emit_carried(db: AsyncSession, *carried: Document) -> None:
    """Announce these in the running transaction; one that waits in the outbox already stays as it is."""
    rows = [
        {
            "user_id": UUID(event["payload"]["user_id"]),
            "id": event["_id"],
            "topic": event["topic"],
            "payload": event["payload"],
            "context": event["context"],
            "occurred_at": event["at"],
        }
        for event in carried
    ]
    if rows:
        await db.execute(insert(EventRow).on_conflict_do_nothing(), rows)


def handed_out(name: str, collection: str, topics: tuple[type[Event], ...]) -> Outside:
    """The listener that takes events of these topics out of their documents."""

    async def deliver(stores: Any, batch: list[Envelope]) -> None:
        ids = [envelope.id for envelope in batch]
        await stores.documents[collection].update_many(
            {f"{FIELD}._id": {"$in": ids}}, {"$pull": {FIELD: {"_id": {"$in": ids}}}}
        )

    return Outside(name, topics, deliver, replay=deliver)
