"""One-time codes for the staff: made with a batch, told once, listed with who used them; an offer's uses and figures."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

import pytest

from gencharge.core.errors import ValidationFailed
from gencharge.core.stores.stores import Stores
from gencharge.core.values.money import Money
from gencharge.offers import staff_use_service as service
from gencharge.offers.errors import OfferCodeNotAllowed, OfferNotFound
from gencharge.offers.models import UseStatus
from gencharge.offers.snapshot import OfferSnapshot
from gencharge.offers.staff_schemas import (
    OfferCodeOut,
    OfferCodeQuery,
    OfferCodesCreate,
    OfferFigures,
    OfferUseOut,
    OfferUseQuery,
)
from gencharge.recharge import service as recharges
from gencharge.sessions.guards import Principal
from tests.make.delivery import reach_jio
from tests.make.factories import make_user
from tests.make.money import buy, find_plan, make_customer, make_number
from tests.make.offers import events_about, market_of, publish

ADMIN = Principal(user_id=uuid4(), kind="admin", session_id=uuid4(), role="Manager")
JIO = Principal(user_id=uuid4(), kind="admin", session_id=uuid4(), role="Manager", operator_scope=("JIO",))
ONE_TIME = {"one_time_code": True}


async def create(stores: Stores, offer: OfferSnapshot, admin: Principal = ADMIN, **fields: Any) -> list[str]:
    """The lines of the file."""
    command = OfferCodesCreate.model_validate(fields)
    lines = await stores.database.run(lambda db: service.create_codes(db, admin, offer.offer_id, command))
    return "".join(lines).split("\r\n")[:-1]


async def list_codes(
    stores: Stores, offer: OfferSnapshot, admin: Principal = ADMIN, **query: Any
) -> list[OfferCodeOut]:
    asked = OfferCodeQuery.model_validate(query)
    page = await stores.database.run(lambda db: service.list_codes(db, admin, offer.offer_id, asked))
    return page.items


async def list_uses(
    stores: Stores, offer: OfferSnapshot, admin: Principal = ADMIN, **query: Any
) -> list[OfferUseOut]:
    asked = OfferUseQuery.model_validate(query)
    page = await stores.database.run(lambda db: service.list_uses(db, admin, offer.offer_id, asked))
    return page.items


async def get_figures(stores: Stores, offer: OfferSnapshot, admin: Principal = ADMIN) -> OfferFigures:
    return await stores.database.run(lambda db: service.figures(db, admin, offer.offer_id))


async def sell(
    stores: Stores, offer: OfferSnapshot, operator: str = "AIRTEL", **fields: Any
) -> tuple[UUID, UUID]:
    """A recharge with the offer: the customer and its id."""
    user_id, number = await make_customer(stores), await make_number(stores, operator)
    plan, market = await find_plan(stores, operator, 299), await market_of(stores, offer)
    sale = await buy(stores, user_id, number, plan.plan_id, market=market, **fields)
    return user_id, sale.answer.recharge_id


async def test_a_batch_is_a_file_of_codes_and_an_event(shop: Stores) -> None:
    offer = await publish(shop, conditions=ONE_TIME)
    head, *rows = await create(shop, offer, count=3, length=16)
    assert head == "code,user_id"
    assert [len(row) for row in rows] == [17, 17, 17]
    assert all(row.endswith(",") for row in rows)
    [event] = await events_about(shop, str(offer.offer_id))
    assert event["topic"] == "OfferCodesCreated"
    assert (event["payload"]["codes"], event["payload"]["bound"]) == (3, 0)
    assert not any(row[:16] in str(event) for row in rows), "no code is in the audit trail"


async def test_each_customer_gets_a_code_of_their_own(shop: Stores) -> None:
    offer = await publish(shop, conditions=ONE_TIME)
    customers = [(await shop.database.run(make_user)).user_id for _ in range(2)]
    rows = (await create(shop, offer, user_ids=customers))[1:]
    assert [UUID(row.split(",")[1]) for row in rows] == customers
    listed = await list_codes(shop, offer)
    assert {each.user_id for each in listed} == set(customers)


async def test_customers_who_do_not_exist_are_named(shop: Stores) -> None:
    offer, stranger = await publish(shop, conditions=ONE_TIME), uuid4()
    user = await shop.database.run(make_user)
    with pytest.raises(ValidationFailed) as caught:
        await create(shop, offer, user_ids=[user.user_id, stranger])
    assert caught.value.errors is not None
    assert str(stranger) in str(caught.value.errors[0])
    assert await list_codes(shop, offer) == []


async def test_an_offer_that_takes_no_codes_gets_none(shop: Stores) -> None:
    with pytest.raises(OfferCodeNotAllowed):
        await create(shop, await publish(shop), count=1)


async def test_an_offer_out_of_the_admins_scope_is_not_found(shop: Stores) -> None:
    offer = await publish(shop, conditions=ONE_TIME)
    with pytest.raises(OfferNotFound):
        await create(shop, offer, JIO, count=1)
    for read in (list_codes, list_uses, get_figures):
        with pytest.raises(OfferNotFound):
            await read(shop, offer, JIO)


async def test_a_free_code_is_shown_by_its_end_and_a_used_one_with_its_use(shop: Stores) -> None:
    offer = await publish(shop, conditions=ONE_TIME)
    free, taken = [row[:-1] for row in (await create(shop, offer, count=2))[1:]]
    user_id, recharge_id = await sell(shop, offer, offer_code=taken)
    [unused] = await list_codes(shop, offer, is_used=False)
    assert (unused.code, unused.used_by) == (f"********{free[-4:]}", None)
    [used] = await list_codes(shop, offer, is_used=True)
    assert (used.code, used.used_by, used.recharge_id) == (taken, user_id, recharge_id)
    assert used.used_at is not None
    [asked] = await list_codes(shop, offer, code=free.lower())
    assert asked.code == free
    assert await list_codes(shop, offer, batch_id=uuid4()) == []


async def test_uses_and_figures_say_what_was_given_and_what_is_left(shop: Stores) -> None:
    await reach_jio(shop)
    offer = await publish(shop, limits={"total_uses": 3, "budget": 175})
    first, _ = await sell(shop, offer)
    second, recharge_id = await sell(shop, offer, "JIO")
    figures = await get_figures(shop, offer)
    assert (figures.uses, figures.cost, figures.uses_left) == (2, Money.rupees(100), 1)
    assert (figures.budget_left, figures.free_codes) == (Money.rupees(75), 0)
    await shop.database.run(lambda db: recharges.fail(db, second, recharge_id, reason="declined"))
    assert [(use.user_id, use.status, use.cost) for use in await list_uses(shop, offer)] == [
        (second, UseStatus.FREED, Money(0)),
        (first, UseStatus.TAKEN, Money.rupees(50)),
    ]
    assert [use.user_id for use in await list_uses(shop, offer, user_id=first)] == [first]
    assert [use.user_id for use in await list_uses(shop, offer, status="freed")] == [second]


async def test_figures_count_the_codes_that_are_free(shop: Stores) -> None:
    offer = await publish(shop, conditions=ONE_TIME)
    row = (await create(shop, offer, count=5))[1]
    await sell(shop, offer, offer_code=row[:-1])
    figures = await get_figures(shop, offer)
    assert (figures.uses, figures.free_codes, figures.uses_left, figures.budget_left) == (1, 4, None, None)
