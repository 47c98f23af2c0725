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
