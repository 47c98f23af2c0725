"""Budgets of campaigns: one at a time where a use does not say whose it is."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.core.values.ids import new_id
from gencharge.core.values.money import Money
from gencharge.offers import budget_service
from gencharge.offers.models import Offer
from gencharge.recharge import quote_service
from gencharge.recharge.schemas import Quote, QuoteOut
from tests.make.money import buy, find_plan, make_customer, make_number
from tests.make.offers import flat, market_of, publish


async def add(stores: Stores, offer_id: UUID, *, from_day: int = 0, to_day: int = 10) -> UUID | None:
    """A budget of Rs 100 for these days from now; the other one that is in the way."""
    now = clock.now()

    async def unit(db: AsyncSession) -> UUID | None:
        offer = await db.get_one(Offer, offer_id)
        starts_at, ends_at = now + timedelta(days=from_day), now + timedelta(days=to_day)
        return await budget_service.add(
            db, offer, new_id(), Money.rupees(100), starts_at=starts_at, ends_at=ends_at
        )

    return await stores.database.run(unit)


@pytest.mark.parametrize(
    ("days", "is_free"), [((5, 15), False), ((-5, 1), False), ((2, 3), False), ((10, 12), True)]
)
async def test_one_code_for_all_has_one_budget_at_a_time(
    shop: Stores, days: tuple[int, int], is_free: bool
) -> None:
    with clock.at(clock.now()):
        offer = await publish(shop, code=f"B{uuid4().hex[:9].upper()}")
        assert await add(shop, offer.offer_id) is None
        other = await add(shop, offer.offer_id, from_day=days[0], to_day=days[1])
        assert (other is None) is is_free


async def test_one_time_codes_say_whose_they_are(shop: Stores) -> None:
    offer = await publish(shop, conditions={"one_time_code": True})
    assert await add(shop, offer.offer_id) is None
    assert await add(shop, offer.offer_id) is None


async def test_a_quote_says_that_the_budget_of_the_campaign_is_spent(shop: Stores) -> None:
    code = f"B{uuid4().hex[:9].upper()}"
    offer = await publish(shop, {"discount": flat(60)}, code=code)
    await add(shop, offer.offer_id)
    plan, market = await find_plan(shop, "AIRTEL", 299), await market_of(shop, offer)

    async def quoted() -> QuoteOut:
        query = Quote(phone_number=await make_number(shop, "AIRTEL"), plan_id=plan.plan_id)
        return await quote_service.quote(shop.database, await make_customer(shop), query, market)

    assert (await quoted()).offers[0].applies
    await buy(
        shop,
        await make_customer(shop),
        await make_number(shop, "AIRTEL"),
        plan.plan_id,
        market=market,
        offer_code=code,
    )
    [spent] = (await quoted()).offers
    assert [reason.code for reason in spent.reasons] == ["budget_spent"]
