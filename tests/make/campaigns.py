"""Builders for the tests of campaigns."""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select

from gencharge.campaigns import jobs, staff_service
from gencharge.campaigns.models import CampaignMember
from gencharge.campaigns.staff_schemas import CampaignCreate, CampaignOut, CampaignResult
from gencharge.core.http.web import to_json
from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.core.values.ids import new_id
from tests.make.offers import publish

ADMIN = new_id()


def new_code() -> str:
    """A code that no other offer has."""
    return f"C{secrets.token_hex(6)}".upper()


def body(offer_id: UUID, **overrides: Any) -> dict[str, Any]:
    """A campaign of a month that starts now, for everybody, without a control group."""
    now = clock.now()
    return {
        "name": "Bring them back",
        "offer_id": str(offer_id),
        "target": {},
        "control_percent": 0,
        "starts_at": now.isoformat(),
        "ends_at": (now + timedelta(days=30)).isoformat(),
    } | overrides


async def plan(stores: Stores, offer_id: UUID | None = None, **overrides: Any) -> CampaignOut:
    """A campaign that was planned, by default of a new offer with a code."""
    if offer_id is None:
        offer_id = (await publish(stores, code=new_code())).offer_id
    command = CampaignCreate.model_validate_json(to_json(body(offer_id, **overrides)))
    return await stores.database.run(lambda db: staff_service.create(db, ADMIN, command))


async def start(stores: Stores) -> None:
    """Choose the customers of what has started."""
    await jobs.start_due(stores)


async def members(stores: Stores, campaign_id: UUID) -> dict[UUID, bool]:
    """A campaign's customers, and whether each is left out."""
    async with stores.database.transaction() as db:
        query = select(CampaignMember).where(CampaignMember.campaign_id == campaign_id)
        return {row.user_id: row.is_control for row in await db.scalars(query)}


async def result(stores: Stores, campaign_id: UUID) -> CampaignResult:
    """What a campaign has brought."""
    return await stores.database.run(lambda db: staff_service.result(db, campaign_id))
