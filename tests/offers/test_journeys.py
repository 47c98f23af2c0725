"""Offers through many sales at once: no order of uses, failures and refunds exceeds a limit, and the books hold."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Sequence
from contextlib import suppress
from uuid import UUID, uuid4

import pytest
from sqlalchemy import func, select

from gencharge.core.errors import DatabaseUnavailable
from gencharge.core.postgres.database import ResourceLocked
from gencharge.core.stores.stores import Stores
from gencharge.offers.errors import OfferNotApplicable
from gencharge.offers.models import OfferUse
from gencharge.recharge import lifecycle_crud
from gencharge.recharge import service as recharges
from gencharge.recharge.choice_service import Market
from gencharge.recharge.schemas import SubscriptionOut
from tests.make.delivery import reach_jio
from tests.make.money import buy, find_plan, make_customer, make_number
from tests.make.offers import flat, market_of, publish, used
from tests.make.recharge import assert_books_balance

USES, PER_USER, BUDGET_RUPEES = 6, 2, 300
# 50 off and 5 back: the budget is enough for five uses and a rest.
REWARD = {"discount": flat(50), "cashback": flat(5)}


async def move(
    stores: Stores,
    market: Market,
    offer_id: UUID,
    customers: Sequence[UUID],
    sold: list[tuple[UUID, UUID]],
    seed: int,
) -> None:
    """One act of somebody: a sale with the offer, or a delivery, a failure or a refund of an earlier one."""
    choice = random.Random(seed)
    act = choice.choice(["sell", "sell", "sell", "deliver", "fail", "refund", "refund a part"])
    if act == "sell":
        operator = choice.choice(["AIRTEL", "JIO"])
        user_id, number = choice.choice(customers), await make_number(stores, operator)
        plan = await find_plan(stores, operator, 299)
        try:
            sale = await buy(stores, user_id, number, plan.plan_id, market=market, offer_id=offer_id)
        except OfferNotApplicable:
            return
        sold.append((user_id, sale.answer.recharge_id))
    elif sold:
        user_id, recharge_id = choice.choice(sold)
        if act == "deliver":
            await stores.database.run(
                lambda db: recharges.deliver(
                    db, user_id, recharge_id, operator_reference=None, channel="jio-a", commission=0
                )
            )
        elif act == "fail":
            await stores.database.run(lambda db: recharges.fail(db, user_id, recharge_id, reason="declined"))
        else:
            # Rs 249 were paid; what is too much or not delivered is refused.
            paise = 24_900 if act == "refund" else choice.randrange(1, 24_900)
            await stores.database.run(
                lambda db: lifecycle_crud.refund(
                    db,
                    user_id,
                    recharge_id,
                    amount=paise,
                    key=str(uuid4()),
                    reason="late",
                    context="{}",
                    to_source=choice.random() < 0.5,
                )
            )


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_no_order_of_uses_failures_and_refunds_exceeds_a_limit(shop: Stores, seed: int) -> None:
    await reach_jio(shop)
    limits = {"total_uses": USES, "uses_per_user": PER_USER, "budget": BUDGET_RUPEES}
    offer = await publish(shop, REWARD, limits=limits)
    market, customers = await market_of(shop, offer), [await make_customer(shop) for _ in range(5)]
    sold: list[tuple[UUID, UUID]] = []
    seeds = random.Random(seed)
    for _ in range(12):
        moves = [
            move(shop, market, offer.offer_id, customers, sold, seeds.randrange(10**9)) for _ in range(8)
        ]
        await asyncio.gather(*moves)
        uses, spent = await used(shop, offer.offer_id)
        assert uses <= USES
        assert spent <= BUDGET_RUPEES * 100
        async with shop.database.transaction() as db:
            query = select(func.count()).where(
                OfferUse.offer_id == offer.offer_id, OfferUse.status == "taken"
            )
            counts = list(await db.scalars(query.group_by(OfferUse.user_id)))
        assert all(count <= PER_USER for count in counts)
    assert len(sold) > USES
    await assert_books_balance(shop)


async def race(stores: Stores, market: Market, customers: Sequence[UUID], sales: int) -> tuple[float, int]:
    """(Sales in a second, how many of them had an offer) of this many add-ons, 32 at a time."""
    plan = await find_plan(stores, "AIRTEL", 299)
    numbers = [await make_number(stores, "AIRTEL") for _ in customers]
    turns = iter(range(sales))
    results: list[SubscriptionOut] = []

    async def sell(turn: int) -> SubscriptionOut:
        index, key = turn % len(customers), str(uuid4())
        # Sent again with its key: on a busy machine it may wait longer for a connection or a lock than a request may.
        while True:
            with suppress(DatabaseUnavailable, ResourceLocked):
                sale = await buy(
                    stores,
                    customers[index],
                    numbers[index],
                    plan.plan_id,
                    key=key,
                    market=market,
                    window=0,
                    confirm_duplicate=True,
                )
                return sale.answer

    async def clerk() -> None:
        for turn in turns:
            results.append(await sell(turn))

    begin = time.perf_counter()
    await asyncio.gather(*(clerk() for _ in range(32)))
    return sales / (time.perf_counter() - begin), sum(sale.offer_id is not None for sale in results)


@pytest.mark.parametrize(
    ("sales", "customers", "limit"),
    [(300, 60, 250), pytest.param(100_000, 5_000, 90_000, marks=pytest.mark.soak)],
    ids=["short", "soak"],
)
async def test_a_crowd_uses_up_an_offer_to_the_last_use_and_not_beyond(
    shop: Stores, sales: int, customers: int, limit: int
) -> None:
    # An active base plan and a queue of up to twenty behind it: Rs 299 each.
    crowd = [await make_customer(shop, 300 * (sales // customers + 1) * 2) for _ in range(customers)]
    offer = await publish(shop, limits={"total_uses": limit, "budget": limit * 50 + 49})
    without, none = await race(shop, await market_of(shop), crowd, max(300, sales // 10))
    with_offer, uses = await race(shop, await market_of(shop, offer), crowd, sales)
    print(f"{without:.0f} sales/s without an offer, {with_offer:.0f} with one")  # noqa: T201 - for who runs the soak
    assert (none, uses) == (0, limit)
    assert await used(shop, offer.offer_id) == (limit, limit * 5_000)
    if sales >= 100_000:
        assert with_offer >= without / 2
