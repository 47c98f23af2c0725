"""Keeping the figures right: make them new from the tables, or compare them with the tables."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import Any, Final

from gencharge.analytics import recount_crud as crud
from gencharge.core.postgres.database import Database, read_one_snapshot
from gencharge.core.values import clock

# Called with the first day of what is done, and the day after its last.
OnPart = Callable[[date, date], None]
_DAYS_AT_ONCE: Final = 31


async def rebuild(database: Database, on_part: OnPart, first: date | None = None) -> None:
    """Make all figures new from the tables, a month at a time, each in a transaction of its own; events that come during a month's
    transaction wait for it.

    `first`: the first day, in India; None: that of the first recharge. Cut off,
    it leaves whole months, old or new, and can be run again.
    """
    for since, until in await _months(database, first):
        async with database.transaction() as db:
            await crud.lock_figures(db)
            await crud.recount(db, since, until)
        on_part(since, until)


async def find_differences(
    database: Database, on_part: OnPart, first: date | None = None
) -> list[dict[str, Any]]:
    """Where the figures are not what the recharges or the ledger say: the keys, and by how much each measure is too high. Empty: all
    is right, to the paisa."""
    differences = []
    for since, until in await _months(database, first):
        async with database.transaction() as db:
            await read_one_snapshot(db)
            differences += await crud.list_differences(db, since, until)
            differences += await crud.list_differences_with_ledger(db, since, until)
        on_part(since, until)
    return differences


async def _months(database: Database, first: date | None) -> list[tuple[date, date]]:
    since = first or await database.run(crud.first_day)
    return (
        []
        if since is None
        else list(_parts(since, clock.now().astimezone(clock.IST).date() + timedelta(days=1)))
    )


def _parts(since: date, end: date) -> Iterator[tuple[date, date]]:
    while since < end:
        until = min(end, since + timedelta(days=_DAYS_AT_ONCE))
        yield since, until
        since = until
