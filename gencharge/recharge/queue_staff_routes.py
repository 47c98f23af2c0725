"""`/recharge/admin/plans/queue`, `/recharge/admin/.../start`: the queue of any number (staff).

A queued plan is cancelled by refunding its recharge in full (`/refund`), with the second admin that a large sum takes.
"""

from __future__ import annotations

from typing import Annotated, Final
from uuid import UUID

from fastapi import Depends, Query

from gencharge.core.errors import DatabaseUnavailable, MalformedJson, ValidationFailed
from gencharge.core.http import web
from gencharge.core.postgres.database import Db, ResourceLocked
from gencharge.recharge import queue_service as queue
from gencharge.recharge.errors import PlanNotQueued, PlanQueueChanged, RechargeNotFound, RunningPlanEnds
from gencharge.recharge.queue_schemas import QueueOut, QueueQuery, StaffOrderQueue, StaffStartPlan
from gencharge.recharge.staff_schemas import StaffRechargeOut
from gencharge.sessions.errors import StepUpRequired
from gencharge.sessions.guards import SCOPED_ERRORS, Action, Principal, Requires, Resource

router = web.router("recharge")
Reader = Annotated[Principal, Depends(Requires(Resource.RECHARGE, Action.READ, scoped=True))]
Editor = Annotated[Principal, Depends(Requires(Resource.RECHARGE, Action.EDIT, scoped=True, step_up=True))]
_READING: Final = (ValidationFailed, DatabaseUnavailable, *SCOPED_ERRORS)
_CHANGING: Final = (MalformedJson, StepUpRequired, ResourceLocked, *_READING)


@router.get("/admin/plans/queue", summary="What waits on a number (staff)", responses=web.errors(*_READING))
async def staff_get_queue(admin: Reader, db: Db, query: Annotated[QueueQuery, Query()]) -> QueueOut:
    """The queued plans of a number in the order in which they start."""
    return await queue.show_to_staff(db, admin, query.phone_number)


@router.put(
    "/admin/plans/queue",
    summary="Change the order of a number's queued plans (staff)",
    responses=web.errors(PlanQueueChanged, *_CHANGING),
)
async def staff_replace_queue(admin: Editor, db: Db, body: StaffOrderQueue) -> QueueOut:
    """Say in which order all queued plans of a number start. Needs step-up."""
    return await queue.set_order_for_customer(db, admin, body)


@router.post(
    "/admin/{user_id}/{recharge_id}/start",
    summary="Start a queued plan now (staff)",
    responses=web.errors(RechargeNotFound, PlanNotQueued, RunningPlanEnds, *_CHANGING),
)
async def staff_start_plan(
    admin: Editor, db: Db, user_id: UUID, recharge_id: UUID, body: StaffStartPlan
) -> StaffRechargeOut:
    """Start a customer's queued plan now. The plan that runs ends for it, if `replaced_recharge_id` names it. Needs step-up."""
    return await queue.start_for_customer(db, admin, user_id, recharge_id, body)
