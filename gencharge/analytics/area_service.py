"""Counting the areas that are kept by the day."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any, Final

from gencharge.analytics import area_crud as crud
from gencharge.analytics.admins_crud import ADMINS
from gencharge.analytics.areas import Area
from gencharge.analytics.backups_crud import BACKUPS
from gencharge.analytics.catalogue_crud import DELIVERY, OFFERS, PLANS
from gencharge.analytics.funnel_crud import FUNNEL
from gencharge.analytics.money_crud import AUTOPAY, PAYMENTS, REFERRALS
from gencharge.analytics.users_crud import ARCHIVE, USERS
from gencharge.core.postgres.database import Database, read_one_snapshot
from gencharge.core.values import clock

AREAS: Final = (
    USERS,
    ARCHIVE,
    ADMINS,
    PLANS,
    OFFERS,
    REFERRALS,
    AUTOPAY,
    PAYMENTS,
    DELIVERY,
    FUNNEL,
    BACKUPS,
)
# Before any customer was.
_BEGINNING: Final = date(2020, 1, 1)


async def count_areas(database: Database, days: int | None = None) -> int:
    """Count the last days, today included, of all areas that are kept, each in a transaction of its own; `days` None: all days. An area
    that was never counted is counted from its beginning. Returns how many rows of figures changed."""
    changed = 0
    for area in _stored_areas():
        changed += await database.run(lambda db, area=area: _count(db, area, days))  # type: ignore[misc]
    return changed


async def _count(db: Any, area: Area, days: int | None) -> int:
    now = clock.now()
    tomorrow = now.astimezone(clock.IST).date() + timedelta(days=1)
    is_whole = days is None or await crud.get_count(db, area) is None
    first = _BEGINNING if is_whole or days is None else tomorrow - timedelta(days=days)
    return await crud.count_area(db, area, first, tomorrow, now)


async def find_differences(database: Database, first: date | None) -> list[dict[str, Any]]:
    """Where the figures of areas are not what the tables say, on days up to the day before yesterday: later ones may be counted once
    more at any moment. Areas that were not counted yet have none."""
    differences = []
    now = clock.now()
    yesterday = now.astimezone(clock.IST).date() - timedelta(days=1)
    for area in _stored_areas():
        async with database.transaction() as db:
            await read_one_snapshot(db)
            if await crud.get_count(db, area) is not None:
                differences += await crud.list_differences(db, area, first or _BEGINNING, yesterday, now)
    return differences


def _stored_areas() -> list[Area]:
    return [area for area in AREAS if area.is_kept]
