"""A cashback is told once, and so is one that a refund took back."""

from __future__ import annotations

from uuid import UUID

import pytest

from gencharge.core.events.events import Envelope
from gencharge.core.events.relay import Relay
from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.core.values.ids import new_id
from gencharge.core.vault.vault import Vault
from gencharge.notifications.cashback_listeners import CASHBACKS
from gencharge.notifications.models import from_document
from gencharge.offers.snapshot import OfferSnapshot
from gencharge.recharge import lifecycle_crud
from tests.make.money import buy, find_plan, make_customer, make_number, sell_sample_plans
from tests.make.notifications import recharged
from tests.make.offers import flat, market_of, publish


@pytest.fixture
async def offer(stores: Stores) -> OfferSnapshot:
    """Rs 20 back, in a shop with the sample plans."""
    await sell_sample_plans(stores)
    return await publish(stores, {"cashback": flat(20)})


async def notices(stores: Stores, user_id: UUID) -> list[tuple[str, str]]:
    """The kinds and texts of a customer's notices."""
    await Relay(stores, [CASHBACKS]).drain()
    documents = await stores.documents["notices"].find({"recipient_id": user_id}).sort("created_at").to_list()
    vault = Vault.of_database(stores.database)
    return [(document["kind"], (await from_document(vault, document)).body) for document in documents]


async def test_a_sale_tells_of_its_cashback_and_a_refund_of_what_it_took_back(
    stores: Stores, offer: OfferSnapshot
) -> None:
    user_id = await make_customer(stores, 300)
    plan, number = await find_plan(stores, "AIRTEL", 299), await make_number(stores, "AIRTEL")
    market = await market_of(stores, offer)
    sale = (await buy(stores, user_id, number, plan.plan_id, market=market, offer_id=offer.offer_id)).answer
    [(kind, body)] = await notices(stores, user_id)
    assert kind == "cashback_paid"
    assert body.endswith("earned Rs 20.00 cashback. It is in your wallet.")

    await stores.database.run(
        lambda db: lifecycle_crud.refund(
            db, user_id, sale.recharge_id, amount=29_900, key="back", reason="late", context="{}"
        )
    )
    _, (kind, body) = await notices(stores, user_id)
    assert kind == "cashback_reversed"
    assert body.endswith("Rs 20.00 was taken out of your wallet.")


async def test_a_sale_without_cashback_tells_nothing_of_it(stores: Stores, offer: OfferSnapshot) -> None:
    user_id = await make_customer(stores, 300)
    plan, number = await find_plan(stores, "AIRTEL", 299), await make_number(stores, "AIRTEL")
    await buy(stores, user_id, number, plan.plan_id)
    assert await notices(stores, user_id) == []


async def test_an_event_that_comes_twice_is_told_once(stores: Stores) -> None:
    user_id = await make_customer(stores, 1)
    event = recharged(user_id=str(user_id), cashback_paid_paise=2_000)
    envelope = Envelope(new_id(), clock.now(), event, "", "", "system", "")
    for _ in range(2):
        await CASHBACKS.deliver(stores, [envelope])
    assert len(await notices(stores, user_id)) == 1
