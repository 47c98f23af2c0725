"""`/campaigns`: an offer for a target group, and what it brought."""

from __future__ import annotations

from typing import Annotated, Final
from uuid import UUID

from fastapi import Depends, Query
from starlette.status import HTTP_201_CREATED

from gencharge.campaigns import staff_service
from gencharge.campaigns.errors import (
    CampaignBudgetAlreadyExists,
    CampaignBudgetInvalid,
    CampaignBudgetNotFound,
    CampaignNotFound,
    CampaignOfferInvalid,
    CampaignOver,
)
from gencharge.campaigns.staff_schemas import (
    CampaignBudget,
    CampaignCreate,
    CampaignOut,
    CampaignPage,
    CampaignQuery,
    CampaignResult,
)
from gencharge.core.errors import DatabaseUnavailable, MalformedJson, ValidationFailed
from gencharge.core.http import web
from gencharge.core.http.paging import CursorInvalid
from gencharge.core.postgres.database import Db
from gencharge.sessions.guards import ADMIN_ERRORS, STEP_UP_ERRORS, Action, Principal, Requires, Resource

router = web.router("campaigns")
_ONE: Final = (CampaignNotFound, ValidationFailed, DatabaseUnavailable)
# A campaign is for customers of all operators, so an admin limited to some operators does not see it.
Reader = Annotated[Principal, Depends(Requires(Resource.OFFERS, Action.READ))]
Planner = Annotated[Principal, Depends(Requires(Resource.OFFERS, Action.WRITE, step_up=True))]
Editor = Annotated[Principal, Depends(Requires(Resource.OFFERS, Action.EDIT, step_up=True))]


@router.post(
    "",
    summary="Plan a campaign (staff)",
    status_code=HTTP_201_CREATED,
    response_model=CampaignOut,
    responses=web.errors(
        CampaignOfferInvalid,
        CampaignBudgetAlreadyExists,
        MalformedJson,
        ValidationFailed,
        DatabaseUnavailable,
        *STEP_UP_ERRORS,
    ),
)
async def create_campaign(admin: Planner, db: Db, command: CampaignCreate) -> CampaignOut:
    """An offer with a code for the customers who match `target` when it starts. `control_percent` of them are not told. Each of
    the others becomes an event, from which a notice is written for those who agreed to promotions. Needs step-up."""
    return await staff_service.create(db, admin.user_id, command)


@router.get(
    "",
    summary="Campaigns (staff)",
    responses=web.errors(CursorInvalid, ValidationFailed, DatabaseUnavailable, *ADMIN_ERRORS),
)
async def list_campaigns(admin: Reader, db: Db, query: Annotated[CampaignQuery, Query()]) -> CampaignPage:
    """All campaigns, newest first."""
    del admin
    return await staff_service.list_campaigns(db, query)


@router.get("/{campaign_id}", summary="A campaign (staff)", responses=web.errors(*_ONE, *ADMIN_ERRORS))
async def get_campaign(admin: Reader, db: Db, campaign_id: UUID) -> CampaignOut:
    """One campaign."""
    del admin
    return await staff_service.get(db, campaign_id)


@router.get(
    "/{campaign_id}/result",
    summary="What a campaign brought (staff)",
    responses=web.errors(*_ONE, *ADMIN_ERRORS),
)
async def get_campaign_result(admin: Reader, db: Db, campaign_id: UUID) -> CampaignResult:
    """Both groups from the start to the end, or to now: who recharged, what they paid, what the offer cost, and how much more
    those who were told brought."""
    del admin
    return await staff_service.result(db, campaign_id)


@router.put(
    "/{campaign_id}/budget",
    summary="Change what a campaign may spend (staff)",
    responses=web.errors(
        CampaignBudgetInvalid,
        CampaignBudgetNotFound,
        CampaignOver,
        MalformedJson,
        *_ONE,
        *STEP_UP_ERRORS,
    ),
)
async def change_campaign_budget(
    admin: Editor, db: Db, campaign_id: UUID, command: CampaignBudget
) -> CampaignOut:
    """More or less in all, also while it runs: recharges go by it at once. Needs step-up."""
    del admin
    return await staff_service.change_budget(db, campaign_id, command)


@router.post(
    "/{campaign_id}/cancel",
    summary="Cancel a campaign (staff)",
    responses=web.errors(CampaignOver, *_ONE, *STEP_UP_ERRORS),
)
async def cancel_campaign(admin: Editor, db: Db, campaign_id: UUID) -> CampaignOut:
    """Choose and tell nobody more. Who has been told keeps the offer. Needs step-up."""
    del admin
    return await staff_service.cancel(db, campaign_id)
