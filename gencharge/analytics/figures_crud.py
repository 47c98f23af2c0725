"""Reading the figures of recharges."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.analytics.models import MEASURES, Cut, RechargeFigures
from gencharge.offers.models import Offer
from gencharge.plans.models import Plan

_SUMS: Final = tuple(func.sum(getattr(RechargeFigures, name)).label(name) for name in MEASURES)
# What a slice of a distribution shows.
SLICED: Final = ("delivered", "failed", "delivered_price", "delivered_discount")
_FEW_DAYS: Final = 92
_STAMP: Final = (
    RechargeFigures.sold,
    RechargeFigures.delivered,
    RechargeFigures.failed,
    RechargeFigures.refunds,
)


async def stamp(db: AsyncSession, scope: ColumnElement[bool], first: date) -> str:
    """Changes with whatever is counted on the days from `first` on."""
    money = RechargeFigures.sold_price + RechargeFigures.delivered_price + RechargeFigures.refunded
    row = (
        await db.execute(
            select(func.count(), *(func.sum(column) for column in _STAMP), func.sum(money)).where(
                RechargeFigures.cut == Cut.ALL, RechargeFigures.day >= first, scope
            )
        )
    ).one()
    return ".".join(str(value or 0) for value in row)


async def list_days(
    db: AsyncSession, scope: ColumnElement[bool], first: date, last: date
) -> list[tuple[date, dict[str, int]]]:
    """All measures of each day that has any, the earliest first. Both ends are included."""
    rows = await db.execute(
        select(RechargeFigures.day, *_SUMS)
        .where(RechargeFigures.cut == Cut.ALL, RechargeFigures.day.between(first, last), scope)
        .group_by(RechargeFigures.day)
        .order_by(RechargeFigures.day)
    )
    return [(row["day"], _measures(row)) for row in rows.mappings()]


async def list_keys(
    db: AsyncSession, scope: ColumnElement[bool], first: date, last: date
) -> list[tuple[Cut, str, str, dict[str, int]]]:
    """The measures in SLICED of the days together, by cut, key and operator. Both ends are included.

    Hundreds of thousands of rows for two years: so it sums no more than is shown, and only groups by columns.
    """
    keys = (RechargeFigures.cut, RechargeFigures.key, RechargeFigures.operator)
    statement = (
        select(*keys, *(func.sum(getattr(RechargeFigures, name)).label(name) for name in SLICED))
        .where(RechargeFigures.day.between(first, last), scope)
        .group_by(*keys)
    )
    if (last - first).days < _FEW_DAYS:
        # All cuts by name: then the days are a short stretch of the index for each of them. More days are faster read as a whole.
        statement = statement.where(RechargeFigures.cut.in_(list(Cut)))
    rows = await db.execute(statement)
    return [
        (Cut(row["cut"]), row["key"], row["operator"], {name: int(row[name]) for name in SLICED})
        for row in rows.mappings()
    ]


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
