"""Which offers a sale tries: from the wallet without a query, through a gateway with what the database knows."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from fastapi import FastAPI

from gencharge.core.http.limit_classes import WrongGuesses
from gencharge.core.http.limits import Buckets
from gencharge.core.settings import Settings
from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.core.values.money import Money
from gencharge.offers import code_service
from gencharge.offers.errors import OfferChanged, OfferNotApplicable
from gencharge.offers.service import Offers, Selection
from gencharge.offers.snapshot import OfferSnapshot
from gencharge.recharge import choice_service
from gencharge.recharge.schemas import Subscribe
from tests.make.autopay import recharges_of
from tests.make.factories import headers_for
from tests.make.money import buy, find_plan, make_customer, make_number
from tests.make.offers import flat, market_of, publish
from tests.make.recharge import capture, get_recharge, list_transfers, place, run_sql


async def command_of(stores: Stores, number: str | None = None, **fields: Any) -> Subscribe:
    """The command for Airtel's Rs 299, by UPI."""
    plan = await find_plan(stores, "AIRTEL", 299)
    values = {
        "phone_number": number or await make_number(stores, "AIRTEL"),
        "plan_id": plan.plan_id,
        "payment_method": "upi",
    }
    return Subscribe.model_validate(values | fields)


async def for_gateway(
    stores: Stores, offer: OfferSnapshot, *, at_least: int = 1, **fields: Any
) -> Selection | None:
    market, user_id = await market_of(stores, offer), await make_customer(stores)
    command = await command_of(stores, **fields)
    return await choice_service.for_gateway(
        stores.database, user_id, market, command, at_least=Money.rupees(at_least)
    )


async def test_a_chosen_offer_without_anything_to_choose_from_is_refused(shop: Stores) -> None:
    user_id, number = await make_customer(shop), await make_number(shop, "AIRTEL")
    plan = await find_plan(shop, "AIRTEL", 299)
    with pytest.raises(OfferChanged):
        await buy(shop, user_id, number, plan.plan_id, offer_id=uuid4())


async def test_an_order_is_made_for_what_the_offer_leaves_to_pay(shop: Stores) -> None:
    offer = await publish(shop)
    selection = await for_gateway(shop, offer)
    assert selection is not None
    assert (selection.discount, len(selection.candidates)) == (Money.rupees(50), 1)


async def test_a_discount_that_leaves_the_gateway_less_than_a_rupee_is_not_automatic(shop: Stores) -> None:
    offer = await publish(shop)
    assert await for_gateway(shop, offer, at_least=250) is None


async def test_an_offer_of_another_circle_is_not_ordered_with(shop: Stores) -> None:
    offer = await publish(shop, conditions={"circles": ["KA"]})
    number = await make_number(shop, "AIRTEL", circle="MH")
    assert await for_gateway(shop, offer, number=number) is None
    selection = await for_gateway(shop, offer, number=number, offer_id=offer.offer_id)
    assert selection is not None
    assert isinstance(selection.problem, OfferNotApplicable)
    here = await for_gateway(shop, offer, number=await make_number(shop, "AIRTEL", circle="KA"))
    assert here is not None


async def test_an_offer_that_is_used_up_is_not_ordered_with(shop: Stores) -> None:
    offer = await publish(shop, limits={"total_uses": 1})
    assert await for_gateway(shop, offer) is not None
    user_id, number = await make_customer(shop), await make_number(shop, "AIRTEL")
    plan, market = await find_plan(shop, "AIRTEL", 299), await market_of(shop, offer)
    await buy(shop, user_id, number, plan.plan_id, market=market)
    assert await for_gateway(shop, offer) is None


async def test_a_sale_through_a_gateway_takes_the_offer_and_pays_its_cashback_with_the_delivery(
    shop: Stores,
) -> None:
    offer = await publish(shop, {"discount": flat(50), "cashback": flat(10)})
    user_id, number = await make_customer(shop), await make_number(shop, "AIRTEL")
    plan, market = await find_plan(shop, "AIRTEL", 299), await market_of(shop, offer)
    command = await command_of(shop, number, offer_id=offer.offer_id)
    selection = await choice_service.for_gateway(
        shop.database, user_id, market, command, at_least=Money.rupees(1)
    )
    assert selection is not None
    sale = await place(
        shop,
        user_id,
        number,
        plan.plan_id,
        gateway_amount=14_900,
        wallet_amount=10_000,
        offers=selection.to_json(),
    )
    assert sale.sale is not None
    assert (sale.outcome, sale.sale.discount, sale.sale.cashback) == ("done", 5_000, 1_000)
    recharge_id = sale.sale.id
    await capture(shop, user_id, recharge_id, 14_900)
    await run_sql(shop, "SELECT pay_recharge(:user, :id, '{}', NULL)", user=user_id, id=recharge_id)
    assert (await get_recharge(shop, user_id, recharge_id)).status == "delivered"
    moved = await list_transfers(shop, recharge_id)
    assert moved["user:held", "operator:airtel"] + moved["discount", "operator:airtel"] == 29_900
    assert moved["cashback", "user:main"] == 1_000


@pytest.mark.parametrize("paise", [24_899, 29_900])
async def test_an_order_for_another_amount_is_refused(shop: Stores, paise: int) -> None:
    offer = await publish(shop)
    user_id, number = await make_customer(shop), await make_number(shop, "AIRTEL")
    plan, market = await find_plan(shop, "AIRTEL", 299), await market_of(shop, offer)
    command = await command_of(shop, number, offer_id=offer.offer_id)
    selection = await choice_service.for_wallet(shop.database, user_id, market, command)
    assert selection is not None
    sale = await place(shop, user_id, number, plan.plan_id, gateway_amount=paise, offers=selection.to_json())
    assert (sale.outcome, sale.known, sale.sale) == ("price_changed", "24900", None)


class Till:
    """Sends recharges of Rs 299 with a code over HTTP, each of a number of its own."""

    def __init__(self, shop: Stores, client: httpx.AsyncClient, settings: Settings) -> None:
        self._shop, self._client, self._settings = shop, client, settings

    async def sell(self, user_id: UUID, code: str) -> httpx.Response:
        plan = await find_plan(self._shop, "AIRTEL", 299)
        body = {
            "phone_number": await make_number(self._shop, "AIRTEL"),
            "plan_id": str(plan.plan_id),
            "payment_method": "wallet",
            "offer_code": code,
        }
        headers = headers_for(self._settings, user_id) | {"Idempotency-Key": str(uuid4())}
        return await self._client.post("/v1/recharge/subscribe", json=body, headers=headers)


@pytest.fixture
def till(shop: Stores, client: httpx.AsyncClient, settings: Settings) -> Till:
    return Till(shop, client, settings)


async def test_each_code_that_gives_nothing_has_a_refusal_of_its_own(
    shop: Stores, app: FastAPI, till: Till
) -> None:
    now, day, user_id = clock.now(), timedelta(days=1), await make_customer(shop)
    await publish(shop, code="LATER2DAY", active_from=now + day)
    await publish(shop, code="WASBEFORE", active_from=now - 2 * day, active_until=now - day)
    await publish(shop, code="ONLYONEUSE", limits={"total_uses": 1})
    await publish(shop, code="ONCEEACH", limits={"uses_per_user": 1})
    one_time = await publish(shop, conditions={"one_time_code": True})
    free, others = await shop.database.run(
        lambda db: code_service.add_codes(db, one_time.offer_id, uuid4(), [None, uuid4()])
    )
    await Offers.of(app).refresh(shop.database)
    for buyer, code in ((await make_customer(shop), "ONLYONEUSE"), (user_id, "ONCEEACH"), (user_id, free)):
        sold = await till.sell(buyer, code)
        assert (sold.status_code, sold.json()["discount"]) == (201, 50.0), sold.text
    for code, status, refusal in (
        ("NOSUCHCODE", 404, "offer_code_not_found"),
        ("LATER2DAY", 409, "offer_not_begun"),
        ("WASBEFORE", 409, "offer_ended"),
        ("ONLYONEUSE", 409, "offer_used_up"),
        ("ONCEEACH", 409, "offer_already_used"),
        (free, 409, "offer_code_used"),
        (others, 409, "offer_code_not_yours"),
    ):
        refused = await till.sell(user_id, code)
        assert (refused.status_code, refused.json()["code"]) == (status, refusal), code
    assert len(await recharges_of(shop, user_id)) == 2


async def test_who_guesses_codes_is_soon_refused_the_right_one_and_nobody_else(
    shop: Stores, app: FastAPI, till: Till, monkeypatch: pytest.MonkeyPatch
) -> None:
    await publish(shop, code="RIGHTCODE")
    await Offers.of(app).refresh(shop.database)
    guesses = WrongGuesses(Buckets(), "guesses", per_caller=3, per_address=1_000)
    monkeypatch.setitem(app.state._state, "wrong_offer_codes", guesses)
    guesser = await make_customer(shop)
    for number in range(3):
        assert (await till.sell(guesser, f"GUESS{number}")).status_code == 404
    refused = await till.sell(guesser, "RIGHTCODE")
    assert (refused.status_code, refused.json()["code"]) == (429, "offer_code_limit_exceeded")
    assert 0 < int(refused.headers["retry-after"]) <= 3_600
    assert (await till.sell(await make_customer(shop), "RIGHTCODE")).status_code == 201
