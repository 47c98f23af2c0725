"""What campaigns brought, kept for those who look at many of them at once (`analytics`)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.campaigns import crud
from gencharge.campaigns.crud import GroupFigures
from gencharge.campaigns.models import Campaign
from gencharge.campaigns.staff_service import extra_revenue
from gencharge.core.postgres.database import Database
from gencharge.core.values import clock
from gencharge.core.values.money import SignedMoney

# Refunds change what a campaign brought for so long after its end; later ones are seen in its own result.
_AFTER: Final = timedelta(days=35)


@dataclass(frozen=True, slots=True)
class Outcome:
    """A campaign, and what both groups did. `counted_at` None: its customers are still being chosen, or nothing was counted yet."""

    campaign: Campaign
    offer_name: str
    reached: GroupFigures
    control: GroupFigures
    counted_at: datetime | None

    @property
    def extra_revenue(self) -> SignedMoney | None:
        """What those who were told paid more than so many of the control group; None without one."""
        return extra_revenue(self.reached, self.control)


async def count(database: Database) -> int:
    """Count the campaigns that run, or ended within five weeks, each in a transaction of its own. Returns how many."""
    now = clock.now()
    campaigns = await database.run(lambda db: crud.list_counted(db, now=now, ended_after=now - _AFTER))
    for campaign in campaigns:

        async def unit(db: AsyncSession, campaign: Campaign = campaign) -> None:
            await crud.allow_time(db)
            groups = await crud.get_result(db, campaign, until=min(campaign.ends_at, now))
            await crud.store_figures(db, campaign.campaign_id, groups, now)

        await database.run(unit)
    return len(campaigns)


async def list_outcomes(db: AsyncSession, since: datetime, until: datetime, *, limit: int) -> list[Outcome]:
    """The campaigns that start from one instant up to, not including, another one, the newest first."""
    started = await crud.list_started(db, since, until, limit=limit)
    rows = await crud.list_figures(db, [campaign.campaign_id for campaign, _ in started])
    figures = {(row.campaign_id, row.is_control): row for row in rows}
    outcomes = []
    for campaign, offer_name in started:
        groups = [figures.get((campaign.campaign_id, is_control)) for is_control in (False, True)]
        reached, control = (
            GroupFigures()
            if row is None
            else GroupFigures(*(getattr(row, name) for name in GroupFigures._fields))
            for row in groups
        )
        counted_at = groups[0].counted_at if groups[0] is not None else None
        outcomes.append(Outcome(campaign, offer_name, reached, control, counted_at))
    return outcomes
