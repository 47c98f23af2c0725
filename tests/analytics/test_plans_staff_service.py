"""The plans that run or wait now."""

from __future__ import annotations

from datetime import UTC, date, datetime

from gencharge.analytics import jobs, plans_staff_service
from gencharge.analytics.staff_schemas import ActivePlanFigures
from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from tests.make.many_rows import ALL, JIO
from tests.make.money import buy, find_plan, make_customer, make_number

NOON = datetime(2026, 11, 22, 6, 30, tzinfo=UTC)


async def show(stores: Stores, admin: object = ALL) -> ActivePlanFigures:
    with clock.at(NOON):
        return await stores.database.run(lambda db: plans_staff_service.show(db, admin))  # type: ignore[arg-type]


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
