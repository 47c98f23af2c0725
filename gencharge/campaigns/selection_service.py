"""Choosing a campaign's customers when it starts, a batch at a time.

A batch is one transaction under the campaign's row: its members, the events that tell them, and how far it has come. A
worker that dies loses one batch, which another one does again.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import orjson
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.campaigns import crud
from gencharge.campaigns.audience import Profile, is_control, matches
from gencharge.campaigns.events import CampaignOffered, CampaignStarted
from gencharge.campaigns.models import Campaign, CampaignState
from gencharge.campaigns.staff_schemas import Target
from gencharge.core.events.events import emit
from gencharge.core.values import clock
from gencharge.core.values.ids import SYSTEM_USER_ID
from gencharge.offers import service as offers
from gencharge.operators import service as operators
from gencharge.recharge.models import segment_models
from gencharge.users.models import User

BATCH: Final = 500


async def choose_batch(db: AsyncSession, campaign_id: UUID) -> bool:
    """Look at the next customers. False if that was all, or the campaign was cancelled or is over."""
    campaign = await crud.lock_campaign(db, campaign_id)
    now = clock.now()
    if campaign is None or campaign.state != CampaignState.SCHEDULED or campaign.starts_at > now:
        return False
    people = (
        await crud.list_users(db, after=campaign.looked_at, limit=BATCH) if campaign.ends_at > now else []
    )
    if not people:
        await _finish(db, campaign, now)
        return False
    members = await _members(db, campaign, [user for user in people if crud.is_reachable(user)], now)
    left_out = {
        user.user_id: is_control(campaign_id, user.user_id, campaign.control_percent) for user in members
    }
    await crud.add_members(
        db,
        [
            {"user_id": user_id, "campaign_id": campaign_id, "is_control": control, "created_at": now}
            for user_id, control in left_out.items()
        ],
    )
    offer = await crud.get_offer(db, campaign.offer_id)
    assert offer is not None, "a foreign key"
    reached = [user_id for user_id, control in left_out.items() if not control]
    codes = (
        await offers.add_codes(db, offer.offer_id, campaign_id, reached)
        if offer.one_time_code
        else [offer.code or ""] * len(reached)
    )
    await emit(
        db,
        *(
            CampaignOffered(
                user_id=str(user_id),
                campaign_id=str(campaign_id),
                offer_id=str(offer.offer_id),
                offer_name=offer.name,
                offer_code=code,
                ends_at=campaign.ends_at.isoformat(),
            )
            for user_id, code in zip(reached, codes, strict=True)
        ),
    )
    campaign.looked_at = people[-1].user_id
    await db.flush()
    return True


async def _members(db: AsyncSession, campaign: Campaign, people: list[User], now: datetime) -> list[User]:
    target = Target.model_validate_json(orjson.dumps(campaign.target))
    connections = await crud.list_connections(db, {user.phone_number: user.user_id for user in people})
    since = now - timedelta(days=target.spend_days)
    year_ago = now - timedelta(days=segment_models.YEAR_DAYS)
    sales = await crud.list_sales(db, [user.user_id for user in people], since=since, year_ago=year_ago)
    members = []
    for user in people:
        assert user.registered_at is not None, "only registered customers are reachable"
        hint = (operators.hint(user.phone_number), None)
        operator, circle = connections.get(user.phone_number, hint)
        sold = sales.get(user.user_id)
        profile = Profile(
            user_type=user.user_type,
            operator=operator,
            circle=circle,
            registered_at=user.registered_at,
            last_recharge_at=sold.last_at if sold is not None else None,
            spend=sold.paise if sold is not None else 0,
            segment=_segment(sold, now) if sold is not None else None,
        )
        if matches(target, profile, now):
            members.append(user)
    return members


def _segment(sold: crud.Sales, now: datetime) -> str:
    return segment_models.segment_of(
        (now - sold.last_at) / timedelta(days=1), sold.year_recharges, sold.year_paise
    )


async def _finish(db: AsyncSession, campaign: Campaign, now: datetime) -> None:
    campaign.state, campaign.selected_at = CampaignState.RUNNING.value, now
    await db.flush()
    members, control = await crud.count_members(db, campaign.campaign_id)
    started = CampaignStarted(
        user_id=str(SYSTEM_USER_ID), campaign_id=str(campaign.campaign_id), members=members, control=control
    )
    await emit(db, started)
