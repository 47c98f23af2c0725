"""Reminders that a plan ends: three days before, and one day before, each once."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.core.events.events import emit
from gencharge.core.values import clock
from gencharge.recharge import reminder_crud as crud
from gencharge.recharge.events import PlanEnding

STAGES: Final = (3, 1)
_DAY: Final = timedelta(days=1)


async def remind(db: AsyncSession, days: int, *, limit: int) -> int:
    """Announce the plans that end within `days` and were not announced yet; how many. Fewer than `limit`: those are all.

    Which ones were is one instant, the mark: it moves in the transaction of the announcements. So each plan is announced once for
    each stage, also by two workers at once and after a pause of the job; a plan that has come to its next stage by then is left to it.
    """
    now = clock.now()
    until = now + days * _DAY
    mark = await crud.lock_mark(db, days, until - _DAY)
    next_stage = max((stage for stage in STAGES if stage < days), default=0)
    plans = await crud.list_ending(
        db,
        after=max(mark, now + next_stage * _DAY),
        until=until,
        shortest=(days + 1) * _DAY,
        limit=limit,
    )
    reached = plans[-1].valid_until if len(plans) >= limit else until
    if reached > mark:
        await crud.set_mark(db, days, reached)
    await emit(
        db,
        *(
            PlanEnding(
                user_id=str(plan.user_id),
                recharge_id=str(plan.recharge_id),
                phone_number=plan.phone_number,
                plan_name=plan.plan_name,
                valid_until=plan.valid_until.isoformat(),
                days=days,
            )
            for plan in plans
        ),
    )
    return len(plans)
