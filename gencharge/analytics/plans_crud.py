"""Counting the plans that run or wait now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, NamedTuple

from sqlalchemy import ColumnElement, func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.analytics.figures_crud import Scope
from gencharge.analytics.models import ActivePlanFigures, Cut, PlanCut, RechargeFigures

_END_DAY: Final = "((valid_until - interval '1 microsecond') AT TIME ZONE 'Asia/Kolkata')::date"
_ENDS_SOON: Final = (
    # One that has ended stays active until the next look at its number.
    f"NOT is_addon AND valid_until > CAST(:now AS timestamptz) AND {_END_DAY} < (CAST(:now AS timestamptz) AT TIME ZONE 'Asia/Kolkata')::date + 30"
)
_KEYS: Final = {
    PlanCut.ALL: "''",
    PlanCut.PLAN: "plan_id::text",
    PlanCut.CIRCLE: "coalesce(circle, 'unknown')",
    PlanCut.PLAN_TYPE: "plan_type",
    PlanCut.CATEGORY: "category",
    PlanCut.KIND: "CASE WHEN is_addon THEN 'addon' ELSE 'base' END",
    PlanCut.ENDS: "CASE WHEN valid_until < CAST(:now AS timestamptz) + interval '90 days' THEN"
    # The last day that it leaves whole: one that ends at midnight ends with the day before.
    f" {_END_DAY}::text END",
    PlanCut.BASE_ENDS: f"CASE WHEN {_ENDS_SOON} THEN {_END_DAY}::text END",
    PlanCut.ENDING_PLAN: f"CASE WHEN {_ENDS_SOON} THEN plan_id::text END",
    PlanCut.ENDING_CIRCLE: f"CASE WHEN {_ENDS_SOON} THEN coalesce(circle, 'unknown') END",
}
# Grouped by all of it first, so that each plan is cut once and not seven times.
_COUNT: Final = text(f"""
    INSERT INTO active_plan_figures (operator, cut, key, active, queued, counted_at)
    SELECT operator, cut.name, cut.key, sum(active), sum(queued), CAST(:now AS timestamptz)
    FROM (
        SELECT operator, plan_id, circle, plan_type, category, is_addon, valid_until,
               (status = 'active')::int AS active, (status = 'queued')::int AS queued
        FROM active_plans WHERE phone_number IS NOT NULL AND status IN ('active', 'queued')
    ) AS plans CROSS JOIN LATERAL (VALUES {", ".join(f"('{cut}', {key})" for cut, key in _KEYS.items())}) AS cut(name, key)
    WHERE cut.key IS NOT NULL GROUP BY 1, 2, 3
""")


@dataclass(frozen=True, slots=True)
class PlanCount:
    """How many plans of a key run and wait. Of PlanCut.ALL the key is the operator."""

    cut: PlanCut
    key: str
    active: int
    queued: int
    counted_at: datetime


class Ending(NamedTuple):
    """How many base plans of an operator end within thirty days, by a cut."""

    operator: str
    cut: PlanCut
    key: str
    plans: int


async def list_ending(db: AsyncSession, operators: Sequence[str] | None) -> list[Ending]:
    """The last count of the base plans that end within thirty days, of some operators or of all (None)."""
    figures = ActivePlanFigures
    query = select(figures.operator, figures.cut, figures.key, figures.active).where(
        figures.cut.in_((PlanCut.BASE_ENDS, PlanCut.ENDING_PLAN, PlanCut.ENDING_CIRCLE))
    )
    if operators is not None:
        query = query.where(figures.operator.in_(operators))
    return [Ending(row[0], PlanCut(row[1]), row[2], int(row[3])) for row in await db.execute(query)]


async def get_counted_at(db: AsyncSession) -> datetime | None:
    """When plans were counted last; None: not yet, or there are none."""
    counted_at: datetime | None = await db.scalar(select(func.max(ActivePlanFigures.counted_at)))
    return counted_at


async def count_plans(db: AsyncSession, now: datetime) -> None:
    """Count all plans once more. Two that count at the same time: the second one waits, and its count stays."""
    await db.execute(text("LOCK TABLE active_plan_figures IN EXCLUSIVE MODE"))
    await db.execute(text("DELETE FROM active_plan_figures"))
    await db.execute(_COUNT, {"now": now})


async def list_counts(db: AsyncSession, scope: ColumnElement[bool]) -> Sequence[PlanCount]:
    """The last count, of the operators in `scope` together, the largest first."""
    key = func.coalesce(func.nullif(ActivePlanFigures.key, ""), ActivePlanFigures.operator).label("key")
    active = func.sum(ActivePlanFigures.active)
    rows = await db.execute(
        select(
            ActivePlanFigures.cut,
            key,
            active,
            func.sum(ActivePlanFigures.queued),
            func.max(ActivePlanFigures.counted_at),
        )
        .where(scope)
        .group_by(ActivePlanFigures.cut, key)
        .order_by(active.desc(), key)
    )
    return [
        PlanCount(PlanCut(cut), name, int(running), int(waiting), at)
        for cut, name, running, waiting, at in rows
    ]


# The category of what is no plan: the payment of a bill.
_BILL: Final = "bill"
_BOUGHT: Final = ("delivered", "delivered_price", "delivered_discount", "refunded_in_full")


async def list_bought(
    db: AsyncSession, scope: Scope, first: date, last: date
) -> list[tuple[date, dict[str, int]]]:
    """What was delivered of plans, and refunded in full, on each day that has any, in paise. Both ends are included."""
    rows = await db.execute(
        select(
            RechargeFigures.day, *(func.sum(getattr(RechargeFigures, name)).label(name) for name in _BOUGHT)
        )
        .where(
            RechargeFigures.cut == Cut.CATEGORY,
            RechargeFigures.key != _BILL,
            RechargeFigures.day.between(first, last),
            scope(RechargeFigures.operator.expression),
        )
        .group_by(RechargeFigures.day)
    )
    return [(row["day"], {name: int(row[name]) for name in _BOUGHT}) for row in rows.mappings()]
