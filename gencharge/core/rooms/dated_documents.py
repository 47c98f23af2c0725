"""Which documents say when they came into being: a recovery to an instant takes those away that came after it.

What PostgreSQL holds decides. A document is written after the transaction that it tells of, so one that was written before the instant tells of
something that PostgreSQL has. One that was written after it goes: if PostgreSQL has what it tells of, its event waits in the outbox as of the instant,
and the worker writes it again.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID


@dataclass(frozen=True, slots=True)
class DatedDocuments:
    """A collection, and the field that says when a document came into being: when it was written (UTC), or with `by_id` a UUIDv7, which has
    the instant of its event in it, to the millisecond."""

    collection: str
    field: str
    by_id: bool = False

    def after(self, instant: datetime) -> dict[str, Any]:
        """The condition of MongoDB for documents that came after an instant."""
        if not self.by_id:
            return {self.field: {"$gt": instant}}
        # RFC 9562, section 5.7: 48 bits of milliseconds come first.
        milliseconds = int(instant.timestamp() * 1000) + 1
        return {self.field: {"$gte": UUID(int=milliseconds << 80)}}


@dataclass(frozen=True, slots=True)
class PendingDocuments:
    """A collection with work that waits, such as messages to be sent, and the field that says when a document is due (UTC).

    In documents that are older than the instant of a recovery, what was due before the instant has been done since: it must not be done again."""

    collection: str
    field: str
    # The fields without which nothing is due. None: the document goes.
    unset: tuple[str, ...] | None = None

    def due(self, instant: datetime) -> dict[str, Any]:
        """The condition of MongoDB for documents that were due by an instant."""
        return {self.field: {"$lte": instant}}
