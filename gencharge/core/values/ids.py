"""Ids are UUIDv7 (RFC 9562): made by the application, ordered by time, no sequence to share between shards."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

from uuid_utils.compat import uuid7

# Owner of rows that belong to the system and to no customer.
SYSTEM_USER_ID: Final = UUID(int=0)


def written_between(identity: UUID) -> tuple[datetime, datetime] | None:
    """Between which instants (UTC) the row of a UUIDv7 was written; None for an id of another kind.

    The id says to the millisecond when it was made (RFC 9562, section 5.7), soon before the row: machines may differ by a
    minute, and a request may wait.
    """
    if identity.version != 7:
        return None
    try:
        created = datetime.fromtimestamp((identity.int >> 80) / 1000, UTC)
        return created - timedelta(minutes=1), created + timedelta(minutes=10)
    except (OverflowError, ValueError):  # a year beyond 9999
        return None


def new_id() -> UUID:
    """A fresh UUIDv7."""
    return uuid7()
