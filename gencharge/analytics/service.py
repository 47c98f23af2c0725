"""Keeping the figures right: correct them from the tables, or compare them with the tables; and sum them by month."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from datetime import date, timedelta
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.analytics import area_service, months_crud, periods, sums_crud, today_crud
from gencharge.analytics import recount_crud as crud
from gencharge.analytics.sums_crud import SUMMED, Summed
from gencharge.core.postgres.database import Database, read_one_snapshot
from gencharge.core.values import clock

__all__ = [
    "SUMMED",
    "OnPart",
    "Summed",
    "counted_on",
    "find_differences",
    "others_on",
    "rebuild",
    "sums_of_all_days",
]
# Called with the first day of what is done, and the day after its last.
OnPart = Callable[[date, date], None]
_DAYS_AT_ONCE: Final = 31
# Each keeps a process of PostgreSQL busy.
_PARTS_AT_ONCE: Final = 2


async def sums_of_all_days(db: AsyncSession) -> list[Summed]:
    """What became of all recharges, by operator, and by operator and channel."""
    return await sums_crud.list_sums(db)


async def counted_on(db: AsyncSession, day: date) -> dict[str, dict[str, int]]:
    """What was counted on a day in India, by operator. Amounts in paise."""
    return await today_crud.list_day(db, day)


async def others_on(db: AsyncSession, day: date) -> tuple[int, int, int]:
    """Of a day in India that is not over: sign-ups, top-ups, and the sum of these in paise."""
    since = clock.start_of_day(day)
    return await today_crud.count_sign_ups(db, since), *await today_crud.sum_topups(db, since)


async def rebuild(database: Database, on_part: OnPart, first: date | None = None) -> None:
    """Make all figures what the tables say, some months at a time. Counting goes on beside it: a month is compared in one snapshot, and
    what differs is then corrected by the difference, which holds whatever was counted since.

    `first`: the first day, in India; None: that of the first recharge. Cut off,
    it leaves whole months, old or new, and can be run again.
    """
    await _all_of(_rebuild_recharges(database, on_part, first), area_service.count_areas(database))


async def _rebuild_recharges(database: Database, on_part: OnPart, first: date | None) -> None:
    parts = await _parts_from(database, first)
    for place in range(0, len(parts), _PARTS_AT_ONCE):
        some = parts[place : place + _PARTS_AT_ONCE]
        async with database.transaction() as holding:
            await crud.hold_corrections(holding)
            # Their snapshots are made now that nobody else corrects figures.
            await _all_of(*(_correct(database, since, until) for since, until in some))
        for since, until in some:
            on_part(since, until)
    await sum_months(database)


async def _correct(database: Database, since: date, until: date) -> None:
    async with database.transaction() as db:
        await read_one_snapshot(db)
        differences = await crud.list_differences(db, since, until)
    async with database.transaction() as db:
        await crud.correct(db, differences, since, until)


async def _all_of(*work: Coroutine[Any, Any, Any]) -> None:
    """Do all of it at once. Raises the first error when all have ended, so that nothing is at work after it."""
    for result in await asyncio.gather(*work, return_exceptions=True):
        if isinstance(result, BaseException):
            raise result


async def sum_months(database: Database) -> list[date]:
    """Sum all months that have ended and are not summed yet, each in a transaction of its own. Returns their first days."""
    this_month = _today().replace(day=1)
    missing = await database.run(lambda db: months_crud.list_missing(db, this_month))
    for month in missing:
        async with database.transaction() as db:
            await months_crud.sum_month(db, month, periods.months_before(month, -1))
    return list(missing)


async def find_differences(
    database: Database, on_part: OnPart, first: date | None = None
) -> list[dict[str, Any]]:
    """Where the figures are not what the recharges or the ledger say, or a month is not the sum of its days: the keys, and by how much
    each measure is too high. Empty: all is right, to the paisa."""
    differences = []
    parts = await _parts_from(database, first)
    for since, until in parts:
        async with database.transaction() as db:
            await read_one_snapshot(db)
            differences += await crud.list_differences(db, since, until)
            differences += await crud.list_differences_with_ledger(db, since, until)
        on_part(since, until)
    if parts:
        async with database.transaction() as db:
            await read_one_snapshot(db)
            months = parts[0][0].replace(day=1), _today().replace(day=1)
            differences += await months_crud.list_differences(db, *months)
    return differences + await area_service.find_differences(database, first)


async def _parts_from(database: Database, first: date | None) -> list[tuple[date, date]]:
    since = first or await database.run(crud.first_day)
    return [] if since is None else list(_parts(since, _today() + timedelta(days=1)))


def _parts(since: date, end: date) -> Iterator[tuple[date, date]]:
    while since < end:
        until = min(end, since + timedelta(days=_DAYS_AT_ONCE))
        yield since, until
        since = until


def _today() -> date:
    return clock.now().astimezone(clock.IST).date()
