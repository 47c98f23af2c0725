"""The figures of the plans that run or wait now."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.analytics import figures_crud, plans_crud
from gencharge.analytics.models import ActivePlanFigures as Row
from gencharge.analytics.models import PlanCut
from gencharge.analytics.plans_crud import PlanCount
from gencharge.analytics.staff_schemas import (
    ActivePlanDistributions,
    ActivePlanFigures,
    ActivePlanTotals,
    EndingDay,
    PlanSlice,
)
from gencharge.core.values import clock
from gencharge.sessions.guards import Principal, within

_TEN: Final = 10
_DAYS: Final = 30


async def show(db: AsyncSession, admin: Principal) -> ActivePlanFigures:
    """The last count, of the operators that the admin sees."""
    counts = await plans_crud.list_counts(db, within(admin, Row.operator.expression))
    parts: dict[PlanCut, list[PlanCount]] = {cut: [] for cut in PlanCut}
    for count in counts:
        parts[count.cut].append(count)
    active = sum(count.active for count in parts[PlanCut.ALL])
    top = parts[PlanCut.PLAN][:_TEN]
    names = await figures_crud.plan_names(db, [UUID(count.key) for count in top])
    today = clock.now().astimezone(clock.IST).date()
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
    )


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
