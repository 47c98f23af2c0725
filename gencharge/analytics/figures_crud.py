"""Reading the figures of recharges."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import date, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Select, func, select, text, union_all
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.analytics.models import MEASURES, Cut, RechargeFigures
from gencharge.analytics.models import RechargeMonthFigures as Month
from gencharge.analytics.periods import months_before
from gencharge.offers.models import Offer
from gencharge.plans.models import Plan

_SUMS: Final = tuple(func.sum(getattr(RechargeFigures, name)).label(name) for name in MEASURES)
# What a slice of a distribution shows.
SLICED: Final = ("delivered", "failed", "delivered_price", "delivered_discount")
Scope = Callable[[ColumnElement[str]], ColumnElement[bool]]


async def freeze(db: AsyncSession) -> None:
    """Let all reads of the transaction, which has only begun, see the same instant: then the parts of an answer add up."""
    await db.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"))


async def stamp(db: AsyncSession, scope: Scope, first: date) -> str:
    """Changes with whatever is counted on the days from `first` on, and with the names of plans and offers.

    Whole months are read as sums. Call it after `freeze`, as `list_keys` says.
    """
    summed = await summed_months(db, first, date.max - timedelta(days=1))
    days = [RechargeFigures.day.between(*ends) for ends in days_beside(summed, first, date.max)]
    parts = union_all(
        _parts(Month, scope, MEASURES).where(Month.cut == Cut.ALL, Month.month.in_(summed)),
        *(
            _parts(RechargeFigures, scope, MEASURES).where(RechargeFigures.cut == Cut.ALL, some)
            for some in days
        ),
    ).subquery()
    counted = (await db.execute(select(*(func.sum(parts.c[name]) for name in MEASURES)))).one()
    named = (
        await db.execute(
            select(
                *(
                    select(value).scalar_subquery()
                    for table in (Plan, Offer)
                    for value in (func.count(table.updated_at), func.max(table.updated_at))
                )
            )
        )
    ).one()
    return ".".join(str(value or 0) for value in (*counted, *named))


async def list_days(
    db: AsyncSession, scope: Scope, first: date, last: date
) -> list[tuple[date, dict[str, int]]]:
    """All measures of each day that has any, the earliest first. Both ends are included."""
    rows = await db.execute(
        select(RechargeFigures.day, *_SUMS)
        .where(
            RechargeFigures.cut == Cut.ALL,
            RechargeFigures.day.between(first, last),
            scope(RechargeFigures.operator.expression),
        )
        .group_by(RechargeFigures.day)
        .order_by(RechargeFigures.day)
    )
    return [(row["day"], _measures(row)) for row in rows.mappings()]


async def list_keys(
    db: AsyncSession,
    scope: Scope,
    first: date,
    last: date,
    *,
    cuts: Collection[Cut] = tuple(Cut),
    names: Sequence[str] = SLICED,
) -> list[tuple[Cut, str, str, dict[str, int]]]:
    """These measures of the days together, by cut, key and operator. Both ends are included.

    Whole months are read as sums, so two years are some ten thousand rows. Call it after `freeze`: else the sums of a month may go
    away between the two statements.
    """
    summed = await summed_months(db, first, last)
    parts = union_all(
        _parts(Month, scope, names).where(Month.cut.in_(list(cuts)), Month.month.in_(summed)),
        *(
            # All cuts by name: then the days are a short stretch of the index for each of them.
            _parts(RechargeFigures, scope, names).where(
                RechargeFigures.cut.in_(list(cuts)), RechargeFigures.day.between(since, until)
            )
            for since, until in days_beside(summed, first, last)
        ),
    ).subquery()
    keys = (parts.c.cut, parts.c.key, parts.c.operator)
    rows = await db.execute(
        select(*keys, *(func.sum(parts.c[name]).label(name) for name in names)).group_by(*keys)
    )
    return [
        (Cut(row["cut"]), row["key"], row["operator"], {name: int(row[name]) for name in names})
        for row in rows.mappings()
    ]


async def summed_months(db: AsyncSession, first: date, last: date) -> Sequence[date]:
    """The first days of the months between these days that are summed."""
    until = (last + timedelta(days=1)).replace(day=1)
    rows = await db.scalars(
        select(Month.month)
        .where(Month.cut == Cut.ALL, Month.month >= first, Month.month < until)
        .distinct()
        .order_by(Month.month)
    )
    return rows.all()


def days_beside(months: Sequence[date], first: date, last: date) -> Iterator[tuple[date, date]]:
    """The stretches of days from `first` to `last`, both included, that are in none of the months. `months` are first days, in order."""
    since = first
    for month in months:
        if since < month:
            yield since, month - timedelta(days=1)
        since = months_before(month, -1)
    if since <= last:
        yield since, last


def _parts(figures: type[RechargeFigures | Month], scope: Scope, names: Sequence[str]) -> Select[Any]:
    return select(
        figures.cut, figures.key, figures.operator, *(getattr(figures, name) for name in names)
    ).where(scope(figures.operator.expression))


async def plan_names(db: AsyncSession, plan_ids: Collection[UUID]) -> dict[str, str]:
    """The present names of plans, by id."""
    rows = await db.execute(select(Plan.plan_id, Plan.name).where(Plan.plan_id.in_(plan_ids)))
    return {str(plan_id): name for plan_id, name in rows}


async def offer_names(db: AsyncSession, offer_ids: Collection[UUID]) -> dict[str, str]:
    """The present names of offers, by id."""
    rows = await db.execute(select(Offer.offer_id, Offer.name).where(Offer.offer_id.in_(offer_ids)))
    return {str(offer_id): name for offer_id, name in rows}


def _measures(row: Any) -> dict[str, int]:
    return {name: int(row[name]) for name in MEASURES}
