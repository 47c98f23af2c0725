"""Areas read whole months as sums: what they say is the same with the sums and without, whichever months have one."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import delete, insert
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.analytics import area_crud, figures_crud, service
from gencharge.analytics.area_crud import AreaRow
from gencharge.analytics.area_service import AREAS
from gencharge.analytics.models import MEASURES, Cut, RechargeFigures, RechargeMonthFigures
from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock

NOW = datetime(2026, 11, 22, 6, 30, tzinfo=UTC)
TODAY = date(2026, 11, 22)
AREAS_OF_RECHARGES = [area for area in AREAS if area.recharge_facts]
_CUTS = (Cut.ALL, Cut.PLAN, Cut.CATEGORY, Cut.PLAN_TYPE, Cut.OFFER, Cut.CHANNEL, Cut.FAILURE, Cut.WAIT)


@pytest.fixture(scope="module")
async def counted(stores: Stores) -> Stores:
    """Figures of 140 days, and the sums of all months that have ended."""
    rows = [
        {
            "day": TODAY - timedelta(days=days_ago),
            "operator": operator,
            "cut": cut,
            "key": "" if cut == Cut.ALL else key,
            **{name: (days_ago * 7 + place) % 11 + 1 for place, name in enumerate(MEASURES)},
        }
        for days_ago in range(140)
        for operator in ("JIO", "VI")
        for cut in _CUTS
        for key in (("",) if cut == Cut.ALL else ("a", "b"))
    ]

    async def fill(db: AsyncSession) -> None:
        for table in (RechargeFigures, RechargeMonthFigures):
            await db.execute(delete(table))
        for start in range(0, len(rows), 500):
            await db.execute(insert(RechargeFigures), rows[start : start + 500])

    with clock.at(NOW):
        await stores.database.run(fill)
        assert len(await service.sum_months(stores.database)) >= 4
    return stores


async def keys_of(stores: Stores, name: str, first: date, last: date, *without: date) -> list[AreaRow]:
    """The rows of an area as they are read when the months in `without` have no sum."""
    area = next(area for area in AREAS if area.name == name)
    async with stores.database.transaction() as db:
        await db.execute(
            delete(RechargeMonthFigures)
            .where(RechargeMonthFigures.month.in_(without))
            .execution_options(synchronize_session=False)
        )
        read = await area_crud.list_keys(db, area, None, first, last, NOW)
        await db.rollback()
    return sorted(read, key=lambda row: (row.fact, row.cut, row.key))


_MONTHS = [date(2026, month, 1) for month in (7, 8, 9, 10)]


@pytest.mark.parametrize("name", [area.name for area in AREAS_OF_RECHARGES])
@pytest.mark.parametrize(
    ("first", "last"),
    [
        (date(2026, 7, 20), date(2026, 11, 22)),
        (date(2026, 8, 1), date(2026, 10, 31)),
        (date(2026, 8, 1), date(2026, 11, 5)),
        (date(2026, 8, 15), date(2026, 9, 30)),
        (date(2026, 9, 5), date(2026, 9, 25)),
        (date(2026, 11, 1), date(2026, 11, 22)),
    ],
)
async def test_an_area_says_the_same_with_and_without_the_sums_of_months(
    counted: Stores, name: str, first: date, last: date
) -> None:
    plain = await keys_of(counted, name, first, last, *_MONTHS)
    assert sum(row.count for row in plain) > 0
    assert await keys_of(counted, name, first, last) == plain
    # A month in the middle is counted again, and has no sum until then; or the first one.
    assert await keys_of(counted, name, first, last, date(2026, 9, 1)) == plain
    assert await keys_of(counted, name, first, last, date(2026, 8, 1)) == plain


async def test_the_sums_are_read(counted: Stores) -> None:
    area = next(area for area in AREAS if area.name == "plans")
    async with counted.database.transaction() as db:
        assert await figures_crud.summed_months(db, date(2026, 8, 1), date(2026, 10, 31)) == _MONTHS[1:]
        # Without the days a whole month still has its figures.
        await db.execute(delete(RechargeFigures))
        read = await area_crud.list_keys(db, area, None, date(2026, 9, 1), date(2026, 9, 30), NOW)
        await db.rollback()
    assert any(row.fact == "delivered" and row.count for row in read)
