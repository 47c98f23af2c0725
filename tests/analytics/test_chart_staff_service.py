"""What the bars of a chart are."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import delete, insert

from gencharge.analytics import chart_staff_service, charts
from gencharge.analytics.chart_schemas import ChartFormat
from gencharge.analytics.chart_staff_service import SOURCES
from gencharge.analytics.charts import Chart, Theme
from gencharge.analytics.models import Cut, RechargeFigures
from gencharge.core.errors import ValidationFailed
from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.sessions.guards import Principal
from tests.make.many_rows import ALL, JIO

NOON = datetime(2026, 11, 22, 6, 30, tzinfo=UTC)
TODAY = date(2026, 11, 22)
BY_NAME = {source.charted.name: source for source in SOURCES}


@pytest.fixture(scope="module")
async def counted(stores: Stores) -> Stores:
    """One recharge a day of a rupee and a paisa for 100 days, and 30 plans of which plan n brought n of them."""
    rows: list[dict[str, Any]] = [
        {"cut": Cut.ALL, "key": "", "day": TODAY - timedelta(days=n), "delivered": 1, "delivered_price": 101}
        for n in range(100)
    ]
    rows += [
        {"cut": Cut.PLAN, "key": str(UUID(int=n)), "day": TODAY, "delivered": n, "delivered_price": n * 101}
        for n in range(1, 31)
    ]
    await stores.database.run(lambda db: db.execute(delete(RechargeFigures)))
    for row in rows:
        values = {"operator": "JIO", **row}
        await stores.database.run(
            lambda db, values=values: db.execute(insert(RechargeFigures).values(values))
        )  # type: ignore[misc]
    return stores


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Chart, Theme]]:
    """What was drawn."""
    calls: list[tuple[Chart, Theme]] = []
    draw = charts.draw_svg

    def noting(chart: Chart, theme: Theme) -> bytes:
        calls.append((chart, theme))
        return draw(chart, theme)

    monkeypatch.setattr(charts, "draw_svg", noting)
    return calls


async def draw(
    stores: Stores, name: str, kind: ChartFormat = ChartFormat.SVG, admin: Principal = ALL, **query: Any
) -> bytes:
    source = BY_NAME[name]
    with clock.at(NOON):
        asked: Any = source.charted.query.model_validate(query)
        chart = await stores.database.run(lambda db: chart_staff_service.plan(db, admin, source, asked))
    return await chart_staff_service.draw(chart, asked.theme, kind)


async def test_a_short_trend_is_by_day_and_a_long_one_by_month(
    counted: Stores, drawn: list[tuple[Chart, Theme]]
) -> None:
    await draw(counted, "revenue")
    await draw(counted, "revenue", **{"from": date(2026, 8, 1)})
    by_day, by_month = (chart for chart, _ in drawn)
    assert (len(by_day.labels), by_day.labels[-1], by_day.values[-1]) == (30, "2026-11-22", 1.01)
    assert dict(zip(by_month.labels, by_month.values, strict=True)) == {
        "2026-08": 17.17,
        "2026-09": 30.3,
        "2026-10": 31.31,
        "2026-11": 22.22,
    }
    assert by_day.title.endswith("by day")
    assert by_month.title.endswith("by month")


async def test_the_smallest_parts_are_one_bar(counted: Stores, drawn: list[tuple[Chart, Theme]]) -> None:
    await draw(counted, "revenue", show="plan", measure="delivered")
    chart = drawn[0][0]
    assert chart.values == [*range(30, 11, -1), sum(range(12))]
    assert (chart.labels[-1], chart.is_money, chart.is_trend) == ("Other", False, False)


async def test_a_png_is_light_unless_it_is_to_be_dark(
    counted: Stores, drawn: list[tuple[Chart, Theme]]
) -> None:
    for theme in ("auto", "dark"):
        assert (await draw(counted, "funnel", ChartFormat.PNG, theme=theme)).startswith(b"\x89PNG")
    assert [theme for _, theme in drawn] == [Theme.LIGHT, Theme.DARK]


async def test_a_distribution_that_is_not_about_a_measure_says_what_it_is_about(counted: Stores) -> None:
    with pytest.raises(ValidationFailed) as refused:
        await draw(counted, "transactions", show="failure", measure="paid")
    assert "failed" in str(refused.value.errors)


async def test_an_admin_of_one_operator_sees_no_other(
    counted: Stores, drawn: list[tuple[Chart, Theme]]
) -> None:
    await draw(counted, "transactions", admin=JIO, operator="VI")
    assert not any(drawn[0][0].values)
