"""The figures of an area, put together for the staff."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, true
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.analytics import area_crud as crud
from gencharge.analytics import channels_crud, delivery_times, figures_crud, periods
from gencharge.analytics.area_crud import AreaRow
from gencharge.analytics.area_schemas import AreaGrowth, AreaPart, AreaStep, models_of, type_of
from gencharge.analytics.areas import ALL, NOW, OPERATOR, Area
from gencharge.analytics.models import WAITS
from gencharge.analytics.periods import Period
from gencharge.analytics.staff_schemas import FiguresQuery, PeriodQuery
from gencharge.core.http.web import Out
from gencharge.core.values import clock
from gencharge.core.values.money import SignedMoney
from gencharge.sessions.guards import Principal

_TEN: Final = 10
_MONTHS: Final = 12
_WEEK: Final = 7
_MONTH: Final = 30
_ORDER: Final = {key: place for place, key in enumerate((*(str(bound) for bound in WAITS), "more"))}
# Their parts stand in the order of their keys.
_BY_KEY: Final = ("hour", "wait")
# How often and for how much, by fact.
Sums = dict[str, tuple[int, int]]


async def etag(db: AsyncSession, admin: Principal, area: Area, query: PeriodQuery) -> str:
    """Changes with the answer to this query: when something was counted, when a day ends, for another query or scope."""
    today = _today()
    stamp = await crud.stamp(db, area)
    if area.recharge_facts:
        scope = _scope(_operators(admin, query))
        stamp += await figures_crud.stamp(db, scope, _since(today, query.days()))
    text = f"{area.name}|{today}|{query.model_dump_json()}|{sorted(admin.operator_scope or ())}|{stamp}"
    return hashlib.sha256(text.encode()).hexdigest()[:32]


async def show(db: AsyncSession, admin: Principal, area: Area, query: PeriodQuery) -> Out:
    """The figures of an area, of the operators that the admin sees."""
    now, today, asked = clock.now(), _today(), query.days()
    operators = _operators(admin, query)
    days = await crud.list_days(db, area, operators, _since(today, asked), max(today, asked.last), now)
    keys = await crud.list_keys(db, area, operators, asked.first, asked.last, now)
    models = models_of(area)
    count = await crud.get_count(db, area) if area.is_kept else (now, now)
    top = {cut: _parts(area, cut, keys)[:_TEN] for cut in area.tops}
    answer: dict[str, Any] = {
        "counted_at": None if count is None else count[0],
        "first_day": asked.first,
        "last_day": asked.last,
        "totals": models["facts"](**_facts(area, _sum(days, asked))),
        "periods": models["periods"](
            **{
                name: models["facts"](**_facts(area, _sum(days, period)))
                for name, period in periods.standard(today).items()
            }
        ),
        "daily": _daily(area, models["day"], days, asked),
        "monthly": _monthly(area, models["month"], days, today),
        "growth": AreaGrowth(
            week_over_week_percent=_growth(area, days, periods.last_days(today, _WEEK)),
            month_over_month_percent=_growth(area, days, periods.last_days(today, _MONTH)),
        ),
        "distributions": models["distributions"](
            **{cut: _parts(area, cut, keys) for cut in (*_by_operator(area), *area.cuts)}
        ),
        "top": models["top"](**await _named(db, top)),
    }
    if area.state is not None:
        state = [row for row in keys if row.fact == NOW]
        answer["now"] = _state(area, models["now"], state) if state else None
    if area.steps:
        answer["steps"] = _steps(area, _sum(days, asked))
    if area.has_channels:
        rows = await channels_crud.list_channels(db, _scope(operators), asked.first, asked.last)
        answer["operators"] = delivery_times.of_operators(rows)
        answer["channels"] = delivery_times.of_channels(rows)
    figures: Out = models["figures"](**answer)
    return figures


def _today() -> date:
    return clock.now().astimezone(clock.IST).date()


def _operators(admin: Principal, query: PeriodQuery) -> list[str] | None:
    """Those that the figures are about; None: all."""
    own = admin.operator_scope
    asked = query.operator.upper() if isinstance(query, FiguresQuery) and query.operator else None
    if asked is None:
        return sorted(own) if own else None
    return [asked] if not own or asked in own else []


def _scope(operators: Sequence[str] | None) -> figures_crud.Scope:
    def scope(operator: ColumnElement[str]) -> ColumnElement[bool]:
        return true() if operators is None else operator.in_(operators)

    return scope


def _since(today: date, asked: Period) -> date:
    """The first day that anything in the answer is about."""
    year = periods.months_before(today.replace(day=1), _MONTHS)
    return min(asked.first, year, periods.last_days(today, _MONTH).before().first)


def _add(rows: Iterable[AreaRow]) -> Sums:
    counts, amounts = Counter[str](), Counter[str]()
    for row in rows:
        counts[row.fact] += row.count
        amounts[row.fact] += row.amount
    return {fact: (counts[fact], amounts[fact]) for fact in counts}


def _sum(days: Iterable[AreaRow], period: Period) -> Sums:
    return _add(row for row in days if row.day is not None and row.day in period)


def _facts(area: Area, sums: Sums) -> dict[str, Any]:
    facts = dict[str, Any]()
    for fact in area.facts:
        count, amount = sums.get(fact.name, (0, 0))
        money = {} if fact.amount is None else {"amount": SignedMoney(amount)}
        facts[fact.name] = type_of(fact)(count=count, **money)
    return facts


def _daily(area: Area, model: Any, days: Iterable[AreaRow], asked: Period) -> list[Any]:
    rows: dict[date, list[AreaRow]] = {day: [] for day in asked}
    for row in days:
        if row.day in rows:
            rows[row.day].append(row)
    return [model(day=day, **_facts(area, _add(part))) for day, part in rows.items()]


def _monthly(area: Area, model: Any, days: Iterable[AreaRow], today: date) -> list[Any]:
    firsts = [periods.months_before(today.replace(day=1), number) for number in range(_MONTHS, -1, -1)]
    rows: dict[str, list[AreaRow]] = {f"{first:%Y-%m}": [] for first in firsts}
    for row in days:
        if (month := f"{row.day:%Y-%m}") in rows:
            rows[month].append(row)
    return [model(month=month, **_facts(area, _add(part))) for month, part in rows.items()]


def _growth(area: Area, days: Sequence[AreaRow], period: Period) -> float | None:
    now, before = (_sum(days, part).get(area.main, (0, 0))[0] for part in (period, period.before()))
    return periods.growth(now, before)


def _steps(area: Area, sums: Sums) -> list[AreaStep]:
    counts = [sums.get(step, (0, 0))[0] for step in area.steps]
    return [
        AreaStep(
            step=step,
            count=count,
            percent_of_first=_percent(count, counts[0]),
            percent_of_previous=_percent(count, counts[place - 1]) if place else None,
        )
        for place, (step, count) in enumerate(zip(area.steps, counts, strict=True))
    ]


def _percent(part: int, whole: int) -> float | None:
    return round(part * 100 / whole, 2) if whole else None


def _by_operator(area: Area) -> tuple[str, ...]:
    return (OPERATOR,) if area.is_scoped else ()


def _parts(area: Area, cut: str, rows: Iterable[AreaRow]) -> list[AreaPart]:
    names = area.cut_facts.get(cut, (area.main,))
    has_money = any(fact.amount is not None for fact in area.facts if fact.name in names)
    sums = dict[str, tuple[int, int]]()
    for row in rows:
        if row.cut == cut and row.fact in names:
            count, amount = sums.get(row.key, (0, 0))
            sums[row.key] = count + row.count, amount + row.amount
    return _shares(cut, sums, has_money=has_money)


def _shares(cut: str, sums: dict[str, tuple[int, int]], *, has_money: bool) -> list[AreaPart]:
    whole = sum(count for count, _ in sums.values())
    parts = [
        AreaPart(
            key=key,
            count=count,
            percent=round(count * 100 / whole, 2),
            amount=SignedMoney(amount) if has_money else None,
        )
        for key, (count, amount) in sums.items()
        if count
    ]
    if cut in _BY_KEY:
        return sorted(parts, key=lambda part: (_ORDER.get(part.key, len(_ORDER)), part.key))
    return sorted(parts, key=lambda part: (-part.count, part.key))


def _state(area: Area, model: Any, rows: Sequence[AreaRow]) -> Any:
    shares = dict[str, list[AreaPart]]()
    for cut in (*_by_operator(area), *area.state_cuts):
        sums = {row.key: (row.count, 0) for row in rows if row.cut == cut}
        shares[cut] = _shares(cut, sums, has_money=False)
    return model(total=sum(row.count for row in rows if row.cut == ALL), **shares)


async def _named(db: AsyncSession, tops: dict[str, list[AreaPart]]) -> dict[str, list[AreaPart]]:
    read = {"plans": figures_crud.plan_names, "offers": figures_crud.offer_names}
    named = dict[str, list[AreaPart]]()
    for cut, parts in tops.items():
        names = await read[cut](db, [UUID(part.key) for part in parts])
        named[cut] = [part.model_copy(update={"name": names.get(part.key)}) for part in parts]
    return named
