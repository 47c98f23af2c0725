"""What a customer spent, put together."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.analytics import periods, spending_crud
from gencharge.analytics.schemas import (
    MonthSpending,
    NumberSpending,
    PartSpending,
    PlanSpending,
    SpendingOut,
    SpendingSum,
    YearSpending,
)
from gencharge.analytics.spending_crud import Spending
from gencharge.core.values import clock
from gencharge.core.values.money import SignedMoney

_MONTHS: Final = 12
_TEN: Final = 10


async def show(db: AsyncSession, user_id: UUID) -> SpendingOut:
    """A customer's spending on recharges."""
    today = clock.now().astimezone(clock.IST).date()
    rows = await spending_crud.list_spending(db, user_id)
    numbers, plans = (
        _by(rows, lambda row: row.phone_number),
        _by((row for row in rows if row.plan_id is not None), lambda row: str(row.plan_id)),
    )
    return SpendingOut(
        total=_sum(rows),
        this_month=_sum(row for row in rows if row.month == f"{today:%Y-%m}"),
        monthly=_monthly(rows, today),
        yearly=[
            YearSpending(year=int(year), **_sum(part).model_dump())
            for year, part in sorted(_by(rows, lambda row: row.month[:4]).items(), reverse=True)
        ],
        numbers=[
            NumberSpending(phone_number=number, **_sum(part).model_dump())
            for number, part in _largest(numbers)
        ],
        plans=[
            PlanSpending(
                plan_id=UUID(plan_id),
                name=max(part, key=lambda row: row.month).plan_name,
                **_sum(part).model_dump(),
            )
            for plan_id, part in _largest(plans)
        ],
        operators=_parts(rows, lambda row: row.operator),
        payment_methods=_parts(rows, lambda row: row.payment_method),
    )


def _sum(rows: Iterable[Spending]) -> SpendingSum:
    recharges, paid, saved = 0, 0, 0
    for row in rows:
        recharges, paid, saved = recharges + row.recharges, paid + row.paid, saved + row.saved
    return SpendingSum(recharges=recharges, paid=SignedMoney(paid), saved=SignedMoney(saved))


def _by(rows: Iterable[Spending], key: Callable[[Spending], str]) -> dict[str, list[Spending]]:
    groups = dict[str, list[Spending]]()
    for row in rows:
        groups.setdefault(key(row), []).append(row)
    return groups


def _largest(groups: dict[str, list[Spending]]) -> list[tuple[str, list[Spending]]]:
    """The ten with most recharges."""
    return sorted(groups.items(), key=lambda group: (-sum(row.recharges for row in group[1]), group[0]))[
        :_TEN
    ]


def _parts(rows: list[Spending], key: Callable[[Spending], str]) -> list[PartSpending]:
    return [PartSpending(key=name, **_sum(part).model_dump()) for name, part in _largest(_by(rows, key))]


def _monthly(rows: list[Spending], today: date) -> list[MonthSpending]:
    groups = _by(rows, lambda row: row.month)
    months = [
        f"{periods.months_before(today.replace(day=1), number):%Y-%m}"
        for number in range(_MONTHS - 1, -1, -1)
    ]
    return [MonthSpending(month=month, **_sum(groups.get(month, [])).model_dump()) for month in months]
