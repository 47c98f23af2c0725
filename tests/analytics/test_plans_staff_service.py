"""The plans that run or wait now."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from sqlalchemy import text

from gencharge.analytics import jobs, plans_staff_service
from gencharge.analytics.staff_schemas import ActivePlanFigures, FiguresQuery
from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.sessions.guards import Principal
from tests.make.analytics import count
from tests.make.many_rows import ALL, JIO
from tests.make.money import buy, find_plan, make_customer, make_number

NOON = datetime(2026, 11, 22, 6, 30, tzinfo=UTC)


async def show(stores: Stores, admin: Principal = ALL, **query: str) -> ActivePlanFigures:
    with clock.at(NOON):
        asked = FiguresQuery(**query)  # type: ignore[arg-type]
        return await stores.database.run(lambda db: plans_staff_service.show(db, admin, asked))


async def etag(stores: Stores, admin: Principal = ALL, **query: str) -> str:
    with clock.at(NOON):
        asked = FiguresQuery(**query)  # type: ignore[arg-type]
        return await stores.database.run(lambda db: plans_staff_service.etag(db, admin, asked))


async def test_before_the_first_count_there_is_nothing(stores: Stores) -> None:
    figures = await show(stores)
    assert figures.counted_at is None
    assert (figures.totals.active, figures.distributions.operator, len(figures.ending)) == (0, [], 30)


async def test_what_runs_and_what_waits_is_counted_by_its_properties(shop: Stores) -> None:
    jio, airtel = await find_plan(shop, "JIO", 299), await find_plan(shop, "AIRTEL", 299)
    with clock.at(NOON):
        twice = await make_number(shop, circle="MH")
        for number, plan in (
            (twice, jio),
            (twice, jio),
            (await make_number(shop), jio),
            (await make_number(shop, "AIRTEL"), airtel),
        ):
            await buy(shop, await make_customer(shop), number, plan.plan_id, window=0)
        await jobs.count_plans(shop)
    figures = await show(shop)
    assert figures.counted_at == NOON
    assert (figures.totals.active, figures.totals.queued) == (3, 1)
    assert [
        (part.key, part.active, part.queued, part.percent) for part in figures.distributions.operator
    ] == [
        ("JIO", 2, 1, 66.67),
        ("AIRTEL", 1, 0, 33.33),
    ]
    assert {part.key: part.active for part in figures.distributions.circle} == {"MH": 1, "unknown": 2}
    assert [part.key for part in figures.distributions.kind] == ["base"]
    assert [(plan.name, plan.active) for plan in figures.top_plans] == [(jio.name, 2), (airtel.name, 1)]
    assert sum(day.plans for day in figures.ending) == 3
    ends = {day.day for day in figures.ending if day.plans}
    assert date(2026, 11, 22) not in ends
    with clock.at(NOON):
        await jobs.count_plans(shop)
    assert (await show(shop)) == figures, "a second count counts nothing twice"


async def test_an_admin_of_one_operator_sees_its_plans_only(shop: Stores) -> None:
    figures = await show(shop, JIO)
    assert [part.key for part in figures.distributions.operator] == ["JIO"]
    assert figures.totals.active == 2
    assert (await show(shop, JIO, operator="AIRTEL")).totals.active == 0
    assert (await show(shop, operator="airtel")).totals.active == 1


async def test_what_was_bought_counts_by_period_day_and_month_without_bills(shop: Stores) -> None:
    await count(shop)
    add = text(
        "INSERT INTO recharge_figures (cut, day, operator, key, delivered, delivered_price, delivered_discount, refunded_in_full)"
        " VALUES ('category', :day, :operator, :key, :count, :price, 10, 1)"
    )
    async with shop.database.transaction() as db:
        for day, operator, key, number in (
            (date(2026, 11, 21), "AIRTEL", "unlimited", 5),
            (date(2026, 11, 21), "AIRTEL", "bill", 50),
            (date(2026, 11, 10), "JIO", "talktime", 2),
            (date(2025, 11, 3), "JIO", "unlimited", 7),
        ):
            await db.execute(
                add, {"day": day, "operator": operator, "key": key, "count": number, "price": 100 * number}
            )
    figures = await show(shop, **{"from": "2026-11-21", "to": "2026-11-22"})
    # Today's four are those of the test before.
    assert (figures.bought.bought, figures.bought.refunded) == (9, 1)
    assert figures.bought.paid.paise == 4 * 29_900 + 490
    assert [(day.day.day, day.bought) for day in figures.daily] == [(21, 5), (22, 4)]
    assert figures.periods.today.bought == 4
    assert figures.periods.yesterday.bought == 5
    assert figures.periods.last_30_days.bought == 7
    assert figures.periods.last_12_months.bought == 7, "from 22 November 2025 on"
    assert {month.month: month.bought for month in figures.monthly if month.bought} == {
        "2025-11": 7,
        "2026-11": 11,
    }
    assert figures.growth.week_over_week_percent == 150.0
    own = await show(shop, JIO)
    assert (own.periods.last_30_days.bought, own.periods.yesterday.bought) == (2, 0)


async def test_the_etag_changes_with_a_count_a_sale_a_scope_and_a_query(shop: Stores) -> None:
    first = await etag(shop)
    assert await etag(shop) == first
    others = [await etag(shop, JIO), await etag(shop, operator="JIO"), await etag(shop, to="2026-11-21")]
    with clock.at(NOON + timedelta(minutes=5)):
        await jobs.count_plans(shop)
    others.append(await etag(shop))
    await buy(
        shop,
        await make_customer(shop),
        await make_number(shop),
        (await find_plan(shop, "JIO", 299)).plan_id,
        window=0,
    )
    await count(shop)
    others.append(await etag(shop))
    assert len({first, *others}) == 6
