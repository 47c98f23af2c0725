"""`offer_budget_of`, and the sales that count against it: no order of uses, failures and refunds lets a campaign spend more than its own budget."""

from __future__ import annotations

import asyncio
import random
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.core.errors import DatabaseUnavailable
from gencharge.core.postgres.database import ResourceLocked
from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.core.values.ids import new_id
from gencharge.core.values.money import Money
from gencharge.offers import budget_service, code_service
from gencharge.offers.errors import OfferUsedUp
from gencharge.offers.models import Offer
from gencharge.offers.snapshot import OfferSnapshot
from gencharge.recharge import lifecycle_crud
from gencharge.recharge import service as recharges
from gencharge.recharge.choice_service import Market
from gencharge.recharge.schemas import SubscriptionOut
from tests.make.delivery import reach_jio
from tests.make.money import buy, find_plan, make_customer, make_number
from tests.make.offers import flat, market_of, publish, use_of, used
from tests.make.recharge import assert_books_balance

COST = 55_00
REWARD = {"discount": flat(50), "cashback": flat(5)}


def new_code() -> str:
    return f"B{uuid4().hex[:9].upper()}"


async def give_budget(
    stores: Stores, offer: OfferSnapshot, rupees: int, *, starts_at: datetime | None = None
) -> UUID:
    """A budget of a campaign of a month, which starts now."""
    budget_id, starts = new_id(), starts_at or clock.now()

    async def unit(db: AsyncSession) -> None:
        row = await db.get_one(Offer, offer.offer_id)
        other = await budget_service.add(
            db, row, budget_id, Money.rupees(rupees), starts_at=starts, ends_at=starts + timedelta(days=30)
        )
        assert other is None

    await stores.database.run(unit)
    return budget_id


async def sell(
    stores: Stores, market: Market, code: str, user_id: UUID | None = None, operator: str = "AIRTEL"
) -> SubscriptionOut:
    """A recharge of Rs 299 with this code, sent again with its key if the answer is 503."""
    user_id = user_id or await make_customer(stores)
    number, plan, key = (
        await make_number(stores, operator),
        await find_plan(stores, operator, 299),
        str(uuid4()),
    )
    while True:
        with suppress(DatabaseUnavailable, ResourceLocked):
            return (
                await buy(stores, user_id, number, plan.plan_id, key=key, market=market, offer_code=code)
            ).answer


async def test_fifty_racing_uses_of_the_last_of_a_budget_get_it_once(shop: Stores) -> None:
    code = new_code()
    offer = await publish(shop, REWARD, code=code)
    budget = await give_budget(shop, offer, 109)
    market = await market_of(shop, offer)
    results = await asyncio.gather(*(sell(shop, market, code) for _ in range(50)), return_exceptions=True)
    refused = [each for each in results if isinstance(each, OfferUsedUp)]
    assert [repr(each) for each in results if not isinstance(each, OfferUsedUp | SubscriptionOut)] == []
    assert len(refused) == 49
    assert refused[0].extra["reasons"] == [{"code": "budget_spent", "message": "fully used"}]
    assert await used(shop, budget) == (1, COST)
    assert await used(shop, offer.offer_id) == (1, COST), "what was refused is not counted there either"
    await assert_books_balance(shop)


async def test_who_comes_when_the_budget_is_spent_writes_no_counter(shop: Stores) -> None:
    code = new_code()
    offer = await publish(shop, REWARD, code=code)
    budget = await give_budget(shop, offer, 60)
    market = await market_of(shop, offer)
    await sell(shop, market, code)
    rows = text(
        "SELECT array_agg(xmin::text ORDER BY offer_id, slot) FROM offer_slots WHERE offer_id = ANY (:ids)"
    )

    async def written() -> Any:
        async with shop.database.transaction() as db:
            return await db.scalar(rows, {"ids": [offer.offer_id, budget]})

    before = await written()
    with pytest.raises(OfferUsedUp):
        await sell(shop, market, code)
    assert await written() == before


async def test_a_use_that_is_freed_or_refunded_in_part_gives_the_budget_back(shop: Stores) -> None:
    await reach_jio(shop)
    code, user_id = new_code(), await make_customer(shop)
    offer = await publish(shop, REWARD, code=code)
    budget = await give_budget(shop, offer, 60)
    market = await market_of(shop, offer)
    sale = await sell(shop, market, code, user_id, "JIO")
    assert (await use_of(shop, user_id, sale.recharge_id)).budget_id == budget
    await shop.database.run(lambda db: recharges.fail(db, user_id, sale.recharge_id, reason="declined"))
    assert await used(shop, budget) == (0, 0)
    second = await sell(shop, market, code, user_id)
    with pytest.raises(OfferUsedUp):
        await sell(shop, market, code)

    async def refund(paise: int) -> None:
        await shop.database.run(
            lambda db: lifecycle_crud.refund(
                db, user_id, second.recharge_id, amount=paise, key=str(uuid4()), reason="late", context="{}"
            )
        )

    await refund(124_50)
    assert await used(shop, budget) == (1, COST // 2)
    await refund(124_50)
    assert await used(shop, budget) == (0, 0)
    await sell(shop, market, code)
    await assert_books_balance(shop)


@pytest.mark.parametrize("seed", [1, 2])
async def test_no_order_of_uses_failures_and_refunds_spends_more_than_a_budget(
    shop: Stores, seed: int
) -> None:
    await reach_jio(shop)
    code, chance = new_code(), random.Random(seed)
    offer = await publish(shop, REWARD, code=code, limits={"budget": 100_000})
    budget, rupees = await give_budget(shop, offer, 300), 300
    market, customers = await market_of(shop, offer), [await make_customer(shop) for _ in range(4)]
    sold: list[tuple[UUID, UUID]] = []

    async def move(seed: int) -> None:
        choice = random.Random(seed)
        act = choice.choice(["sell", "sell", "sell", "deliver", "fail", "refund"])
        if act == "sell" or not sold:
            user_id = choice.choice(customers)
            with suppress(OfferUsedUp):
                sale = await sell(shop, market, code, user_id, choice.choice(["AIRTEL", "JIO"]))
                sold.append((user_id, sale.recharge_id))
            return
        user_id, recharge_id = choice.choice(sold)
        if act == "deliver":
            await shop.database.run(
                lambda db: recharges.deliver(
                    db, user_id, recharge_id, operator_reference=None, channel="jio-a", commission=0
                )
            )
        elif act == "fail":
            await shop.database.run(lambda db: recharges.fail(db, user_id, recharge_id, reason="declined"))
        else:
            await shop.database.run(
                lambda db: lifecycle_crud.refund(
                    db,
                    user_id,
                    recharge_id,
                    amount=choice.choice([249_00, choice.randrange(1, 249_00)]),
                    key=str(uuid4()),
                    reason="late",
                    context="{}",
                )
            )

    for _ in range(8):
        await asyncio.gather(*(move(chance.randrange(10**9)) for _ in range(8)))
        _, spent = await used(shop, budget)
        assert spent <= rupees * 100
    assert len(sold) > 4
    await assert_books_balance(shop)


async def test_a_budget_of_one_time_codes_counts_those_of_its_own_campaign(shop: Stores) -> None:
    offer = await publish(shop, REWARD, conditions={"one_time_code": True})
    first, second = await give_budget(shop, offer, 60), await give_budget(shop, offer, 600)
    market, elsewhere = await market_of(shop, offer), new_id()

    async def codes(batch: UUID, count: int) -> list[str]:
        return await shop.database.run(
            lambda db: code_service.add_codes(db, offer.offer_id, batch, [None] * count)
        )

    used_up, left = await codes(first, 2)
    await sell(shop, market, used_up)
    with pytest.raises(OfferUsedUp):
        await sell(shop, market, left)
    for code in (*await codes(second, 2), *await codes(elsewhere, 1)):
        await sell(shop, market, code)
    assert await used(shop, first) == (1, COST)
    assert await used(shop, second) == (2, 2 * COST)
    assert await used(shop, offer.offer_id) == (4, 4 * COST)
    # After its end, too: the code is still good.
    with clock.later(days=40):
        with pytest.raises(OfferUsedUp):
            await sell(shop, market, left)
        await sell(shop, market, (await codes(second, 1))[0])
    assert await used(shop, second) == (3, 3 * COST)


async def test_a_budget_of_one_code_for_all_holds_from_its_start_to_its_end(shop: Stores) -> None:
    code = new_code()
    offer = await publish(shop, REWARD, code=code)
    budget = await give_budget(shop, offer, 60, starts_at=clock.now() + timedelta(days=1))
    market = await market_of(shop, offer)
    await sell(shop, market, code)
    with clock.later(days=2):
        await sell(shop, market, code)
        with pytest.raises(OfferUsedUp):
            await sell(shop, market, code)
    with clock.later(days=32):
        await sell(shop, market, code)
    assert await used(shop, budget) == (1, COST)
    assert await used(shop, offer.offer_id) == (3, 3 * COST)
    await assert_books_balance(shop)
