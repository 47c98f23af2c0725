"""Builders for the tests of users."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import text

from gencharge.core.stores.stores import Stores
from tests.make import factories


def saved_number(**overrides: Any) -> dict[str, Any]:
    """The body of a number to save."""
    return {
        "phone_number": factories.new_phone(),
        "nickname": "Mother",
        "operator": "jio",
        "circle": "KA",
        "service_type": "prepaid",
        **overrides,
    }


Headers = dict[str, str]


async def events_of(stores: Stores, user_id: UUID, topic: str) -> list[dict[str, Any]]:
    """The payloads of the events of this topic about a user, the oldest first."""
    async with stores.database.transaction() as db:
        rows = await db.scalars(
            text("SELECT payload FROM events WHERE user_id = :user_id AND topic = :topic ORDER BY id"),
            {"user_id": user_id, "topic": topic},
        )
        return list(rows)
