"""The figures of an area, put together for the staff."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Final
from uuid import UUID

from sqlalchemy import ColumnElement, and_
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.analytics import figures_crud, periods
from gencharge.analytics.models import WAITS, Cut
from gencharge.analytics.periods import Period
from gencharge.analytics.staff_schemas import (
    FiguresQuery,
    RechargeCount,
    RechargeDay,
    RechargeDistributions,
    RechargeGrowth,
    RechargeMonth,
    RechargePeriods,
    RechargeTop,
    RechargeTotals,
    Slice,
    TransactionFigures,
)
from gencharge.core.values import clock
from gencharge.core.values.money import SignedMoney
from gencharge.sessions.guards import Principal, within

Measures = Counter[str]
_TEN: Final = 10
_MONTHS: Final = 12
_WEEK: Final = 7
_MONTH: Final = 30
# By how many recharges failed; all others by how many were delivered.
_BY_FAILURE: Final = (Cut.FAILURE,)
_IN_ORDER: Final = {
    Cut.HOUR: [f"{hour:02d}" for hour in range(24)],
    Cut.WAIT: [*(str(bound) for bound in WAITS), "more"],
}
_DISTRIBUTIONS: Final = (
    Cut.CIRCLE,
    Cut.PLAN_TYPE,
    Cut.CATEGORY,
    Cut.PAYMENT_METHOD,
    Cut.SOURCE,
    Cut.CHANNEL,
    Cut.HOUR,
    Cut.WAIT,
    Cut.FAILURE,
)


async def freeze(db: AsyncSession) -> None:
    """Let all figures of an answer, and its ETag, be those of one instant. Call it first."""
    await figures_crud.freeze(db)


async def etag(db: AsyncSession, admin: Principal, query: FiguresQuery) -> str:
    """Changes with the answer to this query: when something was counted, when a day ends, for another query or scope."""
    today = today_in_india()
    stamp = await figures_crud.stamp(db, scope_of(admin, query), since_for(today, query.days()))
    text = f"{today}|{query.model_dump_json()}|{sorted(admin.operator_scope or ())}|{stamp}"
    return hashlib.sha256(text.encode()).hexdigest()[:32]


async def transactions(db: AsyncSession, admin: Principal, query: FiguresQuery) -> TransactionFigures:
    """The figures of recharges, of the operators that the admin sees."""
    today, scope = today_in_india(), scope_of(admin, query)
    asked = query.days()
    rows = await figures_crud.list_days(db, scope, since_for(today, asked), max(today, asked.last))
    by_day = {day: Counter(measures) for day, measures in rows}
    parts: dict[Cut, dict[str, Measures]] = {cut: {} for cut in Cut}
    for cut, key, operator, measures in await figures_crud.list_keys(db, scope, asked.first, asked.last):
        # Of all recharges together the parts are those of the operators.
        parts[cut].setdefault(key or operator, Measures()).update(measures)
    slices = {cut: _slices(cut, parts[cut]) for cut in Cut}
    return TransactionFigures(
        counted_at=clock.now(),
        first_day=asked.first,
        last_day=asked.last,
        totals=_totals(sum_days(by_day, asked)),
        periods=RechargePeriods(
            **{name: _count(sum_days(by_day, period)) for name, period in periods.standard(today).items()}
        ),
        daily=[RechargeDay(day=day, **_count(by_day.get(day, Counter())).model_dump()) for day in asked],
        monthly=_months(by_day, today),
        growth=RechargeGrowth(
            week_over_week_percent=_growth(by_day, periods.last_days(today, _WEEK)),
            month_over_month_percent=_growth(by_day, periods.last_days(today, _MONTH)),
        ),
        distributions=RechargeDistributions(
            operator=slices[Cut.ALL], **{cut.value: slices[cut] for cut in _DISTRIBUTIONS}
        ),
        top=await _top(db, slices),
    )


def today_in_india() -> date:
    """The present day."""
    return clock.now().astimezone(clock.IST).date()


def scope_of(admin: Principal, query: FiguresQuery) -> figures_crud.Scope:
    """The operators that the admin sees, or the one of them that the query names."""

    def scope(operator: ColumnElement[str]) -> ColumnElement[bool]:
        own = within(admin, operator)
        return own if query.operator is None else and_(own, operator == query.operator.upper())

    return scope


def since_for(today: date, asked: Period) -> date:
    """The first day that anything in the answer is about."""
    year = periods.months_before(today.replace(day=1), _MONTHS)
    return min(asked.first, year, periods.last_days(today, _MONTH).before().first)


def sum_days(by_day: dict[date, Measures], period: Period) -> Measures:
    """All measures of a period."""
    total = Measures()
    for day, measures in by_day.items():
        if day in period:
            total.update(measures)
    return total


def _totals(sums: Measures) -> RechargeTotals:
    ended = sums["delivered"] + sums["failed"]
    cashback = sums["cashback"] - sums["refunded_cashback"]
    offer_cost = sums["delivered_discount"] - sums["refunded_discount"] + cashback
    commission = sums["commission"] - sums["refunded_commission"]
    return RechargeTotals(
        sold=sums["sold"],
        delivered=sums["delivered"],
        failed=sums["failed"],
        refunds=sums["refunds"],
        success_percent=round(sums["delivered"] * 100 / ended, 2) if ended else None,
        price=SignedMoney(sums["delivered_price"]),
        discount=SignedMoney(sums["delivered_discount"]),
        paid=SignedMoney(_paid(sums)),
        refunded=SignedMoney(sums["refunded"]),
        cashback=SignedMoney(cashback),
        commission=SignedMoney(commission),
        offer_cost=SignedMoney(offer_cost),
        net=SignedMoney(commission - offer_cost),
    )


def _paid(sums: Measures) -> int:
    return sums["delivered_price"] - sums["delivered_discount"]


def _count(sums: Measures) -> RechargeCount:
    return RechargeCount(delivered=sums["delivered"], failed=sums["failed"], paid=SignedMoney(_paid(sums)))


def _months(by_day: dict[date, Measures], today: date) -> list[RechargeMonth]:
    sums = dict[str, Measures]()
    for number in range(_MONTHS, -1, -1):
        first = periods.months_before(today.replace(day=1), number)
        sums[f"{first:%Y-%m}"] = Measures()
    for day, measures in by_day.items():
        if (month := f"{day:%Y-%m}") in sums:
            sums[month].update(measures)
    return [RechargeMonth(month=month, **_count(total).model_dump()) for month, total in sums.items()]


def _growth(by_day: dict[date, Measures], period: Period) -> float | None:
    return periods.growth(
        sum_days(by_day, period)["delivered"], sum_days(by_day, period.before())["delivered"]
    )


def _slices(cut: Cut, parts: dict[str, Measures]) -> list[Slice]:
    measure = "failed" if cut in _BY_FAILURE else "delivered"
    whole = sum(part[measure] for part in parts.values())
    slices = [
        Slice(
            key=key,
            count=part[measure],
            percent=round(part[measure] * 100 / whole, 2),
            paid=SignedMoney(0 if cut in _BY_FAILURE else _paid(part)),
        )
        for key, part in parts.items()
        if part[measure]
    ]
    if cut in _IN_ORDER:
        places = {key: place for place, key in enumerate(_IN_ORDER[cut])}
        # A key that an earlier release counted by comes last.
        return sorted(slices, key=lambda part: (places.get(part.key, len(places)), part.key))
    return sorted(slices, key=lambda part: (-part.count, part.key))


async def _top(db: AsyncSession, slices: Mapping[Cut, Sequence[Slice]]) -> RechargeTop:
    plans, offers = list(slices[Cut.PLAN][:_TEN]), list(slices[Cut.OFFER][:_TEN])
    plan_names = await figures_crud.plan_names(db, _ids(plans))
    offer_names = await figures_crud.offer_names(db, _ids(offers))
    return RechargeTop(
        plans=[part.model_copy(update={"name": plan_names.get(part.key)}) for part in plans],
        offers=[part.model_copy(update={"name": offer_names.get(part.key)}) for part in offers],
        circles=list(slices[Cut.CIRCLE][:_TEN]),
    )


def _ids(slices: Iterable[Slice]) -> list[UUID]:
    return [UUID(part.key) for part in slices]
