"""`take_offer`: one use for a sale, within every limit, whatever happens at the same time."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from gencharge.core.errors import DatabaseUnavailable
from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.core.values.money import Money
from gencharge.offers import crud
from gencharge.offers.errors import (
    OfferChanged,
    OfferEnded,
    OfferNotApplicable,
    OfferNotBegun,
    OfferUsedUp,
)
from gencharge.offers.snapshot import OfferSnapshot
from gencharge.recharge.choice_service import Market
from gencharge.recharge.errors import PriceChanged
from gencharge.recharge.schemas import SubscriptionOut
from gencharge.wallet.errors import InsufficientBalance
from tests.make.money import balance, buy, find_plan, fingerprint, make_customer, make_number
from tests.make.offers import flat, market_of, percent, publish, use_of, used
from tests.make.recharge import assert_books_balance, run_sql

CASHBACK = {"cashback": flat(10)}


async def sell(
    stores: Stores,
    offer: OfferSnapshot,
    market: Market,
    *,
    user_id: UUID | None = None,
    operator: str = "AIRTEL",
    number: str | None = None,
    **fields: object,
) -> SubscriptionOut:
    """A recharge of Rs 299 for a new number with this offer, which the customer chose."""
    user_id = user_id or await make_customer(stores)
    plan = await find_plan(stores, operator, 299)
    number = number or await make_number(stores, operator)
    fields = {"offer_id": offer.offer_id} | fields
    return (await buy(stores, user_id, number, plan.plan_id, market=market, **fields)).answer


async def test_a_discount_comes_off_the_price_and_is_written_down(shop: Stores) -> None:
    offer = await publish(shop, {"discount": flat(50), "cashback": flat(10)})
    user_id = await make_customer(shop)
    sale = await sell(shop, offer, await market_of(shop, offer), user_id=user_id)
    assert (sale.price, sale.discount, sale.cashback) == (
        Money.rupees(299),
        Money.rupees(50),
        Money.rupees(10),
    )
    assert (sale.total_paid, sale.wallet_amount) == (Money.rupees(249), Money.rupees(249))
    assert sale.offer_id == offer.offer_id
    assert sale.wallet_balance == Money.rupees(5_000 - 249 + 10) == await balance(shop, user_id)
    use = await use_of(shop, user_id, sale.recharge_id)
    assert (use.status, use.discount, use.cashback, use.cost, use.paid) == (
        "taken",
        5_000,
        1_000,
        6_000,
        1_000,
    )
    assert await used(shop, offer.offer_id) == (1, 6_000)
    await assert_books_balance(shop)


async def sell_patiently(
    stores: Stores, offer: OfferSnapshot, market: Market, user_id: UUID
) -> SubscriptionOut:
    """The same as a client that sends its request again, with its key, for as long as the answer is 503: on a busy machine
    fifty at once wait longer for a connection than a request may."""
    number, key = await make_number(stores, "AIRTEL"), str(uuid4())
    while True:
        with suppress(DatabaseUnavailable):
            return await sell(stores, offer, market, user_id=user_id, number=number, key=key)


async def test_fifty_customers_racing_for_the_last_use_get_it_once(shop: Stores) -> None:
    offer = await publish(shop, limits={"total_uses": 1})
    market = await market_of(shop, offer)
    customers = [await make_customer(shop) for _ in range(50)]
    results = await asyncio.gather(
        *(sell_patiently(shop, offer, market, user_id) for user_id in customers), return_exceptions=True
    )
    sold = [each for each in results if isinstance(each, SubscriptionOut)]
    refused = [each for each in results if isinstance(each, OfferUsedUp)]
    assert [repr(each) for each in results if each not in refused and each not in sold] == []
    assert (len(refused), len(sold)) == (49, 1)
    assert refused[0].extra["reasons"] == [{"code": "used_up", "message": "fully used"}]
    assert await used(shop, offer.offer_id) == (1, 5_000)


async def test_who_comes_too_late_for_the_last_use_writes_no_counter(shop: Stores) -> None:
    offer = await publish(shop, limits={"total_uses": 1})
    market = await market_of(shop, offer)
    await sell(shop, offer, market)
    rows = "SELECT array_agg(xmin::text ORDER BY slot) FROM offer_slots WHERE offer_id = :offer_id"
    async with shop.database.transaction() as db:
        before = await db.scalar(text(rows), {"offer_id": offer.offer_id})
        await crud.split(db, offer.offer_id, cost=5_000)
        await crud.split(db, offer.offer_id, cost=5_000)
    with pytest.raises(OfferUsedUp):
        await sell(shop, offer, market)
    async with shop.database.transaction() as db:
        assert await db.scalar(text(rows), {"offer_id": offer.offer_id}) == before


async def test_a_slot_that_another_sale_holds_is_not_waited_for(shop: Stores) -> None:
    offer = await publish(shop, limits={"total_uses": 1_000})
    user_id = await make_customer(shop)
    take = text("SELECT take_offer_slot(:offer_id, :user_id, 5000)")
    who = {"offer_id": offer.offer_id, "user_id": user_id}
    async with shop.database.transaction() as db:
        await crud.split(db, offer.offer_id, cost=5_000)
    # Both are undone: these uses have no recharge.
    with suppress(ZeroDivisionError):
        async with shop.database.transaction() as first, shop.database.transaction() as second:
            slot = await first.scalar(take, who)
            await second.execute(text("SET LOCAL lock_timeout = '100ms'"))
            other = await second.scalar(take, who)
            raise ZeroDivisionError
    assert other != slot


@pytest.mark.parametrize(
    ("limits", "uses"),
    [
        ({"total_uses": 23}, 23),
        # Whatever the slots had left is put together until it is not enough for one more use.
        ({"budget": 1_170}, 23),
        ({"budget": 50}, 1),
        ({"total_uses": 20, "budget": 1_030}, 20),
    ],
    ids=["uses", "budget with a rest", "budget of one", "both"],
)
async def test_every_use_that_a_limit_allows_is_given_and_none_more(
    shop: Stores, limits: dict[str, int], uses: int
) -> None:
    offer = await publish(shop, limits=limits)
    market = await market_of(shop, offer)
    customers = [await make_customer(shop) for _ in range(30)]
    results = await asyncio.gather(
        *(sell(shop, offer, market, user_id=user_id) for user_id in customers), return_exceptions=True
    )
    assert sum(isinstance(each, SubscriptionOut) for each in results) == uses
    assert not [each for each in results if not isinstance(each, SubscriptionOut | OfferNotApplicable)]
    assert await used(shop, offer.offer_id) == (uses, uses * 5_000)
    await assert_books_balance(shop)


async def test_one_customer_racing_with_ten_numbers_stays_within_their_own_limit(shop: Stores) -> None:
    offer = await publish(shop, limits={"uses_per_user": 2})
    market, user_id = await market_of(shop, offer), await make_customer(shop)
    results = await asyncio.gather(
        *(sell(shop, offer, market, user_id=user_id) for _ in range(10)), return_exceptions=True
    )
    assert sum(isinstance(each, SubscriptionOut) for each in results) == 2
    [reason] = {each.extra["reasons"][0]["code"] for each in results if isinstance(each, OfferNotApplicable)}
    assert reason == "used_by_you"


async def test_two_first_recharges_at_once_are_not_both_the_first(shop: Stores) -> None:
    offer = await publish(shop, conditions={"new_user_only": True})
    market = await market_of(shop, offer)
    for _ in range(5):
        user_id = await make_customer(shop)
        results = await asyncio.gather(
            *(sell(shop, offer, market, user_id=user_id) for _ in range(2)), return_exceptions=True
        )
        assert sum(isinstance(each, SubscriptionOut) for each in results) == 1


async def test_an_offer_of_a_circle_is_for_numbers_of_that_circle(shop: Stores) -> None:
    offer = await publish(shop, conditions={"circles": ["KA"]})
    market = await market_of(shop, offer)
    await sell(shop, offer, market, number=await make_number(shop, "AIRTEL", circle="KA"))
    for circle in ("MH", None):
        number = await make_number(shop, "AIRTEL", circle=circle)
        with pytest.raises(OfferNotApplicable) as caught:
            await sell(shop, offer, market, number=number)
        assert caught.value.extra["reasons"][0]["code"] == "circle"


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ("version = 2", OfferChanged),
        ("status = 'inactive'", OfferChanged),
        ("active_from = now() + interval '1 day'", OfferNotBegun),
        ("active_until = now() - interval '1 day'", OfferEnded),
    ],
)
async def test_the_terms_of_the_database_count_not_those_in_memory(
    shop: Stores, change: str, problem: type[Exception]
) -> None:
    window = {"active_from": clock.now() - timedelta(days=2), "active_until": clock.now() + timedelta(days=2)}
    offer = await publish(shop, **window)
    market, user_id = await market_of(shop, offer), await make_customer(shop)
    await run_sql(shop, f"UPDATE offers SET {change} WHERE offer_id = :id", id=offer.offer_id)
    before = await fingerprint(shop)
    with pytest.raises(problem):
        await sell(shop, offer, market, user_id=user_id)
    assert await fingerprint(shop) == before
    sale = await sell(shop, offer, market, user_id=user_id, offer_id=None)
    assert (sale.total_paid, sale.offer_id) == (Money.rupees(299), None)


async def test_a_wallet_without_the_price_takes_no_use(shop: Stores) -> None:
    offer = await publish(shop)
    market, user_id = await market_of(shop, offer), await make_customer(shop, 248)
    with pytest.raises(InsufficientBalance):
        await sell(shop, offer, market, user_id=user_id)
    assert await used(shop, offer.offer_id) == (0, 0)
    sale = await sell(shop, offer, market, user_id=await make_customer(shop, 249))
    assert sale.wallet_balance == Money(0)


async def test_the_next_best_offer_takes_the_place_of_one_that_is_used_up(shop: Stores) -> None:
    best, second = await publish(shop, limits={"total_uses": 1}), await publish(shop, {"discount": flat(40)})
    market = await market_of(shop, best, second)
    sales = [await sell(shop, best, market, offer_id=None) for _ in range(2)]
    assert [sale.offer_id for sale in sales] == [best.offer_id, second.offer_id]


async def test_an_automatic_offer_never_changes_the_price_that_was_agreed(shop: Stores) -> None:
    best, back = await publish(shop), await publish(shop, CASHBACK)
    market = await market_of(shop, best, back)
    agreed = [await sell(shop, best, market, offer_id=None, expected_price=rupees) for rupees in (299, 249)]
    assert [sale.offer_id for sale in agreed] == [back.offer_id, best.offer_id]
    with pytest.raises(PriceChanged) as caught:
        await sell(shop, best, market, offer_id=None, expected_price=199)
    assert caught.value.extra["price"] == Money.rupees(299)
    with pytest.raises(PriceChanged) as caught:
        await sell(shop, best, market, expected_price=299)
    assert caught.value.extra["price"] == Money.rupees(249)


async def test_a_price_that_was_agreed_with_an_offer_that_is_gone_is_refused(shop: Stores) -> None:
    offer = await publish(shop, limits={"total_uses": 1})
    market = await market_of(shop, offer)
    await sell(shop, offer, market)
    with pytest.raises(PriceChanged):
        await sell(shop, offer, market, offer_id=None, expected_price=249)


async def test_a_repeat_gets_its_first_answer_when_the_offer_is_gone(shop: Stores) -> None:
    offer = await publish(shop, limits={"total_uses": 1})
    market, user_id = await market_of(shop, offer), await make_customer(shop)
    number = await make_number(shop, "AIRTEL")
    first = await sell(shop, offer, market, user_id=user_id, number=number, key="once")
    gone = await market_of(shop)
    again = await sell(shop, offer, gone, user_id=user_id, number=number, key="once")
    assert again == first
    assert await used(shop, offer.offer_id) == (1, 5_000)


async def test_half_off_is_rounded_in_our_favour_and_leaves_a_rupee(shop: Stores) -> None:
    offer = await publish(shop, {"discount": percent(100, 1_000)})
    sale = await sell(shop, offer, await market_of(shop, offer))
    assert sale.total_paid == Money.rupees(1)
