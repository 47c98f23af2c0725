"""What campaigns may spend of an offer, beside the offer's own budget."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.core.rooms import snapshots
from gencharge.core.values.money import Money
from gencharge.offers import crud
from gencharge.offers.models import Offer, OfferBudget
from gencharge.offers.rules import reward_of


async def add(
    db: AsyncSession,
    offer: Offer,
    budget_id: UUID,
    amount: Money,
    *,
    starts_at: datetime,
    ends_at: datetime,
) -> UUID | None:
    """Give a campaign a budget; sales enforce it from now on.

    An offer with one code for all has one budget at a time, because a use does not say whose it is: returns the id of the other one then,
    and adds nothing.
    """
    await snapshots.lock(db, "offers")
    if not offer.one_time_code:
        other = await crud.find_budget_between(db, offer.offer_id, starts_at, ends_at)
        if other is not None:
            return other
    budget = OfferBudget(
        budget_id=budget_id,
        offer_id=offer.offer_id,
        budget_paise=amount.paise,
        starts_at=starts_at,
        ends_at=ends_at,
    )
    await crud.add_budget(db, budget)
    return None


async def change(db: AsyncSession, offer: Offer, budget_id: UUID, amount: Money) -> None:
    """Let a campaign spend so much in all; sales enforce it once this is committed.

    Under the locks of the budget's counters, so that what is spent does not change until then.
    """
    await crud.set_budget(db, budget_id, amount.paise)
    await crud.split(db, budget_id, cost=reward_of(offer).most_paise)


async def spent(db: AsyncSession, budget_id: UUID) -> Money:
    """What uses cost a campaign's budget now; what failed or was refunded in full costs nothing."""
    _, paise = await crud.get_counters(db, budget_id)
    return Money(paise)
