"""Ids are UUIDv7 (RFC 9562): made by the application, ordered by time, no sequence to share between shards."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from uuid_utils.compat import uuid7

# Owner of rows that belong to the system and to no customer.
SYSTEM_USER_ID: Final = UUID(int=0)


def new_id() -> UUID:
    """A fresh UUIDv7."""
    return uuid7()
