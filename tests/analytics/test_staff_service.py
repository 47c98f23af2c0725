"""How the figures of an area are put together."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

import pytest
from sqlalchemy import insert

from gencharge.analytics import staff_service
from gencharge.analytics.models import Cut, RechargeFigures
from gencharge.analytics.staff_schemas import FiguresQuery, TransactionFigures
from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.sessions.guards import Principal
from tests.make.many_rows import ALL, JIO

NOON = datetime(2026, 11, 22, 6, 30, tzinfo=UTC)
TODAY = date(2026, 11, 22)


async def count(stores: Stores, days_ago: int, cut: Cut = Cut.ALL, key: str = "", **measures: int) -> None:
    row = {"day": TODAY - timedelta(days=days_ago), "operator": "JIO", "cut": cut, "key": key, **measures}
    await stores.database.run(lambda db: db.execute(insert(RechargeFigures).values(row)))


@pytest.fixture(scope="module")
async def counted(stores: Stores) -> Stores:
    """Deliveries of Rs 100 each: one today, two yesterday, and some in each week and month before."""
    for days_ago, number in (
        (0, 1),
        (1, 2),
        (7, 3),
        (8, 4),
        (14, 1),
        (30, 5),
        (31, 20),
        (200, 7),
        (364, 9),
        (400, 50),
    ):
        await count(stores, days_ago, delivered=number, delivered_price=number * 10_000)
    await count(stores, 1, Cut.HOUR, "21", delivered=1, delivered_price=10_000)
    await count(stores, 1, Cut.HOUR, "09", delivered=1, delivered_price=10_000)
    await count(stores, 1, Cut.FAILURE, "operator_unreachable", failed=3)
    for number in range(12):
        await count(stores, 1, Cut.PLAN, str(uuid4()), delivered=number + 1)
    return stores


async def figures(stores: Stores, **query: str) -> TransactionFigures:
    with clock.at(NOON):
        asked = FiguresQuery.model_validate(query)
        return await stores.database.run(lambda db: staff_service.transactions(db, ALL, asked))


async def test_each_period_has_its_days_and_no_others(counted: Stores) -> None:
    periods = (await figures(counted)).periods
    assert {name: period["delivered"] for name, period in periods.model_dump().items()} == {
        "today": 1,
        "yesterday": 2,
        "last_7_days": 5,
        "last_30_days": 15,
        "last_3_months": 35,
        "last_6_months": 35,
        "last_12_months": 51,
    }


async def test_growth_compares_with_the_period_before(counted: Stores) -> None:
    growth = (await figures(counted)).growth
    assert growth.week_over_week_percent == 0.0  # 5 after 5
    assert growth.month_over_month_percent == -25.0  # 15 after 20


async def test_days_without_anything_are_in_the_trend(counted: Stores) -> None:
    daily = (await figures(counted, **{"from": "2026-11-19", "to": "2026-11-22"})).daily
    assert [(day.day.day, day.delivered) for day in daily] == [(19, 0), (20, 0), (21, 2), (22, 1)]


async def test_the_monthly_trend_ends_with_the_present_month(counted: Stores) -> None:
    monthly = (await figures(counted)).monthly
    assert [part.month for part in monthly][:1] + [part.month for part in monthly][-1:] == [
        "2025-11",
        "2026-11",
    ]
    assert monthly[-1].delivered == 11


async def test_hours_stand_in_their_order_and_failures_count_failures(counted: Stores) -> None:
    distributions = (await figures(counted)).distributions
    assert [(part.key, part.percent) for part in distributions.hour] == [("09", 50.0), ("21", 50.0)]
    assert [(part.key, part.count) for part in distributions.failure] == [("operator_unreachable", 3)]


async def test_the_top_has_ten_and_a_plan_that_is_gone_has_no_name(counted: Stores) -> None:
    plans = (await figures(counted)).top.plans
    assert [part.count for part in plans] == list(range(12, 2, -1))
    assert {part.name for part in plans} == {None}


async def test_the_etag_changes_with_the_day_the_query_the_scope_and_what_is_counted(counted: Stores) -> None:
    async def tag(at: datetime = NOON, admin: Principal = ALL, **query: str) -> str:
        with clock.at(at):
            asked = FiguresQuery.model_validate(query)
            return await counted.database.run(lambda db: staff_service.etag(db, admin, asked))

    tags = [
        await tag(),
        await tag(NOON + timedelta(days=1)),
        await tag(admin=JIO),
        await tag(operator="JIO"),
        await tag(to="2026-11-20"),
    ]
    assert len(set(tags)) == len(tags)
    assert await tag() == tags[0]
    await count(counted, 300, failed=1)
    assert await tag() != tags[0]
