"""Cohorts, segments and the forecast, put together for the staff."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.analytics import customers_crud as crud
from gencharge.analytics import figures_crud, periods, plans_crud, staff_service
from gencharge.analytics.customers_crud import CustomerRow
from gencharge.analytics.customers_schemas import (
    Cohort,
    CohortFigures,
    CohortMonth,
    ForecastDay,
    ForecastFigures,
    ForecastPart,
    OperatorQuery,
    RenewalRate,
    SegmentFigures,
    SegmentPart,
)
from gencharge.analytics.models import CustomerArea, PlanCut
from gencharge.analytics.plans_crud import Ending
from gencharge.core.values.money import SignedMoney
from gencharge.recharge.models import segment_models
from gencharge.sessions.guards import Principal

_MONTHS: Final = 24
_DAYS: Final = 30
_SHOWN: Final = 100


async def etag(db: AsyncSession, admin: Principal, query: OperatorQuery, name: str) -> str:
    """Changes when customers or plans are counted, when a day ends, and for another query or scope."""
    stamps = await crud.get_counted_at(db), await plans_crud.get_counted_at(db)
    text = f"{name}|{staff_service.today_in_india()}|{query.operator}|{sorted(admin.operator_scope or ())}|{stamps}"
    return hashlib.sha256(text.encode()).hexdigest()[:32]


async def cohorts(db: AsyncSession, admin: Principal, query: OperatorQuery) -> CohortFigures:
    """How many customers of each month come back."""
    this_month = staff_service.today_in_india().replace(day=1)
    since = f"{periods.months_before(this_month, _MONTHS - 1):%Y-%m}"
    rows: dict[str, dict[int, list[CustomerRow]]] = defaultdict(lambda: defaultdict(list))
    for row in await crud.list_figures(db, CustomerArea.COHORTS, operators_of(admin, query)):
        if row.key >= since:
            rows[row.key][row.part].append(row)
    return CohortFigures(
        counted_at=await crud.get_counted_at(db),
        cohorts=[_cohort(month, parts, this_month) for month, parts in sorted(rows.items())],
    )


async def segments(db: AsyncSession, admin: Principal, query: OperatorQuery) -> SegmentFigures:
    """Customers by recency, frequency and money."""
    rows = await crud.list_figures(db, CustomerArea.SEGMENTS, operators_of(admin, query))
    whole = sum(row.customers for row in rows)
    parts = []
    for segment in segment_models.SEGMENTS:
        own = [row for row in rows if row.key == segment.key]
        customers = sum(row.customers for row in own)
        parts.append(
            SegmentPart(
                key=segment.key,
                customers=customers,
                percent=_percent(customers, whole),
                recharges=sum(row.recharges for row in own),
                paid=SignedMoney(sum(row.amount for row in own)),
            )
        )
    return SegmentFigures(counted_at=await crud.get_counted_at(db), customers=whole, segments=parts)


async def forecast(db: AsyncSession, admin: Principal, query: OperatorQuery) -> ForecastFigures:
    """Plans that end in the next thirty days, and how many renewals to expect."""
    operators, today = operators_of(admin, query), staff_service.today_in_india()
    ended = await crud.list_figures(db, CustomerArea.RENEWALS, operators)
    rates = {row.operator: row.recharges / row.customers for row in ended}
    rows = await plans_crud.list_ending(db, operators)
    days = [today + timedelta(days=number) for number in range(_DAYS)]
    by_day = _parts(rows, PlanCut.BASE_ENDS, rates)
    nothing = ForecastPart(key="", ending=0, expected_renewals=0)
    plans = sorted(_parts(rows, PlanCut.ENDING_PLAN, rates).values(), key=_most_first)[:_SHOWN]
    names = await figures_crud.plan_names(db, [UUID(part.key) for part in plans])
    return ForecastFigures(
        counted_at=await plans_crud.get_counted_at(db),
        days=[_day(day, by_day.get(day.isoformat(), nothing)) for day in days],
        operator=sorted(
            _parts([row._replace(key=row.operator) for row in rows], PlanCut.ENDING_CIRCLE, rates).values(),
            key=_most_first,
        ),
        circle=sorted(_parts(rows, PlanCut.ENDING_CIRCLE, rates).values(), key=_most_first),
        plan=[part.model_copy(update={"name": names.get(part.key)}) for part in plans],
        rates=[
            RenewalRate(
                operator=row.operator,
                ended=row.customers,
                renewed=row.recharges,
                percent=_percent(row.recharges, row.customers),
            )
            for row in ended
        ],
    )


def operators_of(admin: Principal, query: OperatorQuery) -> Sequence[str] | None:
    """Those that an answer is about; None: all together."""
    own, asked = admin.operator_scope, query.operator and query.operator.upper()
    if not asked:
        return sorted(own) if own else None
    return [asked] if not own or asked in own else []


def _cohort(month: str, parts: Mapping[int, Sequence[CustomerRow]], this_month: date) -> Cohort:
    first = date.fromisoformat(f"{month}-01")
    last = (this_month.year - first.year) * 12 + this_month.month - first.month
    size = sum(row.customers for row in parts.get(0, ()))
    months = []
    for after in range(last + 1):
        rows = parts.get(after, ())
        customers = sum(row.customers for row in rows)
        months.append(
            CohortMonth(
                months_after=after,
                customers=customers,
                percent=_percent(customers, size),
                recharges=sum(row.recharges for row in rows),
                paid=SignedMoney(sum(row.amount for row in rows)),
            )
        )
    return Cohort(month=month, customers=size, months=months)


def _parts(rows: Iterable[Ending], cut: PlanCut, rates: Mapping[str, float]) -> dict[str, ForecastPart]:
    counts: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for row in rows:
        if row.cut == cut:
            counts[row.key][row.operator] += row.plans
    return {
        key: ForecastPart(
            key=key, ending=sum(by_operator.values()), expected_renewals=_expected(by_operator, rates)
        )
        for key, by_operator in counts.items()
    }


def _expected(by_operator: Mapping[str, int], rates: Mapping[str, float]) -> int | None:
    if any(operator not in rates for operator in by_operator):
        return None
    return round(sum(plans * rates[operator] for operator, plans in by_operator.items()))


def _day(day: date, part: ForecastPart) -> ForecastDay:
    return ForecastDay(day=day, ending=part.ending, expected_renewals=part.expected_renewals)


def _most_first(part: ForecastPart) -> tuple[int, str]:
    return -part.ending, part.key


def _percent(part: int, whole: int) -> float:
    return round(part * 100 / whole, 2) if whole else 0.0
