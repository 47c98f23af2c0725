"""`/recharge/plans/queue`, `/recharge/{recharge_id}/cancel`, `/start`: plans that wait for their turn."""

from __future__ import annotations

from typing import Annotated, Final
from uuid import UUID

from fastapi import Query, Request
from fastapi.responses import Response

from gencharge.core.errors import (
    DatabaseUnavailable,
    IdempotencyKeyRequired,
    IdempotencyKeyReused,
    MalformedJson,
    ValidationFailed,
)
from gencharge.core.http import idempotency, web
from gencharge.core.postgres.database import Db, ResourceLocked
from gencharge.recharge import queue_service as queue
from gencharge.recharge.errors import (
    PlanNotQueued,
    PlanNotReturnable,
    PlanQueueChanged,
    RechargeNotFound,
    RunningPlanEnds,
)
from gencharge.recharge.queue_schemas import CancelledPlanOut, OrderQueue, QueueOut, QueueQuery, StartPlan
from gencharge.recharge.schemas import BoughtPlanOut
from gencharge.sessions.guards import USER_ERRORS, SignedInUser

router = web.router("recharge")
_READING: Final = (ValidationFailed, DatabaseUnavailable, *USER_ERRORS)
_CHANGING: Final = (MalformedJson, ResourceLocked, *_READING)


@router.get("/plans/queue", summary="What waits on a number", responses=web.errors(*_READING))
async def get_queue(user: SignedInUser, db: Db, query: Annotated[QueueQuery, Query()]) -> QueueOut:
    """The queued plans of a number in the order in which they start: all on my own, what I bought on others."""
    return await queue.show(db, user.user_id, query.phone_number)


@router.put(
    "/plans/queue",
    summary="Change the order of a number's queued plans",
    responses=web.errors(PlanQueueChanged, *_CHANGING),
)
async def replace_queue(user: SignedInUser, db: Db, body: OrderQueue) -> QueueOut:
    """Say in which order the queued plans that I see start. When each one starts follows from those before it."""
    return await queue.set_order(db, user.user_id, body)


@router.post(
    "/{recharge_id}/cancel",
    summary="Cancel a queued plan",
    response_model=CancelledPlanOut,
    responses=web.errors(
        RechargeNotFound,
        PlanNotQueued,
        PlanNotReturnable,
        IdempotencyKeyRequired,
        IdempotencyKeyReused,
        *_CHANGING,
    ),
    openapi_extra=idempotency.DOCUMENTED,
)
async def cancel_plan(user: SignedInUser, request: Request, db: Db, recharge_id: UUID) -> Response:
    """Give a plan back that I bought and that has not started. Its price goes into my wallet, and what an offer gave goes back."""
    key = idempotency.key_of(request)
    return idempotency.reply(await queue.cancel(db, user.user_id, recharge_id, key=key), status=200)


@router.post(
    "/{recharge_id}/start",
    summary="Start a queued plan now",
    responses=web.errors(RechargeNotFound, PlanNotQueued, RunningPlanEnds, *_CHANGING),
)
async def start_plan(user: SignedInUser, db: Db, recharge_id: UUID, body: StartPlan) -> BoughtPlanOut:
    """Start a queued plan that I bought, or that is on my number. The plan that runs ends for it, if `replaced_recharge_id` names it."""
    return await queue.start(db, user.user_id, recharge_id, body)
