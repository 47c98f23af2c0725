"""What the staff do with a pending recharge: end it if its operator does not say how it ended.

This moves money: it takes the locks that every end of a recharge takes, and has a reason that the audit trail keeps. An admin who is limited to some operators finds those operators' recharges only.
"""

from __future__ import annotations

from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.channels import service as channels
from gencharge.core.events.events import changes, emit
from gencharge.core.values import clock
from gencharge.delivery.errors import RechargeNotPending, SubmissionUnanswered
from gencharge.delivery.events import RechargeResolved
from gencharge.delivery.service import PATIENCE
from gencharge.delivery.staff_schemas import RechargeOutcome, ResolveRecharge
from gencharge.recharge import service as recharges
from gencharge.recharge.models import PaymentState
from gencharge.recharge.service import StaffRechargeOut
from gencharge.sessions.guards import Principal

_PENDING: Final = {PaymentState.PROCESSING, PaymentState.UNKNOWN}


async def resolve(
    db: AsyncSession, admin: Principal, user_id: UUID, recharge_id: UUID, command: ResolveRecharge
) -> StaffRechargeOut:
    """End a pending recharge as delivered or as failed.

    Raises RechargeNotFound, RechargeNotPending, and SubmissionUnanswered if it is to fail while an operator that has it
    may well deliver it: its money would be given back for a plan that runs.
    """
    recharge = await recharges.get_in_scope(db, admin, user_id, recharge_id)
    await recharges.lock(db, user_id, recharge_id)
    await db.refresh(recharge)
    before = recharge.status
    if before not in _PENDING:
        raise RechargeNotPending(f"This recharge is no longer pending: it is {before}.")
    if command.outcome is RechargeOutcome.DELIVERED:
        fulfilment = await channels.lock_fulfilment(db, user_id, recharge_id)
        channel = (await channels.load_channels(db)).get(fulfilment.channel)
        await recharges.deliver(
            db,
            user_id,
            recharge_id,
            operator_reference=command.operator_reference,
            channel=fulfilment.channel or "",
            commission=channel.commission_of(fulfilment.amount) if channel else 0,
        )
    else:
        await _refuse_while_young(db, user_id, recharge_id)
        await recharges.fail(db, user_id, recharge_id, reason="resolved_by_staff")
    await db.refresh(recharge)
    resolved = RechargeResolved(
        user_id=str(user_id),
        recharge_id=str(recharge_id),
        operator=recharge.operator,
        reason=command.reason,
        changes=changes({"status": before}, {"status": recharge.status}),
    )
    await emit(db, resolved)
    return (await recharges.show_to_staff(db, [recharge], clock.now()))[0]


async def _refuse_while_young(db: AsyncSession, user_id: UUID, recharge_id: UUID) -> None:
    now = clock.now()
    for attempt in await channels.list_attempts(db, user_id, recharge_id):
        asked_until = attempt.started_at + PATIENCE
        if attempt.outcome is None and now < asked_until:
            local = asked_until.astimezone(clock.IST)
            raise SubmissionUnanswered(
                f"{attempt.channel} has this recharge since {attempt.started_at.astimezone(clock.IST):%H:%M:%S} and has not"
                f" said how it ended. It is being asked. If it does not answer, refund the recharge after {local:%H:%M:%S}."
            )
