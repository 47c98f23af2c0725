"""What campaigns brought, put together for the staff."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.analytics.campaigns_schemas import CampaignFiguresOut, CampaignsFigures, CampaignTotals
from gencharge.analytics.staff_schemas import PeriodQuery
from gencharge.campaigns import service as campaigns
from gencharge.campaigns.service import Outcome
from gencharge.core.http.web import to_json
from gencharge.core.values import clock
from gencharge.core.values.money import Money, SignedMoney

_MAXIMUM: Final = 200


async def show(db: AsyncSession, query: PeriodQuery) -> CampaignsFigures:
    """The campaigns that started on the days that are asked for."""
    asked = query.days()
    since, until = clock.start_of_day(asked.first), clock.start_of_day(asked.last + timedelta(days=1))
    outcomes = await campaigns.list_outcomes(db, since, until, limit=_MAXIMUM)
    counted = [outcome.counted_at for outcome in outcomes if outcome.counted_at is not None]
    return CampaignsFigures(
        counted_at=max(counted, default=None),
        first_day=asked.first,
        last_day=asked.last,
        totals=_totals(outcomes),
        campaigns=[_out(outcome) for outcome in outcomes],
    )


def etag(figures: CampaignsFigures) -> str:
    """Changes with the answer."""
    return hashlib.sha256(to_json(figures)).hexdigest()[:32]


def _totals(outcomes: list[Outcome]) -> CampaignTotals:
    extra = [outcome.extra_revenue for outcome in outcomes]
    return CampaignTotals(
        campaigns=len(outcomes),
        reached=sum(outcome.reached.customers for outcome in outcomes),
        control=sum(outcome.control.customers for outcome in outcomes),
        shown=sum(outcome.reached.shown for outcome in outcomes),
        used=sum(outcome.reached.uses for outcome in outcomes),
        cost=Money(sum(outcome.reached.cost for outcome in outcomes)),
        revenue=Money(sum(outcome.reached.paise for outcome in outcomes)),
        extra_revenue=SignedMoney(sum(each.paise for each in extra if each is not None)),
    )


def _out(outcome: Outcome) -> CampaignFiguresOut:
    campaign, reached, control = outcome.campaign, outcome.reached, outcome.control
    return CampaignFiguresOut(
        campaign_id=campaign.campaign_id,
        name=campaign.name,
        offer_id=campaign.offer_id,
        offer_name=outcome.offer_name,
        starts_at=campaign.starts_at,
        ends_at=campaign.ends_at,
        counted_at=outcome.counted_at,
        reached=reached.customers,
        control=control.customers,
        shown=reached.shown,
        recharged=reached.recharged,
        recharged_percent=_percent(reached.recharged, reached.customers),
        control_recharged_percent=_percent(control.recharged, control.customers),
        used=reached.uses,
        cost=Money(reached.cost),
        revenue=Money(reached.paise),
        extra_revenue=outcome.extra_revenue,
    )


def _percent(part: int, whole: int) -> float | None:
    return round(part * 100 / whole, 2) if whole else None
