"""The queue of a number's plans: what waits, and how its customer cancels it, starts it now or changes the order.

Who bought a plan may do all three. The owner of the number, for whom somebody else may have bought it, may start it and change
the order, but the money is not theirs. Every change holds the number's line, as the worker does that starts what is due, so
of two at once the second one finds what the first one did.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.core.errors import IdempotencyKeyReused
from gencharge.core.events import events
from gencharge.core.http.idempotency import Answered, fingerprint
from gencharge.core.values import clock
from gencharge.core.values.ids import new_id
from gencharge.core.values.money import Money
from gencharge.core.wording import worded
from gencharge.recharge import lifecycle_crud, queue_crud, refund_crud, service, views
from gencharge.recharge.errors import (
    PlanNotQueued,
    PlanNotReturnable,
    PlanQueueChanged,
    RechargeNotFound,
    RunningPlanEnds,
)
from gencharge.recharge.events import QUEUED_PLAN_CANCELLED
from gencharge.recharge.models import ActivePlan, RechargeRefund
from gencharge.recharge.queue_crud import Running, Waiting
from gencharge.recharge.queue_models import CancelOutcome, StartOutcome
from gencharge.recharge.queue_schemas import (
    CancelledPlanOut,
    OrderQueue,
    QueuedPlanOut,
    QueueOut,
    StaffOrderQueue,
    StaffStartPlan,
    StartPlan,
)
from gencharge.recharge.schemas import BoughtPlanOut
from gencharge.recharge.staff_schemas import StaffRechargeOut
from gencharge.sessions.guards import Principal
from gencharge.users import service as users

# Whether a plan may be shown to who asks.
_Sees = Callable[[Waiting | Running], bool]


async def show(db: AsyncSession, user_id: UUID, phone_number: str) -> QueueOut:
    """What waits on a number: everything if it is the customer's own, otherwise what they bought for it."""
    await _advance(db, phone_number)
    own_number = (await users.get(db, user_id)).phone_number
    return await _queue(db, phone_number, lambda row: row.user_id == user_id or phone_number == own_number)


async def cancel(
    db: AsyncSession, user_id: UUID, recharge_id: UUID, *, key: str
) -> Answered[CancelledPlanOut]:
    """Give a plan back that has not started: what is left of its price goes into the wallet. Once for each key.

    Raises RechargeNotFound, also for a plan that somebody else bought, PlanNotQueued, PlanNotReturnable, IdempotencyKeyReused.
    """
    # A key of the staff's refunds could be the same: both are kept in one table.
    key, request_hash = f"cancel:{key}", fingerprint({}, recharge_id)
    recharge = await service.get(db, user_id, recharge_id)
    await lifecycle_crud.lock_recharge(db, user_id, recharge_id)
    earlier = await refund_crud.find_refund_by_key(db, user_id, key)
    if earlier is not None:
        if earlier.request_hash != request_hash:
            raise IdempotencyKeyReused
        return Answered(_cancelled_to_out(earlier), replayed=True)
    if recharge.channel is not None:
        # Delivered over the operator's API: the money is the operator's, and no API that we speak gives it back (decision 0061).
        raise PlanNotReturnable
    refund_id = new_id()
    outcome, amount = await queue_crud.cancel(
        db,
        user_id,
        recharge_id,
        refund_id=refund_id,
        reason=QUEUED_PLAN_CANCELLED,
        context=events.context_json(),
    )
    if outcome is not CancelOutcome.CANCELLED:
        raise await _not_queued(db, recharge.phone_number, recharge_id)
    row = await refund_crud.add_refund(
        db,
        user_id=user_id,
        refund_id=refund_id,
        recharge_id=recharge_id,
        amount=amount,
        reason=QUEUED_PLAN_CANCELLED,
        requested_by=user_id,
        key=key,
        request_hash=request_hash,
    )
    return Answered(_cancelled_to_out(row))


async def start(db: AsyncSession, user_id: UUID, recharge_id: UUID, command: StartPlan) -> BoughtPlanOut:
    """Start a queued plan now. One that runs already is left as it is.

    Raises RechargeNotFound, PlanNotQueued, RunningPlanEnds.
    """
    own_number = (await users.get(db, user_id)).phone_number
    plan = await queue_crud.get_plan(db, own_number, recharge_id)
    if plan is None:
        # Not on their own number: then they must have bought it.
        recharge = await service.get(db, user_id, recharge_id)
        plan = await queue_crud.get_plan(db, recharge.phone_number, recharge_id)
    if plan is None:
        raise RechargeNotFound
    phone_number = plan.phone_number
    plan = await _start(
        db,
        phone_number,
        recharge_id,
        replaces=command.replaced_recharge_id,
        reason=None,
        sees=lambda running: phone_number == own_number or running.user_id == user_id,
    )
    return views.plan_out(plan, clock.now())


async def set_order(db: AsyncSession, user_id: UUID, command: OrderQueue) -> QueueOut:
    """Change the order in which a number's plans start. Raises PlanQueueChanged if these are not the plans that wait."""
    own_number = (await users.get(db, user_id)).phone_number
    owns = command.phone_number == own_number
    await _set_order(db, command, user_id=user_id, owns=owns, reason=None)
    return await _queue(db, command.phone_number, lambda row: owns or row.user_id == user_id)


async def show_to_staff(db: AsyncSession, admin: Principal, phone_number: str) -> QueueOut:
    """What waits on any number, as far as the admin's operators go. Writes nothing."""
    return await _queue(db, phone_number, lambda row: admin.sees(row.operator))


async def start_for_customer(
    db: AsyncSession, admin: Principal, user_id: UUID, recharge_id: UUID, command: StaffStartPlan
) -> StaffRechargeOut:
    """Start a customer's queued plan now. Raises RechargeNotFound, PlanNotQueued, RunningPlanEnds."""
    recharge = await service.get_in_scope(db, admin, user_id, recharge_id)
    await _start(
        db,
        recharge.phone_number,
        recharge_id,
        replaces=command.replaced_recharge_id,
        reason=command.reason,
        sees=lambda running: True,
    )
    return (await service.show_to_staff(db, [recharge], clock.now()))[0]


async def set_order_for_customer(db: AsyncSession, admin: Principal, command: StaffOrderQueue) -> QueueOut:
    """Change the order of any number's queued plans. Raises PlanQueueChanged, also if one of them is out of the admin's scope."""
    queue = await queue_crud.list_queue(db, command.phone_number)
    if not queue or not all(admin.sees(row.operator) for row in queue):
        raise PlanQueueChanged
    await _set_order(db, command, user_id=queue[0].user_id, owns=True, reason=command.reason)
    return await _queue(db, command.phone_number, lambda row: True)


async def _start(
    db: AsyncSession,
    phone_number: str,
    recharge_id: UUID,
    *,
    replaces: UUID | None,
    reason: str | None,
    sees: _Sees,
) -> ActivePlan:
    outcome, running = await queue_crud.start(
        db, phone_number, recharge_id, replaces=replaces, reason=reason, context=events.context_json()
    )
    if outcome is StartOutcome.WOULD_REPLACE:
        raise _running_plan_ends(running if running is not None and sees(running) else None, running)
    if outcome in {StartOutcome.NOT_QUEUED, StartOutcome.NOT_FOUND}:
        raise await _not_queued(db, phone_number, recharge_id)
    plan = await queue_crud.get_plan(db, phone_number, recharge_id)
    assert plan is not None, "it was started"
    return plan


def _running_plan_ends(shown: Running | None, running: Running | None) -> RunningPlanEnds:
    """Says what would end; of a plan that others bought for others, its id only: what others have is not told."""
    if running is None:
        return RunningPlanEnds(
            worded("Nothing runs on this number now: leave `replaced_recharge_id` out."), running_plan=None
        )
    about: dict[str, Any] = {"recharge_id": running.recharge_id}
    if shown is not None:
        about |= {"plan_name": shown.plan_name, "valid_until": shown.valid_until}
    return RunningPlanEnds(running_plan=about)


async def _set_order(
    db: AsyncSession, command: OrderQueue, *, user_id: UUID, owns: bool, reason: str | None
) -> None:
    changed = len(set(command.recharge_ids)) == len(command.recharge_ids) and await queue_crud.set_order(
        db,
        command.phone_number,
        command.recharge_ids,
        user_id=user_id,
        owns=owns,
        reason=reason,
        context=events.context_json(),
    )
    if not changed:
        raise PlanQueueChanged


async def _advance(db: AsyncSession, phone_number: str) -> None:
    if await lifecycle_crud.list_ended(db, [phone_number]):
        await lifecycle_crud.advance_line(db, phone_number, events.context_json())


async def _queue(db: AsyncSession, phone_number: str, sees: _Sees) -> QueueOut:
    running = await queue_crud.find_running(db, phone_number)
    queue = await queue_crud.list_queue(db, phone_number)
    return QueueOut(
        phone_number=phone_number, plans=_to_out(queue, sees, all_before=running is None or sees(running))
    )


def _to_out(queue: Sequence[Waiting], sees: _Sees, *, all_before: bool) -> list[QueuedPlanOut]:
    """What is visible. When a plan starts is told as long as everything before it is visible, too."""
    items = []
    for row in queue:
        if not sees(row):
            all_before = False
            continue
        items.append(
            QueuedPlanOut(
                recharge_id=row.recharge_id,
                plan_id=row.plan_id,
                plan_name=row.plan_name,
                operator=row.operator,
                starts_at=row.starts_at if all_before else None,
                ends_at=row.ends_at if all_before else None,
            )
        )
    return items


async def _not_queued(db: AsyncSession, phone_number: str, recharge_id: UUID) -> PlanNotQueued:
    plan = await queue_crud.get_plan(db, phone_number, recharge_id)
    return PlanNotQueued(plan_status=None if plan is None else plan.status)


def _cancelled_to_out(row: RechargeRefund) -> CancelledPlanOut:
    return CancelledPlanOut(
        recharge_id=row.recharge_id,
        refund_id=row.refund_id,
        amount=Money(row.amount),
        cancelled_at=row.created_at,
    )
