"""How the figures of an area are put together."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import delete, insert

from gencharge.analytics import area_staff_service
from gencharge.analytics.area_service import AREAS
from gencharge.analytics.models import AreaCount, AreaFigures, Cut, RechargeFigures
from gencharge.analytics.staff_schemas import FiguresQuery, PeriodQuery
from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.sessions.guards import Principal
from tests.make.many_rows import ALL, JIO

NOON = datetime(2026, 11, 22, 6, 30, tzinfo=UTC)
TODAY = date(2026, 11, 22)
BY_NAME = {area.name: area for area in AREAS}


async def put(stores: Stores, days_ago: int, *, table: Any = AreaFigures, **values: Any) -> None:
    row = {"day": TODAY - timedelta(days=days_ago), "operator": "", "cut": "all", "key": "", **values}
    await stores.database.run(lambda db: db.execute(insert(table).values(row)))


@pytest.fixture(scope="module")
async def counted(stores: Stores) -> Stores:
    for table in (AreaFigures, AreaCount, RechargeFigures):
        await stores.database.run(lambda db, table=table: db.execute(delete(table)))  # type: ignore[misc]
    for days_ago, count in ((0, 1), (1, 2), (8, 3), (31, 20), (100, 40), (200, 80), (400, 50)):
        await put(stores, days_ago, area="payments", fact="captured", count=count, amount=count * 10_000)
    for method, count in (("upi", 2), ("card", 1)):
        await put(
            stores,
            1,
            area="payments",
            fact="captured",
            cut="payment_method",
            key=method,
            count=count,
            amount=count,
        )
    for days_ago, active in ((0, 7), (3, 5)):
        for cut, key in (("all", ""), ("status", "active")):
            await put(
                stores,
                days_ago,
                area="autopay",
                fact="now",
                operator="JIO",
                cut=cut,
                key=key,
                count=active,
                amount=0,
            )
    await put(stores, 0, area="autopay", fact="now", operator="AIRTEL", count=4, amount=0)
    for operator, delivered, failed, seconds in (("JIO", 3, 1, 9), ("AIRTEL", 1, 0, 1)):
        await put(
            stores,
            0,
            table=RechargeFigures,
            operator=operator,
            cut=Cut.CHANNEL,
            key="api",
            delivered=delivered,
            failed=failed,
            delivery_seconds=seconds,
        )
    for operator, bound, delivered in (("JIO", "2", 1), ("JIO", "5", 2), ("AIRTEL", "more", 1)):
        await put(
            stores,
            0,
            table=RechargeFigures,
            operator=operator,
            cut=Cut.CHANNEL_WAIT,
            key=f"api:{bound}",
            delivered=delivered,
        )
    await put(
        stores,
        0,
        table=RechargeFigures,
        operator="JIO",
        cut=Cut.CHANNEL,
        key="internal",
        delivered=1,
        failed=1,
    )
    return stores


async def show(stores: Stores, name: str, admin: Principal = ALL, **query: Any) -> Any:
    area = BY_NAME[name]
    asked = (FiguresQuery if area.is_scoped else PeriodQuery)(**query)
    with clock.at(NOON):
        return await stores.database.run(lambda db: area_staff_service.show(db, admin, area, asked))


async def test_periods_trends_and_growth_are_of_their_days(counted: Stores) -> None:
    figures = await show(counted, "payments")
    assert figures.totals.captured.count == 6
    assert figures.totals.captured.amount.paise == 60_000
    counts = {name: facts["captured"]["count"] for name, facts in figures.periods.model_dump().items()}
    assert counts == {
        "today": 1,
        "yesterday": 2,
        "last_7_days": 2,
        "last_30_days": 5,
        "last_3_months": 25,
        "last_6_months": 65,
        "last_12_months": 145,
    }
    assert [day.captured.count for day in figures.daily[-2:]] == [2, 1]
    assert figures.monthly[-1].captured.count == 6
    assert (figures.growth.week_over_week_percent, figures.growth.month_over_month_percent) == (-33.3, -75.0)


async def test_a_distribution_is_of_the_days_that_were_asked_for(counted: Stores) -> None:
    method = (await show(counted, "payments")).distributions.payment_method
    assert [(part.key, part.count, part.percent) for part in method] == [
        ("upi", 2, 66.67),
        ("card", 1, 33.33),
    ]
    assert (await show(counted, "payments", to=date(2026, 11, 20))).distributions.payment_method == []


async def test_what_there_is_now_is_that_of_the_last_day(counted: Stores) -> None:
    now = (await show(counted, "autopay")).now
    assert (now.total, [part.count for part in now.status]) == (11, [7])
    assert [(part.key, part.count) for part in now.operator] == [("JIO", 7), ("AIRTEL", 4)]
    before = (await show(counted, "autopay", to=date(2026, 11, 20))).now
    assert before.total == 5


async def test_an_admin_of_one_operator_sees_no_other(counted: Stores) -> None:
    assert (await show(counted, "autopay", JIO)).now.total == 7
    assert (await show(counted, "autopay", JIO, operator="AIRTEL")).now is None
    assert {part.operator for part in (await show(counted, "delivery", JIO)).channels} == {"JIO"}


async def test_a_channel_has_its_failures_and_its_times(counted: Stores) -> None:
    first, second, third = (await show(counted, "delivery")).channels
    assert (first.operator, first.failure_percent, first.average_seconds) == ("JIO", 25.0, 3.0)
    assert (first.p50_seconds, first.p95_seconds) == (5, 5)
    assert (second.channel, second.failure_percent, second.average_seconds) == ("internal", 50.0, None)
    assert (second.p50_seconds, second.p99_seconds) == (None, None)
    assert (third.operator, third.failure_percent, third.average_seconds) == ("AIRTEL", 0.0, 1.0)
    assert third.p50_seconds is None


async def test_an_operator_has_those_of_its_channels_together(counted: Stores) -> None:
    jio, airtel = (await show(counted, "delivery")).operators
    assert (jio.operator, jio.delivered, jio.failed, jio.failure_percent) == ("JIO", 4, 2, 33.33)
    assert (jio.average_seconds, jio.p50_seconds, jio.p99_seconds) == (3.0, 5, 5)
    assert (airtel.operator, airtel.failure_percent, airtel.p50_seconds) == ("AIRTEL", 0.0, None)


async def test_the_etag_changes_with_the_day_the_query_the_scope_and_what_is_counted(counted: Stores) -> None:
    async def tag(name: str, at: datetime = NOON, admin: Principal = ALL, **query: Any) -> str:
        with clock.at(at):
            asked = FiguresQuery(**query)
            return await counted.database.run(
                lambda db: area_staff_service.etag(db, admin, BY_NAME[name], asked)
            )

    for name in ("autopay", "delivery"):
        tags = [
            await tag(name),
            await tag(name, NOON + timedelta(days=1)),
            await tag(name, admin=JIO),
            await tag(name, operator="JIO"),
        ]
        assert len(set(tags)) == len(tags)
        assert await tag(name) == tags[0]
    known = await tag("autopay")
    await counted.database.run(
        lambda db: db.execute(insert(AreaCount).values(area="autopay", counted_at=NOON, changed_at=NOON))
    )
    assert await tag("autopay") != known
