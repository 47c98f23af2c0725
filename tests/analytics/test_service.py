"""The figures are what the recharges and the ledger say, to the paisa, whatever happens."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import timedelta
from typing import Any

from sqlalchemy import text

from gencharge.analytics import recount_crud, service, staff_service
from gencharge.analytics.staff_schemas import FiguresQuery, TransactionFigures
from gencharge.core.postgres.database import read_one_snapshot
from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from tests.make.analytics import count, differences_of, figures_of, say_nothing, spoil
from tests.make.many_rows import ALL
from tests.make.money import buy, find_plan, make_customer, make_number


async def test_after_a_life_all_figures_are_those_of_the_recharges_and_the_ledger(lived: Stores) -> None:
    assert await differences_of(lived) == []
    totals = [row for row in await figures_of(lived) if row["cut"] == "all"]
    for measure in (
        "sold",
        "delivered",
        "failed",
        "refunds",
        "delivered_discount",
        "cashback",
        "commission",
        "released",
    ):
        assert sum(row[measure] for row in totals) > 0, measure


async def test_each_wrong_figure_is_noticed_and_mended(lived: Stores) -> None:
    before = await figures_of(lived)
    async with lived.database.transaction() as db:
        await db.execute(
            text(
                "UPDATE recharge_figures SET delivered_price = delivered_price + 1 WHERE cut = 'all' AND delivered > 0"
            )
        )
        await db.execute(text("DELETE FROM recharge_figures WHERE cut = 'hour'"))
    wrong = await differences_of(lived)
    assert {row.get("cut", "ledger") for row in wrong} == {"all", "hour", "ledger"}
    await service.rebuild(lived.database, say_nothing)
    assert await differences_of(lived) == []
    assert await figures_of(lived) == before


async def test_two_corrections_at_once_wait_for_each_other(lived: Stores) -> None:
    before = await figures_of(lived)
    async with lived.database.transaction() as db:
        await db.execute(text("DELETE FROM recharge_figures WHERE cut = 'hour'"))
    await asyncio.gather(*(service.rebuild(lived.database, say_nothing) for _ in range(3)))
    assert await differences_of(lived) == []
    assert await figures_of(lived) == before


async def test_each_wrong_sum_of_a_month_is_noticed_and_mended(lived: Stores) -> None:
    with clock.later(days=62):
        months = await service.sum_months(lived.database)
        assert months, "the town lived in a month that has ended by then"
        assert await service.sum_months(lived.database) == []
        assert await differences_of(lived) == []
        async with lived.database.transaction() as db:
            await db.execute(
                text("UPDATE recharge_month_figures SET cashback = cashback + 1 WHERE cut = 'circle'")
            )
        wrong = await differences_of(lived)
        assert {(row["month"], row["cut"], row["cashback"]) for row in wrong} == {
            (month, "circle", 1) for month in months
        }
        await service.rebuild(lived.database, say_nothing)
        assert await differences_of(lived) == []
        assert await service.sum_months(lived.database) == [], "they are summed again at once"


async def test_an_answer_is_the_same_with_and_without_sums_by_month(lived: Stores) -> None:
    async def answer() -> TransactionFigures:
        query = FiguresQuery(**{"from": first, "to": first + timedelta(days=95)})
        return await lived.database.run(lambda db: staff_service.transactions(db, ALL, query))

    with clock.later(days=62), clock.at(clock.now()):
        first = min(row["day"] for row in await figures_of(lived)) - timedelta(days=3)
        await service.sum_months(lived.database)
        assert await lived.database.run(
            lambda db: db.scalar(text("SELECT count(*) FROM recharge_month_figures"))
        )
        with_sums = await answer()
        async with lived.database.transaction() as db:
            await db.execute(text("DELETE FROM recharge_month_figures"))
        assert with_sums == await answer()
        assert with_sums.distributions.hour


async def test_what_is_counted_while_figures_are_corrected_counts_once(shop: Stores) -> None:
    customer, number = await make_customer(shop), await make_number(shop)
    plan = await find_plan(shop, "JIO", 299)
    await buy(shop, customer, number, plan.plan_id)
    await count(shop)
    await spoil(shop)
    today = clock.now().astimezone(clock.IST).date()
    tomorrow = today + timedelta(days=1)
    async with shop.database.transaction() as holding, shop.database.transaction() as db:
        await recount_crud.hold_corrections(holding)
        await read_one_snapshot(db)
        differences = await recount_crud.list_differences(db, today, tomorrow)
        assert differences
        await buy(shop, await make_customer(shop), await make_number(shop), plan.plan_id)
        await count(shop)
        async with shop.database.transaction() as writing:
            await recount_crud.correct(writing, differences, today, tomorrow)
    assert await differences_of(shop) == []
    assert [row["sold"] for row in await figures_of(shop, "all")] == [2]


async def test_the_waits_of_channels_are_those_of_their_operator(lived: Stores) -> None:
    waits, of_channels = Counter[tuple[Any, ...]](), Counter[tuple[Any, ...]]()
    for row in await figures_of(lived, "wait"):
        waits[row["day"], row["operator"], row["key"]] += row["delivered"]
    for row in await figures_of(lived, "channel_wait"):
        channel, _, wait = row["key"].rpartition(":")
        assert channel
        of_channels[row["day"], row["operator"], wait] += row["delivered"]
    assert waits.total() > 0
    assert of_channels == waits
