"""What the staff do with a pending recharge: end it if its operator does not say how it ended.

This moves money: it takes the locks that every end of a recharge takes, and has a reason that the audit trail keeps. An admin who is limited to some operators finds those operators' recharges only.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.channels import service as channels
from gencharge.channels.service import Answer, Channel, Verdict
from gencharge.core.events.events import changes, emit
from gencharge.core.settings import Settings
from gencharge.core.values import clock
from gencharge.core.wording import worded
from gencharge.delivery import crud
from gencharge.delivery import service as delivery
from gencharge.delivery.context_service import DeliveryContext
from gencharge.delivery.errors import RechargeNotPending, SecondAdminRequired, SubmissionUnanswered
from gencharge.delivery.events import RechargeResolutionRequested, RechargeResolved
from gencharge.delivery.models import ResolutionRequest
from gencharge.delivery.service import PATIENCE
from gencharge.delivery.staff_schemas import RechargeOutcome, ResolutionRequestedOut, ResolveRecharge
from gencharge.recharge import service as recharges
from gencharge.recharge.models import PaymentState, Recharge
from gencharge.recharge.service import StaffRechargeOut
from gencharge.sessions.guards import Principal

_PENDING: Final = {PaymentState.PROCESSING, PaymentState.UNKNOWN}
_PROOF: Final = {Verdict.DELIVERED, Verdict.REFUSED}
# How long a request waits for a second admin.
EXPIRES_AFTER: Final = timedelta(days=1)
# A reference, and what its operator answers about it.
Reply = tuple[str, Answer]


async def resolve(
    context: DeliveryContext, admin: Principal, user_id: UUID, recharge_id: UUID, command: ResolveRecharge
) -> StaffRechargeOut | ResolutionRequestedOut:
    """End a pending recharge as delivered or as failed. Before it fails, the operator that has it is asked; its answer wins.

    Without an answer, a recharge above RESOLVE_ALONE_LIMIT takes two admins: the first one's request is what is returned.
    Raises RechargeNotFound, RechargeNotPending, SecondAdminRequired, and SubmissionUnanswered if it is to fail while an operator
    that has it may well deliver it: its money would be given back for a plan that runs.
    """
    fails = command.outcome is RechargeOutcome.FAILED
    reply = await _ask_operator(context, admin, user_id, recharge_id) if fails else None
    ended = await context.database.run(
        lambda db: _end(db, context.settings, admin, user_id, recharge_id, command, reply)
    )
    if isinstance(ended, PaymentState):
        raise RechargeNotPending(
            worded(
                "Its operator was asked and says how it ended: this recharge is {ended}. Nothing else was done.",
                ended=ended,
            )
        )
    return ended


async def _ask_operator(
    context: DeliveryContext, admin: Principal, user_id: UUID, recharge_id: UUID
) -> Reply | None:
    """What the operator says that has the recharge, and about which reference; None if none has it."""

    async def find(db: AsyncSession) -> tuple[Channel, str] | None:
        recharge = await recharges.get_in_scope(db, admin, user_id, recharge_id)
        attempts = await channels.list_attempts(db, user_id, recharge_id)
        unanswered = [attempt for attempt in attempts if attempt.outcome is None]
        if recharge.status not in _PENDING or not unanswered:
            return None
        channel = (await channels.load_channels(db)).get(unanswered[-1].channel)
        assert channel is not None, "a channel that was used is never deleted"
        return channel, unanswered[-1].reference

    pending = await context.database.run(find)
    if pending is None:
        return None
    channel, reference = pending
    return reference, await context.operators.status(channel, reference)


async def _end(
    db: AsyncSession,
    settings: Settings,
    admin: Principal,
    user_id: UUID,
    recharge_id: UUID,
    command: ResolveRecharge,
    reply: Reply | None,
) -> StaffRechargeOut | ResolutionRequestedOut | PaymentState:
    """How it ended, the request for a second admin, or the state in which the operator's answer left it."""
    recharge = await recharges.get_in_scope(db, admin, user_id, recharge_id)
    await recharges.lock(db, user_id, recharge_id)
    await db.refresh(recharge)
    before = recharge.status
    if before not in _PENDING:
        raise RechargeNotPending(worded("This recharge is no longer pending: it is {before}.", before=before))
    if reply is not None and reply[1].verdict in _PROOF:
        await delivery.apply_answer(db, *reply)
        await db.refresh(recharge)
    if recharge.status == PaymentState.DELIVERED:
        return PaymentState.DELIVERED
    if command.outcome is RechargeOutcome.DELIVERED:
        await _deliver(db, recharge, command.operator_reference)
    elif recharge.status in _PENDING:  # a refusal by the last channel has ended it
        requested = await _fail(db, settings, admin, recharge, command)
        if requested is not None:
            return requested
    await crud.delete_resolution_request(db, user_id, recharge_id)
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


async def _deliver(db: AsyncSession, recharge: Recharge, operator_reference: str | None) -> None:
    fulfilment = await channels.lock_fulfilment(db, recharge.user_id, recharge.id)
    channel = (await channels.load_channels(db)).get(fulfilment.channel)
    await recharges.deliver(
        db,
        recharge.user_id,
        recharge.id,
        operator_reference=operator_reference,
        channel=fulfilment.channel or "",
        commission=channel.commission_of(fulfilment.amount) if channel else 0,
    )


async def _fail(
    db: AsyncSession, settings: Settings, admin: Principal, recharge: Recharge, command: ResolveRecharge
) -> ResolutionRequestedOut | None:
    """Give the money back, or return the request that waits for a second admin."""
    await _refuse_while_young(db, recharge.user_id, recharge.id)
    attempts = await channels.list_attempts(db, recharge.user_id, recharge.id)
    is_unanswered = any(attempt.outcome is None for attempt in attempts)
    if is_unanswered and recharge.price > settings.resolve_alone_limit * 100:
        requested = await _request(db, admin, recharge, command)
        if requested is not None:
            return requested
    await recharges.fail(db, recharge.user_id, recharge.id, reason="resolved_by_staff")
    return None


async def _request(
    db: AsyncSession, admin: Principal, recharge: Recharge, command: ResolveRecharge
) -> ResolutionRequestedOut | None:
    """Write the first admin's request down; None if another admin had asked for it. Raises SecondAdminRequired."""
    now = clock.now()
    earlier = await crud.get_resolution_request(db, recharge.user_id, recharge.id)
    if earlier is not None and earlier.expires_at > now:
        if earlier.requested_by == admin.user_id:
            raise SecondAdminRequired
        return None
    await crud.delete_resolution_request(db, recharge.user_id, recharge.id)
    request = ResolutionRequest(
        user_id=recharge.user_id,
        recharge_id=recharge.id,
        requested_by=admin.user_id,
        reason=command.reason,
        requested_at=now,
        expires_at=now + EXPIRES_AFTER,
    )
    db.add(request)
    await db.flush()
    requested = RechargeResolutionRequested(
        user_id=str(recharge.user_id),
        recharge_id=str(recharge.id),
        operator=recharge.operator,
        plan_name=recharge.plan_name,
        amount_paise=recharge.price,
        reason=command.reason,
    )
    await emit(db, requested)
    return ResolutionRequestedOut(
        user_id=recharge.user_id,
        recharge_id=recharge.id,
        outcome=command.outcome,
        requested_by=admin.user_id,
        requested_at=now,
        expires_at=request.expires_at,
    )


async def _refuse_while_young(db: AsyncSession, user_id: UUID, recharge_id: UUID) -> None:
    now = clock.now()
    for attempt in await channels.list_attempts(db, user_id, recharge_id):
        asked_until = attempt.started_at + PATIENCE
        if attempt.outcome is None and now < asked_until:
            local = asked_until.astimezone(clock.IST)
            raise SubmissionUnanswered(
                worded(
                    "{channel} has this recharge since {since:%H:%M:%S} and has not said how it ended. It is being asked. If it does not answer, refund the recharge after {until:%H:%M:%S}.",
                    channel=attempt.channel,
                    since=attempt.started_at.astimezone(clock.IST),
                    until=local,
                )
            )
