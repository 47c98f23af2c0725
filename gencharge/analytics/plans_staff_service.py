"""The figures of the plans that run or wait now, and of how many were bought."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.analytics import figures_crud, periods, plans_crud, staff_service
from gencharge.analytics.models import ActivePlanFigures as Row
from gencharge.analytics.models import PlanCut
from gencharge.analytics.plans_crud import PlanCount
from gencharge.analytics.staff_schemas import (
    ActivePlanDistributions,
    ActivePlanFigures,
    ActivePlanTotals,
    EndingDay,
    FiguresQuery,
    PlansBought,
    PlansBoughtDay,
    PlansBoughtGrowth,
    PlansBoughtMonth,
    PlansBoughtPeriods,
    PlanSlice,
)
from gencharge.core.values.money import SignedMoney
from gencharge.sessions.guards import Principal

_TEN: Final = 10
_DAYS: Final = 30
_MONTHS: Final = 12
_WEEK: Final = 7
_MONTH: Final = 30


async def etag(db: AsyncSession, admin: Principal, query: FiguresQuery) -> str:
    """Changes with the answer to this query: when plans or recharges are counted, when a day ends, for another query or scope."""
    stamps = await staff_service.etag(db, admin, query), await plans_crud.get_counted_at(db)
    return hashlib.sha256(f"current-active-plans|{stamps}".encode()).hexdigest()[:32]


async def show(db: AsyncSession, admin: Principal, query: FiguresQuery) -> ActivePlanFigures:
    """The last count, and what was bought, of the operators that the admin sees."""
    scope = staff_service.scope_of(admin, query)
    counts = await plans_crud.list_counts(db, scope(Row.operator.expression))
    parts: dict[PlanCut, list[PlanCount]] = {cut: [] for cut in PlanCut}
    for count in counts:
        parts[count.cut].append(count)
    active = sum(count.active for count in parts[PlanCut.ALL])
    top = parts[PlanCut.PLAN][:_TEN]
    names = await figures_crud.plan_names(db, [UUID(count.key) for count in top])
    today = staff_service.today_in_india()
    ending = {count.key: count.active for count in parts[PlanCut.ENDS]}
    days = [today + timedelta(days=number) for number in range(_DAYS)]
    return ActivePlanFigures(
        counted_at=max((count.counted_at for count in counts), default=None),
        totals=ActivePlanTotals(active=active, queued=sum(count.queued for count in parts[PlanCut.ALL])),
        distributions=ActivePlanDistributions(
            operator=_slices(parts[PlanCut.ALL], active),
            circle=_slices(parts[PlanCut.CIRCLE], active),
            plan_type=_slices(parts[PlanCut.PLAN_TYPE], active),
            category=_slices(parts[PlanCut.CATEGORY], active),
            kind=_slices(parts[PlanCut.KIND], active),
        ),
        ending=[EndingDay(day=day, plans=ending.get(day.isoformat(), 0)) for day in days],
        top_plans=[part.model_copy(update={"name": names.get(part.key)}) for part in _slices(top, active)],
        **await _bought(db, scope, query, today),
    )


async def _bought(
    db: AsyncSession, scope: figures_crud.Scope, query: FiguresQuery, today: date
) -> dict[str, Any]:
    """What was bought: of the days that are asked for, of the usual periods, and by day and month."""
    asked = query.days()
    rows = await plans_crud.list_bought(
        db, scope, staff_service.since_for(today, asked), max(today, asked.last)
    )
    by_day = {day: Counter(sums) for day, sums in rows}

    def of(period: periods.Period) -> dict[str, Any]:
        return _sums(staff_service.sum_days(by_day, period))

    def growth(period: periods.Period) -> float | None:
        return periods.growth(of(period)["bought"], of(period.before())["bought"])

    return {
        "first_day": asked.first,
        "last_day": asked.last,
        "bought": PlansBought(**of(asked)),
        "periods": PlansBoughtPeriods(
            **{name: PlansBought(**of(period)) for name, period in periods.standard(today).items()}
        ),
        "daily": [PlansBoughtDay(day=day, **_sums(by_day.get(day, Counter()))) for day in asked],
        "monthly": [
            PlansBoughtMonth(month=f"{month.first:%Y-%m}", **of(month))
            for month in periods.months(today, _MONTHS)
        ],
        "growth": PlansBoughtGrowth(
            week_over_week_percent=growth(periods.last_days(today, _WEEK)),
            month_over_month_percent=growth(periods.last_days(today, _MONTH)),
        ),
    }


def _sums(sums: Counter[str]) -> dict[str, Any]:
    paid = sums["delivered_price"] - sums["delivered_discount"]
    return {
        "bought": sums["delivered"],
        "refunded": sums["refunded_in_full"],
        "paid": SignedMoney(paid),
    }


def _slices(counts: Sequence[PlanCount], active: int) -> list[PlanSlice]:
    return [
        PlanSlice(
            key=count.key,
            active=count.active,
            queued=count.queued,
            percent=round(count.active * 100 / active, 2) if active else 0.0,
        )
        for count in counts
    ]
