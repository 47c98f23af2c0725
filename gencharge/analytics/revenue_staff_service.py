"""Revenue, put together from the figures of recharges and the gateway's statements."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping
from datetime import date
from typing import Any, Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.analytics import figures_crud, periods, staff_service
from gencharge.analytics import revenue_crud as crud
from gencharge.analytics.models import Cut
from gencharge.analytics.periods import Period
from gencharge.analytics.revenue_schemas import (
    RevenueDay,
    RevenueDistributions,
    RevenueFigures,
    RevenueGrowth,
    RevenueMonth,
    RevenuePart,
    RevenuePeriods,
    RevenueSums,
    RevenueWithFees,
)
from gencharge.analytics.staff_schemas import FiguresQuery
from gencharge.core.values import clock
from gencharge.core.values.money import SignedMoney
from gencharge.sessions.guards import Principal

OTHER: Final = "other"
_SHOWN: Final = 100
_MONTHS: Final = 12
_WEEK: Final = 7
_MONTH: Final = 30
# The fees of each day that has a statement, in paise; None: the figures are of some operators only.
Fees = Mapping[date, int] | None


async def etag(db: AsyncSession, admin: Principal, query: FiguresQuery) -> str:
    """Changes with the answer to this query."""
    text = f"{await staff_service.etag(db, admin, query)}|revenue|{await crud.stamp_fees(db)}"
    return hashlib.sha256(text.encode()).hexdigest()[:32]


async def show(db: AsyncSession, admin: Principal, query: FiguresQuery) -> RevenueFigures:
    """Revenue of the operators that the admin sees."""
    today, scope = staff_service.today_in_india(), staff_service.scope_of(admin, query)
    asked = query.days()
    since, last = staff_service.since_for(today, asked), max(today, asked.last)
    rows = await figures_crud.list_days(db, scope, since, last)
    by_day = {day: Counter(measures) for day, measures in rows}
    is_whole = not admin.operator_scope and query.operator is None
    fees = await crud.list_fees(db, since, last) if is_whole else None

    def of(period: Period) -> dict[str, Any]:
        return _with_fees(staff_service.sum_days(by_day, period), period, fees)

    return RevenueFigures(
        counted_at=clock.now(),
        first_day=asked.first,
        last_day=asked.last,
        totals=RevenueWithFees(**of(asked)),
        periods=RevenuePeriods(
            **{name: RevenueWithFees(**of(period)) for name, period in periods.standard(today).items()}
        ),
        daily=[RevenueDay(day=day, **_of_day(by_day.get(day, Counter()), day, fees)) for day in asked],
        monthly=[
            RevenueMonth(month=f"{month.first:%Y-%m}", **of(month))
            for month in periods.months(today, _MONTHS)
        ],
        growth=RevenueGrowth(
            week_over_week_percent=_growth(by_day, periods.last_days(today, _WEEK)),
            month_over_month_percent=_growth(by_day, periods.last_days(today, _MONTH)),
        ),
        distributions=await _distributions(db, scope, asked),
    )


def _paid(sums: Mapping[str, int]) -> int:
    return sums["delivered_price"] - sums["delivered_discount"]


def _sums(sums: Mapping[str, int]) -> dict[str, Any]:
    cashback = sums["cashback"] - sums["refunded_cashback"]
    commission = sums["commission"] - sums["refunded_commission"]
    offer_cost = sums["delivered_discount"] - sums["refunded_discount"] + cashback
    return {
        "delivered": sums["delivered"],
        "refunds": sums["refunds"],
        "price": SignedMoney(sums["delivered_price"]),
        "discount": SignedMoney(sums["delivered_discount"]),
        "paid": SignedMoney(_paid(sums)),
        "refunded": SignedMoney(sums["refunded"]),
        "revenue": SignedMoney(_paid(sums) - sums["refunded"]),
        "cashback": SignedMoney(cashback),
        "commission": SignedMoney(commission),
        "offer_cost": SignedMoney(offer_cost),
        "net": SignedMoney(commission - offer_cost),
    }


def _with_fees(sums: Mapping[str, int], period: Period, fees: Fees) -> dict[str, Any]:
    known = [paise for day, paise in fees.items() if day in period] if fees is not None else []
    return {**_sums(sums), "gateway_fees": SignedMoney(sum(known)) if known else None}


def _of_day(sums: Mapping[str, int], day: date, fees: Fees) -> dict[str, Any]:
    paise = None if fees is None else fees.get(day)
    return {**_sums(sums), "gateway_fees": None if paise is None else SignedMoney(paise)}


def _growth(by_day: dict[date, Counter[str]], period: Period) -> float | None:
    now, before = (_paid(staff_service.sum_days(by_day, part)) for part in (period, period.before()))
    return periods.growth(now, before)


async def _distributions(db: AsyncSession, scope: figures_crud.Scope, asked: Period) -> RevenueDistributions:
    parts: dict[Cut, dict[str, Counter[str]]] = {cut: {} for cut in crud.CUTS}
    rows = await figures_crud.list_keys(db, scope, asked.first, asked.last, cuts=crud.CUTS, names=crud.EARNED)
    for cut, key, operator, measures in rows:
        # Of all recharges together the parts are those of the operators.
        parts[cut].setdefault(key or operator, Counter()).update(measures)
    plans = _slices(_largest(parts.pop(Cut.PLAN)))
    names = await figures_crud.plan_names(db, [UUID(part.key) for part in plans if part.key != OTHER])
    slices = {cut.value: _slices(of_cut) for cut, of_cut in parts.items()}
    return RevenueDistributions(
        operator=slices.pop(Cut.ALL),
        plan=[part.model_copy(update={"name": names.get(part.key)}) for part in plans],
        **slices,
    )


def _largest(parts: dict[str, Counter[str]]) -> dict[str, Counter[str]]:
    """The parts for which most was paid, and all others as one."""
    keys = sorted(parts, key=lambda key: (-_paid(parts[key]), key))
    largest = {key: parts[key] for key in keys[:_SHOWN]}
    if len(keys) > _SHOWN:
        other = largest[OTHER] = Counter[str]()
        for key in keys[_SHOWN:]:
            other.update(parts[key])
    return largest


def _slices(parts: Mapping[str, Counter[str]]) -> list[RevenuePart]:
    whole = sum(_paid(sums) for sums in parts.values())
    slices = [
        RevenuePart(
            key=key,
            percent=round(_paid(sums) * 100 / whole, 2) if whole else None,
            **RevenueSums(**_sums(sums)).__dict__,
        )
        for key, sums in parts.items()
        if sums["delivered"] or sums["refunds"]
    ]
    return sorted(slices, key=lambda part: (part.key == OTHER, -part.paid.paise, part.key))
