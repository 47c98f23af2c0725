"""One-time codes: made in bulk, used exactly once, free again when the recharge is undone, and nobody's to guess."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID, uuid4

import pytest

from gencharge.core.http.limit_classes import WrongGuesses
from gencharge.core.http.limits import Buckets
from gencharge.core.stores.stores import Stores
from gencharge.core.values.money import Money
from gencharge.offers import code_service
from gencharge.offers.errors import (
    OfferCodeLimitExceeded,
    OfferCodeNotFound,
    OfferCodeNotYours,
    OfferCodeUsed,
    OfferNotApplicable,
    OfferUsedUp,
)
from gencharge.offers.models import OfferCode
from gencharge.offers.selection import OneTimeCode
from gencharge.offers.snapshot import OfferSnapshot
from gencharge.recharge import service as recharges
from gencharge.recharge.choice_service import Market
from gencharge.recharge.schemas import Quote, SubscriptionOut
from gencharge.users.service import CODE_ALPHABET
from tests.make.delivery import reach_jio
from tests.make.money import buy, find_plan, make_customer, make_number
from tests.make.offers import market_of, publish, use_of, used
from tests.make.recharge import assert_books_balance, run_sql

ONE_TIME = {"one_time_code": True}


async def make_codes(stores: Stores, offer: OfferSnapshot, owners: Sequence[UUID | None]) -> list[str]:
    return await stores.database.run(lambda db: code_service.add_codes(db, offer.offer_id, uuid4(), owners))


async def sell(
    stores: Stores,
    market: Market,
    code: str,
    user_id: UUID | None = None,
    *,
    operator: str = "AIRTEL",
    key: str | None = None,
    number: str | None = None,
) -> SubscriptionOut:
    """A recharge of Rs 299 with a code."""
    user_id = user_id or await make_customer(stores)
    plan = await find_plan(stores, operator, 299)
    number = number or await make_number(stores, operator)
    answered = await buy(stores, user_id, number, plan.plan_id, market=market, offer_code=code, key=key)
    return answered.answer


async def code_of(stores: Stores, code: str) -> OfferCode:
    async with stores.database.transaction() as db:
        row = await db.get_one(OfferCode, code)
        db.expunge(row)
        return row


async def test_codes_are_all_different_and_without_look_alikes(shop: Stores) -> None:
    offer = await publish(shop, conditions=ONE_TIME)
    codes = await make_codes(shop, offer, [None] * 4_500)
    assert len(set(codes)) == 4_500
    assert {len(code) for code in codes} == {12}
    assert set("".join(codes)) == set(CODE_ALPHABET)
    assert set("01ILO").isdisjoint("".join(codes))


async def test_a_code_that_exists_already_is_drawn_again(
    shop: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    offer = await publish(shop, conditions=ONE_TIME)
    [taken] = await make_codes(shop, offer, [None])
    drawn = iter([taken, "NEWCQDE222", "NEWCQDE333"])
    monkeypatch.setattr(code_service, "_draw", lambda _: next(drawn))
    assert await make_codes(shop, offer, [None, None]) == ["NEWCQDE333", "NEWCQDE222"]
    monkeypatch.setattr(code_service, "_draw", lambda _: taken)
    with pytest.raises(RuntimeError, match="exist already"):
        await make_codes(shop, offer, [None])


async def test_a_code_typed_in_groups_is_used_once(shop: Stores) -> None:
    offer, user_id = await publish(shop, conditions=ONE_TIME), await make_customer(shop)
    market, [code] = await market_of(shop, offer), await make_codes(shop, offer, [None])
    typed = f" {code[:4].lower()}-{code[4:8]} {code[8:].lower()}"
    sale = await sell(shop, market, typed, user_id)
    assert (sale.discount, sale.offer_id) == (Money.rupees(50), offer.offer_id)
    row = await code_of(shop, code)
    assert (row.used_by, row.recharge_id) == (user_id, sale.recharge_id)
    assert (await use_of(shop, user_id, sale.recharge_id)).code == code
    for other in (user_id, await make_customer(shop)):
        with pytest.raises(OfferCodeUsed):
            await sell(shop, market, code, other)
    assert await used(shop, offer.offer_id) == (1, 5_000)
    await assert_books_balance(shop)


async def test_a_repeat_gets_the_first_answer_though_its_code_is_used(shop: Stores) -> None:
    offer, user_id = await publish(shop, conditions=ONE_TIME), await make_customer(shop)
    market, [code] = await market_of(shop, offer), await make_codes(shop, offer, [None])
    number = await make_number(shop, "AIRTEL")
    answers = [await sell(shop, market, code, user_id, key="once", number=number) for _ in range(2)]
    assert answers[0] == answers[1]


async def test_twenty_customers_racing_with_one_code_use_it_once(shop: Stores) -> None:
    offer = await publish(shop, conditions=ONE_TIME)
    market, [code] = await market_of(shop, offer), await make_codes(shop, offer, [None])
    customers = [await make_customer(shop) for _ in range(20)]
    results = await asyncio.gather(
        *(sell(shop, market, code, user_id) for user_id in customers), return_exceptions=True
    )
    sold = [each for each in results if isinstance(each, SubscriptionOut)]
    assert (len(sold), sum(isinstance(each, OfferCodeUsed) for each in results)) == (1, 19)
    assert await used(shop, offer.offer_id) == (1, 5_000)


async def test_a_code_that_the_offer_has_nothing_left_for_stays_free(shop: Stores) -> None:
    offer = await publish(shop, conditions=ONE_TIME, limits={"total_uses": 1})
    market, codes = await market_of(shop, offer), await make_codes(shop, offer, [None, None])
    await sell(shop, market, codes[0])
    with pytest.raises(OfferUsedUp):
        await sell(shop, market, codes[1])
    assert (await code_of(shop, codes[1])).recharge_id is None


async def test_a_failed_recharge_frees_its_code(shop: Stores) -> None:
    await reach_jio(shop)
    offer, user_id = await publish(shop, conditions=ONE_TIME), await make_customer(shop)
    market, [code] = await market_of(shop, offer), await make_codes(shop, offer, [None])
    sale = await sell(shop, market, code, user_id, operator="JIO")
    await shop.database.run(lambda db: recharges.fail(db, user_id, sale.recharge_id, reason="declined"))
    assert (await code_of(shop, code)).used_by is None
    other = await make_customer(shop)
    again = await sell(shop, market, code, other)
    assert (await code_of(shop, code)).recharge_id == again.recharge_id
    assert (await use_of(shop, user_id, sale.recharge_id)).code == code, "who had it before stays known"
    await assert_books_balance(shop)


async def test_a_refund_in_full_frees_the_code_of_its_recharge_only(shop: Stores) -> None:
    offer, user_id = await publish(shop, conditions=ONE_TIME), await make_customer(shop)
    market, [code] = await market_of(shop, offer), await make_codes(shop, offer, [None])
    for _ in range(2):
        sale = await sell(shop, market, code, user_id)
        await shop.database.run(
            lambda db, sale=sale: recharges.take_back(  # type: ignore[misc]
                db, user_id, sale.recharge_id, refund_id=uuid4(), reason="late", by=user_id
            )
        )
        assert (await code_of(shop, code)).recharge_id is None


async def test_a_bound_code_is_for_its_customer_alone(shop: Stores) -> None:
    offer, owner, other = (
        await publish(shop, conditions=ONE_TIME),
        await make_customer(shop),
        await make_customer(shop),
    )
    market, [code] = await market_of(shop, offer), await make_codes(shop, offer, [owner])
    with pytest.raises(OfferCodeNotYours):
        await sell(shop, market, code, other)
    assert (await sell(shop, market, code, owner)).discount == Money.rupees(50)
    with pytest.raises(OfferCodeNotYours):
        await sell(shop, market, code, other)


async def test_the_sale_itself_refuses_a_code_that_was_bound_since_it_was_looked_up(
    shop: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    offer = await publish(shop, conditions=ONE_TIME)
    market, [code] = await market_of(shop, offer), await make_codes(shop, offer, [None])
    looked_up = await code_service.find(shop.database, uuid4(), code)
    assert looked_up is not None
    assert looked_up.problem is None
    await run_sql(shop, "UPDATE offer_codes SET bound_to = :user WHERE code = :code", user=uuid4(), code=code)

    async def before(*_: object) -> OneTimeCode:
        return looked_up

    monkeypatch.setattr("gencharge.offers.service.find_code", before)
    with pytest.raises(OfferCodeNotYours):
        await sell(shop, market, code)


async def test_an_offer_with_one_time_codes_is_for_nobody_without_one(shop: Stores) -> None:
    offer, user_id = await publish(shop, conditions=ONE_TIME), await make_customer(shop)
    market, number = await market_of(shop, offer), await make_number(shop, "AIRTEL")
    plan = await find_plan(shop, "AIRTEL", 299)
    with pytest.raises(OfferNotApplicable, match="only with a one-time code"):
        await buy(shop, user_id, number, plan.plan_id, market=market, offer_id=offer.offer_id)
    sale = (await buy(shop, user_id, number, plan.plan_id, market=market)).answer
    assert sale.discount == Money(0)


async def test_a_quote_takes_a_one_time_code_and_leaves_it_free(shop: Stores) -> None:
    offer, user_id = await publish(shop, conditions=ONE_TIME), await make_customer(shop)
    market, [code] = await market_of(shop, offer), await make_codes(shop, offer, [user_id])
    plan, number = await find_plan(shop, "AIRTEL", 299), await make_number(shop, "AIRTEL")
    query = Quote(phone_number=number, plan_id=plan.plan_id, offer_code=code)
    assert (await recharges.quote(shop.database, user_id, query, market)).discount == Money.rupees(50)
    assert (await code_of(shop, code)).recharge_id is None
    plain = Quote(phone_number=number, plan_id=plan.plan_id)
    [listed] = (await recharges.quote(shop.database, user_id, plain, market)).offers
    assert [reason.code for reason in listed.reasons] == ["code_required"]


@pytest.mark.parametrize("right", ["shared", "one-time"])
async def test_after_too_many_wrong_codes_no_code_is_looked_at(shop: Stores, right: str) -> None:
    code = uuid4().hex[:9].upper()
    offer = await publish(shop, **({"code": code} if right == "shared" else {"conditions": ONE_TIME}))
    if right == "one-time":
        [code] = await make_codes(shop, offer, [None])
    guesses = WrongGuesses(Buckets(), "wrong", per_caller=3, per_address=100)
    market = replace(await market_of(shop, offer), wrong_codes=guesses)
    guesser, [others] = await make_customer(shop), await make_codes(shop, offer, [uuid4()])
    await sell(shop, market, code, guesser)
    for wrong, problem in [
        ("NOSUCHCODE", OfferCodeNotFound),
        (others, OfferCodeNotYours),
        ("NONE", OfferCodeNotFound),
    ]:
        with pytest.raises(problem):
            await sell(shop, market, wrong, guesser)
    with pytest.raises(OfferCodeLimitExceeded) as caught:
        await sell(shop, market, code, guesser)
    assert 0 < int(caught.value.headers["Retry-After"]) <= 1_200
    if right == "shared":
        assert (await sell(shop, market, code)).discount == Money.rupees(50), "others go on"


async def test_an_address_has_a_limit_of_its_own(shop: Stores) -> None:
    offer = await publish(shop, conditions=ONE_TIME)
    guesses = WrongGuesses(Buckets(), "wrong", per_caller=100, per_address=2)
    market = replace(await market_of(shop, offer), wrong_codes=guesses)
    for problem in (OfferCodeNotFound, OfferCodeNotFound, OfferCodeLimitExceeded):
        with pytest.raises(problem):
            await sell(shop, market, "NOSUCHCODE")
