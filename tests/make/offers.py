"""Plain functions that make what tests of the staff's work need: bodies, offers, types, and what was announced."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import httpx
from sqlalchemy import select

from gencharge.core.events.events import EventRow
from gencharge.core.stores.stores import Stores


async def type_id(visitor: httpx.AsyncClient, name: str = "Festive") -> str:
    """The id of a sample type."""
    items = (await visitor.get("/v1/offers/types")).json()["items"]
    found: str = next(item["offer_type_id"] for item in items if item["name"] == name)
    return found


async def plain(visitor: httpx.AsyncClient, **but: Any) -> dict[str, Any]:
    """The body of a new offer: ten rupees off everything."""
    body = {
        "name": f"Offer {uuid4().hex}",
        "offer_type_id": await type_id(visitor),
        "reward": {"discount": {"kind": "flat", "amount": 10}},
    }
    return body | but


async def make(visitor: httpx.AsyncClient, staff: dict[str, str], **but: Any) -> dict[str, Any]:
    """A new offer, as the staff see it."""
    answer = await visitor.post("/v1/offers", json=await plain(visitor, **but), headers=staff)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def make_type(visitor: httpx.AsyncClient, staff: dict[str, str], **but: Any) -> dict[str, Any]:
    """A new offer type."""
    body = {"name": f"Type {uuid4().hex}"} | but
    answer = await visitor.post("/v1/offers/types", json=body, headers=staff)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def events_about(stores: Stores, object_id: str) -> list[dict[str, Any]]:
    """What was announced about an offer or a type, oldest first. Nobody delivers events in these tests."""
    async with stores.database.transaction() as db:
        rows = (await db.scalars(select(EventRow).order_by(EventRow.id))).all()
        return [
            {"topic": row.topic, "payload": row.payload}
            for row in rows
            if object_id in {row.payload.get("offer_id"), row.payload.get("offer_type_id")}
        ]
