"""Writing the audit trail: one entry for every event."""

from __future__ import annotations

from typing import Final

from gencharge.audit import crud
from gencharge.audit.entries import entry_of
from gencharge.core.events import Envelope, Event, Outside
from gencharge.core.stores import Stores


async def record(stores: Stores, batch: list[Envelope]) -> None:
    """Write the entries of these events; one that is there already is never touched. Raises PyMongoError."""
    await crud.add_entries(stores.documents, [entry_of(envelope) for envelope in batch])


ENTRIES: Final = Outside("audit.entries", (Event,), record)
