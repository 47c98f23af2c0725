"""A quote says which offer a sale would have, and of each other one why not."""

from __future__ import annotations

import time
from typing import Any
from uuid import UUID, uuid4

import pytest

from gencharge.core.stores.stores import Stores
from gencharge.core.values.money import Money
from gencharge.offers.errors import OfferCodeNotFound, OfferNotApplicable
from gencharge.offers.snapshot import OfferSnapshot
from gencharge.recharge import quote_service
from gencharge.recharge.errors import AmountInvalid
from gencharge.recharge.schemas import Quote, QuoteOut
from tests.make.money import buy, find_plan, find_talktime, make_customer, make_number
from tests.make.offers import flat, market_of, offer, percent, publish

NUMBER_OF_OFFERS = 200


async def quote(
    stores: Stores, user_id: UUID, number: str, *offers: OfferSnapshot, **fields: Any
) -> QuoteOut:
    """What Airtel's Rs 299 would cost with these offers."""
    plan, market = await find_plan(stores, "AIRTEL", 299), await market_of(stores, *offers)
    query = Quote.model_validate({"phone_number": number, "plan_id": plan.plan_id} | fields)
    return await quote_service.quote(stores.database, user_id, query, market)


async def test_the_offer_that_a_quote_names_is_the_one_that_the_sale_has(shop: Stores) -> None:
    best = await publish(shop, {"discount": flat(40), "cashback": flat(10)}, name="best")
    other = await publish(shop, {"discount": flat(20)}, name="other")
    for_vi = await publish(shop, conditions={"operators": ["VI"]})
    for_upi = await publish(
        shop, {"discount": flat(60)}, conditions={"payment_methods": ["upi"]}, name="by UPI"
    )
    user_id, number = await make_customer(shop, 259), await make_number(shop, "AIRTEL")
    everything = (other, for_vi, for_upi, best)
    quoted = await quote(shop, user_id, number, *everything, payment_method="wallet")
    assert (quoted.price, quoted.discount, quoted.cashback) == (
        Money.rupees(299),
        Money.rupees(40),
        Money.rupees(10),
    )
    assert (quoted.payable, quoted.wallet_covers, quoted.shortfall) == (Money.rupees(259), True, Money(0))
    assert [(each.name, each.applies) for each in quoted.offers] == [
        ("best", True),
        ("other", True),
        ("by UPI", False),
    ]
    assert [reason.message for reason in quoted.offers[2].reasons] == ["only when paying by UPI"]
    plan, market = await find_plan(shop, "AIRTEL", 299), await market_of(shop, *everything)
    sale = await buy(shop, user_id, number, plan.plan_id, market=market, expected_price=quoted.payable)
    assert (sale.answer.offer_id, sale.answer.total_paid) == (quoted.offer_id, quoted.payable)


async def test_a_quote_has_every_reason_of_the_database_too(shop: Stores) -> None:
    strict = await publish(
        shop,
        conditions={"circles": ["KA"], "new_user_only": True, "user_types": ["postpaid"]},
        limits={"total_uses": 1, "uses_per_user": 1},
    )
    plain = await publish(shop, limits={"total_uses": 1, "uses_per_user": 1})
    user_id, number = await make_customer(shop), await make_number(shop, "AIRTEL", circle="MH")
    plan, market = await find_plan(shop, "AIRTEL", 299), await market_of(shop, plain)
    await buy(shop, user_id, number, plan.plan_id, market=market, offer_id=plain.offer_id)
    quoted = await quote(shop, user_id, number, strict, plain)
    codes = {each.offer_id: [reason.code for reason in each.reasons] for each in quoted.offers}
    assert codes == {
        strict.offer_id: ["user_type", "new_user_only", "circle"],
        plain.offer_id: ["used_up", "used_by_you"],
    }
    assert (quoted.discount, quoted.offer_id) == (Money(0), None)


async def test_a_chosen_offer_is_quoted_or_refused(shop: Stores) -> None:
    coded = await publish(shop, code=f"C{uuid4().hex[:8].upper()}", conditions={"min_amount": 300})
    fine = await publish(shop, code=f"C{uuid4().hex[:8].upper()}")
    user_id, number = await make_customer(shop), await make_number(shop, "AIRTEL")
    assert (await quote(shop, user_id, number, fine)).discount == Money(0)
    typed = f" {fine.code} ".lower()
    assert (await quote(shop, user_id, number, fine, offer_code=typed)).discount == Money.rupees(50)
    with pytest.raises(OfferNotApplicable, match="on plans of ₹300 or more"):
        await quote(shop, user_id, number, coded, offer_code=coded.code)
    with pytest.raises(OfferCodeNotFound):
        await quote(shop, user_id, number, coded, offer_code="NOSUCHCODE")


async def test_who_wants_no_offer_is_quoted_the_price(shop: Stores) -> None:
    best = await publish(shop)
    user_id, number = await make_customer(shop), await make_number(shop, "AIRTEL")
    quoted = await quote(shop, user_id, number, best, automatic_offer=False)
    assert (quoted.payable, quoted.offers[0].applies) == (Money.rupees(299), True)


async def test_two_hundred_offers_are_judged_in_milliseconds(shop: Stores) -> None:
    offers = [
        offer(
            name=f"{number}",
            conditions={"min_amount": 100 + number, "circles": ["KA"]},
            limits={"total_uses": 9},
        )
        for number in range(NUMBER_OF_OFFERS)
    ]
    user_id, number = await make_customer(shop), await make_number(shop, "AIRTEL")
    plan, market = await find_plan(shop, "AIRTEL", 299), await market_of(shop, *offers)
    query = Quote.model_validate({"phone_number": number, "plan_id": plan.plan_id})
    seconds = []
    for _ in range(20):
        begin = time.process_time()
        quoted = await quote_service.quote(shop.database, user_id, query, market)
        seconds.append(time.process_time() - begin)
    assert len(quoted.offers) == 50
    # The aim is 5 ms on a quiet machine (docs/PERFORMANCE.md has what was measured); others work on this one.
    assert min(seconds) < 0.015


async def test_an_offer_is_judged_by_the_amount_that_the_customer_chose(shop: Stores) -> None:
    half = await publish(shop, {"discount": percent(10, 20)}, conditions={"min_amount": 100})
    user_id, number = await make_customer(shop), await make_number(shop, "AIRTEL")
    plan, market = await find_talktime(shop, "AIRTEL"), await market_of(shop, half)

    async def quoted(amount: int) -> QuoteOut:
        query = Quote.model_validate({"phone_number": number, "plan_id": plan.plan_id, "amount": amount})
        return await quote_service.quote(shop.database, user_id, query, market)

    small, large = await quoted(99), await quoted(150)
    assert [reason.code for reason in small.offers[0].reasons] == ["min_amount"]
    assert (small.discount, small.payable, small.talktime) == (
        Money(0),
        Money.rupees(99),
        Money.rupees("80.90"),
    )
    assert (large.discount, large.payable, large.talktime) == (
        Money.rupees(15),
        Money.rupees(135),
        Money.rupees("124.12"),
    )
    sale = (await buy(shop, user_id, number, plan.plan_id, market=market, amount=150)).answer
    assert (sale.offer_id, sale.total_paid, sale.talktime) == (half.offer_id, large.payable, large.talktime)


@pytest.mark.parametrize("amount", [None, 5, 12.5])
async def test_a_quote_of_any_amount_says_which_amounts_there_are(shop: Stores, amount: float | None) -> None:
    plan, market = await find_talktime(shop), await market_of(shop)
    fields = {"phone_number": await make_number(shop), "plan_id": plan.plan_id, "amount": amount}
    with pytest.raises(AmountInvalid) as refused:
        await quote_service.quote(
            shop.database, await make_customer(shop), Quote.model_validate(fields), market
        )
    assert {name: str(value) for name, value in refused.value.extra.items()} == {
        "minimum": "10.00",
        "maximum": "2000.00",
        "step": "1.00",
    }
