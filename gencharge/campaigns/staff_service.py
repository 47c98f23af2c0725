"""Planning campaigns, and what they brought."""

from __future__ import annotations

from datetime import datetime
from typing import Final
from uuid import UUID

import orjson
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.campaigns import crud
from gencharge.campaigns.crud import GroupFigures
from gencharge.campaigns.errors import (
    CampaignBudgetAlreadyExists,
    CampaignBudgetInvalid,
    CampaignBudgetNotFound,
    CampaignNotFound,
    CampaignOfferInvalid,
    CampaignOver,
)
from gencharge.campaigns.events import CampaignBudgetChanged, CampaignCancelled, CampaignCreated
from gencharge.campaigns.models import Campaign, CampaignState, CampaignStatus
from gencharge.campaigns.staff_schemas import (
    CampaignBudget,
    CampaignCreate,
    CampaignOut,
    CampaignPage,
    CampaignQuery,
    CampaignResult,
    GroupResult,
    Target,
)
from gencharge.core.errors import ValidationFailed, field_problem
from gencharge.core.events.events import changes, emit
from gencharge.core.http.paging import Order, column_of, fetch_bounded_page
from gencharge.core.http.web import to_json
from gencharge.core.values import clock
from gencharge.core.values.ids import SYSTEM_USER_ID, new_id
from gencharge.core.values.money import Money, SignedMoney
from gencharge.offers import service as offers
from gencharge.offers.models import OfferStatus

_NEWEST: Final = Order(column_of(Campaign.created_at), column_of(Campaign.campaign_id))

_TERMS: Final = ("name", "offer_id", "budget_paise", "target", "control_percent")


async def create(db: AsyncSession, admin_id: UUID, command: CampaignCreate) -> CampaignOut:
    """Plan a campaign. Raises CampaignOfferInvalid, CampaignBudgetAlreadyExists, ValidationFailed if it would end in the past."""
    now = clock.now()
    if command.ends_at <= now:
        problem = field_problem("body.ends_at", "Must be in the future", "instant_invalid")
        raise ValidationFailed(errors=[problem])
    offer = await crud.get_offer(db, command.offer_id)
    if offer is None or offer.status != OfferStatus.ACTIVE or not (offer.code or offer.one_time_code):
        raise CampaignOfferInvalid
    campaign = Campaign(
        campaign_id=new_id(),
        name=command.name,
        offer_id=command.offer_id,
        budget_paise=None if command.budget is None else command.budget.paise,
        target=orjson.loads(to_json(command.target)),
        control_percent=command.control_percent,
        starts_at=max(command.starts_at, now),
        ends_at=command.ends_at,
        state=CampaignState.SCHEDULED.value,
        created_by=admin_id,
        created_at=now,
    )
    db.add(campaign)
    await db.flush()
    if command.budget is not None:
        other = await offers.add_budget(
            db,
            offer,
            campaign.campaign_id,
            command.budget,
            starts_at=campaign.starts_at,
            ends_at=campaign.ends_at,
        )
        if other is not None:
            raise CampaignBudgetAlreadyExists(other)
    terms = {name: getattr(campaign, name) for name in _TERMS}
    created = CampaignCreated(
        user_id=str(SYSTEM_USER_ID), campaign_id=str(campaign.campaign_id), changes=changes({}, terms)
    )
    await emit(db, created)
    return _out(campaign, now)


async def list_campaigns(db: AsyncSession, query: CampaignQuery) -> CampaignPage:
    """A page of the campaigns, the newest first."""
    rows, cursor = await fetch_bounded_page(
        db,
        crud.select_campaigns(query),
        lambda entity: crud.match_campaigns(entity, query),
        _NEWEST,
        query,
    )
    now = clock.now()
    return CampaignPage(items=[_out(row, now) for row in rows], next_cursor=cursor)


async def get(db: AsyncSession, campaign_id: UUID) -> CampaignOut:
    """One campaign. Raises CampaignNotFound."""
    return _out(await _find(db, campaign_id), clock.now())


async def change_budget(db: AsyncSession, campaign_id: UUID, command: CampaignBudget) -> CampaignOut:
    """Let a campaign spend more or less in all, also while it runs: sales enforce it from now on.

    Raises CampaignNotFound, CampaignBudgetNotFound, CampaignOver, CampaignBudgetInvalid.
    """
    campaign = await _lock(db, campaign_id)
    before, now, after = campaign.budget_paise, clock.now(), command.budget.paise
    if before is None:
        raise CampaignBudgetNotFound
    _check_goes_on(campaign, now)
    if after == before:
        return _out(campaign, now)
    offer = await crud.get_offer(db, campaign.offer_id)
    assert offer is not None, "a foreign key"
    await offers.change_budget(db, offer, campaign_id, command.budget)
    spent = await offers.budget_spent(db, campaign_id)
    if spent > command.budget:
        raise CampaignBudgetInvalid(spent)
    campaign.budget_paise = after
    await db.flush()
    changed = CampaignBudgetChanged(
        user_id=str(SYSTEM_USER_ID),
        campaign_id=str(campaign_id),
        changes=changes({"budget_paise": before}, {"budget_paise": after}),
    )
    await emit(db, changed)
    return _out(campaign, now)


async def cancel(db: AsyncSession, campaign_id: UUID) -> CampaignOut:
    """Choose and tell nobody more. Raises CampaignNotFound, CampaignOver."""
    campaign, now = await _lock(db, campaign_id), clock.now()
    before = _check_goes_on(campaign, now)
    campaign.state = CampaignState.CANCELLED.value
    await db.flush()
    cancelled = CampaignCancelled(
        user_id=str(SYSTEM_USER_ID),
        campaign_id=str(campaign_id),
        changes=changes({"status": before}, {"status": CampaignStatus.CANCELLED}),
    )
    await emit(db, cancelled)
    return _out(campaign, now)


async def result(db: AsyncSession, campaign_id: UUID) -> CampaignResult:
    """What the campaign has brought by now. Raises CampaignNotFound."""
    campaign = await _find(db, campaign_id)
    groups = await crud.get_result(db, campaign, until=min(campaign.ends_at, clock.now()))
    reached, control = groups.get(False, GroupFigures()), groups.get(True, GroupFigures())
    offer = await crud.get_offer(db, campaign.offer_id)
    assert offer is not None, "a foreign key"
    budget = offer.budget_paise if campaign.budget_paise is None else campaign.budget_paise
    return CampaignResult(
        reached=_group(reached),
        control=_group(control),
        shown=reached.shown,
        used=reached.uses,
        cost=Money(reached.cost),
        budget=None if budget is None else Money(budget),
        spent=None if campaign.budget_paise is None else await offers.budget_spent(db, campaign_id),
        extra_revenue=extra_revenue(reached, control),
    )


def extra_revenue(reached: GroupFigures, control: GroupFigures) -> SignedMoney | None:
    """What those who were told paid more than so many of the control group, to the paisa below; None without one."""
    if not control.customers:
        return None
    return SignedMoney(reached.paise - control.paise * reached.customers // control.customers)


def _group(figures: GroupFigures) -> GroupResult:
    return GroupResult(
        customers=figures.customers,
        recharged=figures.recharged,
        recharges=figures.recharges,
        revenue=Money(figures.paise),
    )


async def _find(db: AsyncSession, campaign_id: UUID) -> Campaign:
    campaign = await crud.get_campaign(db, campaign_id)
    if campaign is None:
        raise CampaignNotFound
    return campaign


async def _lock(db: AsyncSession, campaign_id: UUID) -> Campaign:
    campaign = await crud.lock_campaign(db, campaign_id)
    if campaign is None:
        raise CampaignNotFound
    return campaign


def _check_goes_on(campaign: Campaign, now: datetime) -> CampaignStatus:
    """Its status. Raises CampaignOver."""
    status = _status(campaign, now)
    if status in (CampaignStatus.ENDED, CampaignStatus.CANCELLED):
        raise CampaignOver
    return status


def _status(campaign: Campaign, now: datetime) -> CampaignStatus:
    if campaign.state == CampaignState.CANCELLED:
        return CampaignStatus.CANCELLED
    if campaign.ends_at <= now:
        return CampaignStatus.ENDED
    if campaign.state == CampaignState.RUNNING:
        return CampaignStatus.RUNNING
    return CampaignStatus.SELECTING if campaign.starts_at <= now else CampaignStatus.SCHEDULED


def _out(campaign: Campaign, now: datetime) -> CampaignOut:
    return CampaignOut(
        campaign_id=campaign.campaign_id,
        name=campaign.name,
        offer_id=campaign.offer_id,
        budget=None if campaign.budget_paise is None else Money(campaign.budget_paise),
        target=Target.model_validate_json(orjson.dumps(campaign.target)),
        control_percent=campaign.control_percent,
        starts_at=campaign.starts_at,
        ends_at=campaign.ends_at,
        status=_status(campaign, now),
        selected_at=campaign.selected_at,
        created_by=campaign.created_by,
        created_at=campaign.created_at,
    )
