"""Each recharge counts once, on the day of what happened, by each of its properties."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count as count_from
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import text

from gencharge.analytics import service
from gencharge.core.postgres.database import Database
from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from tests.make.analytics import count, differences_of, figures_of
from tests.make.bills import pay_directly
from tests.make.delivery import reach_jio
from tests.make.money import buy, find_plan, make_customer, make_number
from tests.make.outside import reach_over_api

DAYS = count_from(3, 2)


@dataclass(frozen=True)
class Midnight:
    """23:50 and 00:10 in India, on days that no other test has; both are of one day in UTC."""

    before: datetime
    after: datetime

    async def rows(self, stores: Stores, cut: str | None = None) -> list[dict[str, Any]]:
        """The figures of both days; their `day` is 0 or 1."""
        first = self.before.date()
        return [
            {**row, "day": (row["day"] - first).days}
            for row in await figures_of(stores, cut)
            if 0 <= (row["day"] - first).days < 2
        ]


@pytest.fixture
def midnight() -> Midnight:
    day = datetime(2026, 1, next(DAYS), 18, 30, tzinfo=UTC)
    return Midnight(day - timedelta(minutes=10), day + timedelta(minutes=10))


async def recharge(stores: Stores, at: datetime, **overrides: Any) -> Any:
    customer = await make_customer(stores)
    number = await make_number(stores, circle="MH")
    plan = await find_plan(stores, "JIO", 299)
    with clock.at(at):
        return customer, (await buy(stores, customer, number, plan.plan_id, **overrides)).answer


def totals(rows: list[dict[str, Any]], *names: str) -> list[tuple[Any, ...]]:
    return [(row["day"], *(row[name] for name in names)) for row in rows]


async def test_a_recharge_counts_on_its_day_in_india_by_all_its_properties(
    shop: Stores, midnight: Midnight
) -> None:
    await recharge(shop, midnight.before)
    await recharge(shop, midnight.after)
    assert await midnight.rows(shop) == [], "nothing is counted before its event is handed out"
    await count(shop)
    assert totals(
        await midnight.rows(shop, "all"), "sold", "delivered", "delivered_price", "sold_from_wallet"
    ) == [
        (0, 1, 1, 29_900, 29_900),
        (1, 1, 1, 29_900, 29_900),
    ]
    keys = {(row["cut"], row["key"]) for row in await midnight.rows(shop) if row["day"] == 0}
    assert keys >= {
        ("hour", "23"),
        ("circle", "MH"),
        ("payment_method", "wallet"),
        ("channel", "internal"),
        ("plan_type", "prepaid"),
    }
    assert {cut for cut, _ in keys}.isdisjoint({"failure", "offer", "wait"})


async def test_the_payment_of_a_bill_counts_as_a_recharge_of_a_category_of_its_own(
    shop: Stores, midnight: Midnight
) -> None:
    await reach_jio(shop)
    customer = await make_customer(shop)
    with clock.at(midnight.before):
        await pay_directly(shop, customer, 500_00, circle="MH")
    await recharge_of_another_operator(shop, midnight.before)
    await count(shop)
    assert totals(await midnight.rows(shop, "all"), "sold", "delivered") == [(0, 1, 1), (0, 1, 1)]
    of_bills = [row for row in await midnight.rows(shop, "category") if row["key"] == "bill"]
    assert totals(of_bills, "delivered", "delivered_price") == [(0, 1, 500_00)]
    assert await differences_of(shop) == []
    await reach_over_api(shop, "JIO")


async def recharge_of_another_operator(stores: Stores, at: datetime) -> None:
    number, plan = await make_number(stores, "AIRTEL"), await find_plan(stores, "AIRTEL", 299)
    with clock.at(at):
        await buy(stores, await make_customer(stores), number, plan.plan_id)


async def test_events_that_come_again_count_once(shop: Stores, midnight: Midnight) -> None:
    await recharge(shop, midnight.before)
    await count(shop)
    before = await midnight.rows(shop)
    await count(shop)
    assert await midnight.rows(shop) == before


async def test_refunds_count_on_the_day_of_the_refund(shop: Stores, midnight: Midnight) -> None:
    customer, sold = await recharge(shop, midnight.before)
    for rupees in (100, 199):
        with clock.at(midnight.after):
            await _refund(shop.database, customer, sold.recharge_id, rupees)
    await count(shop)
    names = ("delivered", "refunds", "refunded_in_full", "refunded")
    assert totals(await midnight.rows(shop, "all"), *names) == [
        (0, 1, 0, 0, 0),
        (1, 0, 2, 1, 29_900),
    ]
    assert await differences_of(shop) == []


async def _refund(database: Database, customer: Any, recharge_id: Any, rupees: int) -> None:
    async with database.transaction() as db:
        outcome = await db.scalar(
            text("SELECT refund_recharge(:user, :id, :paise, :key, 'wrong number', '{}', :at)"),
            {
                "user": customer,
                "id": recharge_id,
                "paise": rupees * 100,
                "key": str(uuid4()),
                "at": clock.now(),
            },
        )
    assert outcome == "refunded"


async def test_what_is_not_counted_yet_is_no_difference(shop: Stores, midnight: Midnight) -> None:
    await recharge(shop, midnight.before)
    await count(shop)
    await recharge(shop, midnight.after)
    assert await differences_of(shop) == []


async def test_a_late_fact_takes_the_sums_of_its_month_away(shop: Stores, midnight: Midnight) -> None:
    await recharge(shop, midnight.before)
    await count(shop)
    month = midnight.before.date().replace(day=1)
    assert month in await service.sum_months(shop.database)
    await recharge(shop, midnight.before)
    await count(shop)
    assert await service.sum_months(shop.database) == [month]
    assert await differences_of(shop) == []
