"""What is kept of campaigns is what their own results say, and is counted again as long as it changes."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

from gencharge.campaigns import jobs, service
from gencharge.campaigns.service import Outcome
from gencharge.campaigns.staff_schemas import CampaignOut
from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.core.values.ids import new_id
from gencharge.recharge import quote_loop, quote_service, quote_tally
from gencharge.recharge.schemas import Quote
from tests.make.campaigns import members, plan, result, start
from tests.make.factories import make_user
from tests.make.money import buy, find_plan, fund, make_number
from tests.make.offers import market_of, publish
from tests.make.recharge import run_sql

DAY = timedelta(days=1)


async def outcome_of(stores: Stores, campaign: CampaignOut) -> Outcome:
    listed = await stores.database.run(
        lambda db: service.list_outcomes(db, campaign.starts_at - DAY, campaign.starts_at + DAY, limit=50)
    )
    (outcome,) = (one for one in listed if one.campaign.campaign_id == campaign.campaign_id)
    return outcome


async def test_what_is_kept_is_the_result_and_follows_it_until_weeks_after_the_end(shop: Stores) -> None:
    people = [(await shop.database.run(make_user)).user_id for _ in range(3)]
    sold = await find_plan(shop)
    for person in people:
        await fund(shop, person, 5_000)
    campaign = await plan(shop, ends_at=(clock.now() + timedelta(days=2)).isoformat())
    assert (await outcome_of(shop, campaign)).counted_at is None
    await jobs.count(shop)
    assert (await outcome_of(shop, campaign)).counted_at is None, "its customers are not chosen yet"
    await start(shop)
    await run_sql(
        shop,
        "UPDATE campaign_members SET is_control = (user_id = :user_id) WHERE campaign_id = :campaign_id",
        user_id=people[2],
        campaign_id=campaign.campaign_id,
    )
    for person in people:
        await buy(shop, person, await make_number(shop), sold.plan_id)
    with clock.later(minutes=5):
        await jobs.count(shop)
        own = await result(shop, campaign.campaign_id)
    stored = await outcome_of(shop, campaign)
    assert (stored.reached.customers, stored.control.customers) == (
        len(await members(shop, campaign.campaign_id)) - 1,
        1,
    )
    assert (
        (stored.reached.recharges, stored.control.recharges)
        == (own.reached.recharges, own.control.recharges)
        == (2, 1)
    )
    assert (stored.reached.paise, stored.extra_revenue) == (own.reached.revenue.paise, own.extra_revenue)
    await buy(shop, people[0], await make_number(shop), sold.plan_id)
    with clock.later(days=30):
        await jobs.count(shop)
    assert (await outcome_of(shop, campaign)).reached.recharges == 3
    counted_at = (await outcome_of(shop, campaign)).counted_at
    with clock.later(days=40):
        await jobs.count(shop)
    assert (await outcome_of(shop, campaign)).counted_at == counted_at, "five weeks after its end it rests"


async def test_quotes_with_the_offer_are_counted_without_a_write_of_the_quote(shop: Stores) -> None:
    quote_tally.OPERATORS.take()
    quote_tally.OFFERS.take()
    customer = (await shop.database.run(make_user)).user_id
    await fund(shop, customer, 100)
    sold, number = await find_plan(shop), await make_number(shop)
    offer = await publish(shop, code=f"Q{new_id().hex[:9].upper()}")
    campaign = await plan(shop, offer.offer_id)
    await start(shop)
    plain = Quote(phone_number=number, plan_id=sold.plan_id)
    coded = plain.model_copy(update={"offer_code": offer.code})
    market = await market_of(shop, offer)
    await quote_service.quote(shop.database, customer, plain, market)
    for _ in range(2):
        quoted = await quote_service.quote(shop.database, customer, coded, market)
        assert quoted.offer_id == offer.offer_id
    await quote_loop.write_down(shop, uuid4())
    assert (await result(shop, campaign.campaign_id)).shown == 2
    await quote_loop.write_down(shop, uuid4())
    await jobs.count(shop)
    assert (await outcome_of(shop, campaign)).reached.shown == 2
