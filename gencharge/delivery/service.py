"""A recharge over an operator's API: the intent is recorded before a call, the outcome after it.

    due -> submitting -> pending | unknown -> settled | failed

The intent is committed before the operator is called; the answer is applied in a transaction of its own. One function
applies the answers to submissions and to status questions, under the same locks. Only proof ends a recharge: DELIVERED
settles it, REFUSED lets the next channel try or refunds it. A callback only makes us ask the operator: callbacks come late,
twice, out of order and sometimes wrong, but the status question has one answer. A recharge that has ended does not change.
If the operator contradicts its outcome later, that is a dispute, and the staff are alerted.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.channels import service as channels
from gencharge.channels.models import AttemptOutcome, Fulfilment, FulfilmentState, OperatorAttempt
from gencharge.channels.service import Answer, Channel, ChannelsSnapshot, Task, Verdict
from gencharge.core import telemetry
from gencharge.core.events.events import emit
from gencharge.core.values import clock
from gencharge.delivery import clock_service, crud
from gencharge.delivery.events import CallbackContradicted, DeliveryDisputed, RechargeStuck
from gencharge.delivery.schemas import OperatorCallback
from gencharge.recharge import service as recharges
from gencharge.recharge.models import DeliverOutcome, FailOutcome, PaymentState

# A recharge that never reached an operator fails after this time. One that may have reached it is asked about for ever.
PATIENCE: Final = timedelta(minutes=15)
# How long a channel that could not be reached is left alone.
NOT_AGAIN_BEFORE: Final = timedelta(seconds=20)
_POSTPONE_SECONDS: Final = 5.0
# Outside the dispatcher: when to ask again if the answer says that the recharge is still pending.
_ASK_AGAIN_SECONDS: Final = [600.0]
log = telemetry.get_logger(__name__)
_PENDING: Final = {PaymentState.PROCESSING, PaymentState.UNKNOWN}


async def channels_tried(db: AsyncSession, task: Task) -> list[str]:
    """The channels that refused the recharge, and those that could not be reached a moment ago."""
    attempts = await channels.list_attempts(db, task.user_id, task.recharge_id)
    recently = clock.now() - NOT_AGAIN_BEFORE
    return [
        attempt.channel
        for attempt in attempts
        if attempt.outcome == "refused" or (attempt.ended_at is not None and attempt.ended_at > recently)
    ]


async def no_channel(db: AsyncSession, task: Task, snapshot: ChannelsSnapshot) -> None:
    """No channel can take the recharge now: postpone it, or fail it if all channels refused or it has waited too long."""
    refusals = [
        attempt
        for attempt in await channels.list_attempts(db, task.user_id, task.recharge_id)
        if attempt.outcome == "refused"
    ]
    left = _is_left(snapshot, task.operator, task.amount, refusals)
    if not left and refusals:
        await recharges.fail(db, task.user_id, task.recharge_id, reason=refusals[-1].reason or "refused")
    elif not left or clock.now() - task.created_at > PATIENCE:
        await recharges.fail(db, task.user_id, task.recharge_id, reason="operator_unreachable")
    else:
        await channels.postpone(
            db, task.user_id, task.recharge_id, seconds=_POSTPONE_SECONDS, state=FulfilmentState.DUE
        )


async def apply(
    db: AsyncSession,
    reference: str,
    answer: Answer,
    *,
    snapshot: ChannelsSnapshot,
    check_seconds: list[float],
) -> bool:
    """Apply an operator's answer about a reference. False if the reference is unknown.

    `check_seconds`: the pauses before the operator is asked again, the first one first.
    """
    known = await channels.find_reference(db, reference)
    if known is None:
        return False
    # The line's lock comes first, as everywhere else; what is read after it can't change.
    status = await recharges.lock(db, known.user_id, known.recharge_id)
    fulfilment = await channels.lock_fulfilment(db, known.user_id, known.recharge_id)
    attempt = await channels.get_attempt(db, known.user_id, known.recharge_id, known.attempt)
    if answer.reason == clock_service.CLOCK_IS_OFF:
        await clock_service.report(db, channel=attempt.channel, operator=fulfilment.operator)
    if answer.verdict is Verdict.DELIVERED:
        await _delivered(db, fulfilment, attempt, answer, snapshot.get(attempt.channel))
    elif attempt.outcome is None and answer.verdict in {Verdict.REFUSED, Verdict.NOT_SENT}:
        await _not_delivered(db, fulfilment, attempt, answer, snapshot)
    elif attempt.outcome is None and fulfilment.reference == reference and fulfilment.next_attempt_at:
        state = FulfilmentState.PENDING if answer.verdict is Verdict.ACCEPTED else FulfilmentState.UNKNOWN
        pause = check_seconds[min(fulfilment.asked, len(check_seconds) - 1)]
        await channels.postpone(
            db,
            known.user_id,
            known.recharge_id,
            seconds=pause,
            state=state,
            error=answer.reason,
            asked=True,
        )
        if status in _PENDING:
            shown = PaymentState.PROCESSING if state is FulfilmentState.PENDING else PaymentState.UNKNOWN
            await recharges.show_pending_as(db, known.user_id, known.recharge_id, shown)
    return True


async def _delivered(
    db: AsyncSession,
    fulfilment: Fulfilment,
    attempt: OperatorAttempt,
    answer: Answer,
    channel: Channel | None,
) -> None:
    announced = attempt.outcome == "delivered"
    channels.end_attempt(attempt, AttemptOutcome.DELIVERED, answer)
    outcome = await recharges.deliver(
        db,
        fulfilment.user_id,
        fulfilment.recharge_id,
        operator_reference=answer.operator_reference,
        channel=attempt.channel,
        commission=channel.commission_of(fulfilment.amount) if channel else 0,
    )
    twice = outcome is DeliverOutcome.ALREADY and attempt.reference != fulfilment.reference
    if (outcome is DeliverOutcome.ALREADY_FAILED or twice) and not announced:
        await emit(
            db,
            DeliveryDisputed(
                user_id=str(fulfilment.user_id),
                recharge_id=str(fulfilment.recharge_id),
                operator=fulfilment.operator,
                channel=attempt.channel,
                reference=attempt.reference,
                operator_reference=answer.operator_reference or "",
                amount_paise=fulfilment.amount,
            ),
        )


async def _not_delivered(
    db: AsyncSession,
    fulfilment: Fulfilment,
    attempt: OperatorAttempt,
    answer: Answer,
    snapshot: ChannelsSnapshot,
) -> None:
    """This attempt is proven not to have delivered: try the next channel, or refund the recharge."""
    refused = answer.verdict is Verdict.REFUSED
    channels.end_attempt(attempt, AttemptOutcome.REFUSED if refused else AttemptOutcome.NOT_SENT, answer)
    await db.flush()
    if fulfilment.reference != attempt.reference or not fulfilment.next_attempt_at:
        return  # another attempt is running, or the recharge has ended
    attempts = await channels.list_attempts(db, fulfilment.user_id, fulfilment.recharge_id)
    refusals = [each for each in attempts if each.outcome == "refused"]
    if refused and not _is_left(snapshot, fulfilment.operator, fulfilment.amount, refusals):
        await recharges.fail(
            db, fulfilment.user_id, fulfilment.recharge_id, reason=answer.reason or "refused"
        )
        return
    await channels.postpone(
        db,
        fulfilment.user_id,
        fulfilment.recharge_id,
        seconds=0,
        state=FulfilmentState.DUE,
        error=answer.reason,
    )


def _is_left(snapshot: ChannelsSnapshot, operator: str, amount: int, refusals: list[OperatorAttempt]) -> bool:
    """True if a channel could take the recharge that has not refused it."""
    refused = {attempt.channel for attempt in refusals}
    return any(
        channel.takes(operator, amount) and channel.code not in refused
        for channel in snapshot.channels.values()
    )


async def hint(db: AsyncSession, channel: str, callback: OperatorCallback) -> bool:
    """An operator's callback: make the recharge due for a status question now. False if this channel never used the reference.

    If the callback contradicts how the attempt ended, the staff are alerted, and nothing changes.
    """
    known = await channels.find_reference(db, callback.reference)
    if known is None:
        return False
    attempt = await channels.get_attempt(db, known.user_id, known.recharge_id, known.attempt)
    if attempt.channel != channel:
        return False
    if await channels.ask_now(db, known.user_id, known.recharge_id, reference=callback.reference):
        return True
    ended = attempt.outcome is not None and callback.status != "pending"
    if ended and (callback.status == "success") != (attempt.outcome == "delivered"):
        await emit(
            db,
            CallbackContradicted(
                user_id=str(known.user_id),
                recharge_id=str(known.recharge_id),
                channel=channel,
                reference=callback.reference,
                outcome=attempt.outcome or "",
                claimed=callback.status[:40],
            ),
        )
    return True


async def alert_stuck(db: AsyncSession, *, limit: int) -> int:
    """Alert the staff, once each, to recharges that have been pending for longer than 15 minutes; how many."""
    now = clock.now()
    rows = await channels.mark_stuck(db, before=now - PATIENCE, limit=limit)
    if not rows:
        return 0
    plan_names = await crud.list_plan_names(db, [(row.user_id, row.recharge_id) for row in rows])
    await emit(
        db,
        *(
            RechargeStuck(
                user_id=str(row.user_id),
                recharge_id=str(row.recharge_id),
                phone_number=row.phone_number,
                plan_name=plan_names[row.recharge_id],
                operator=row.operator,
                channel=row.channel or "",
                state=row.state,
                minutes=int((now - row.created_at).total_seconds() // 60),
            )
            for row in rows
        ),
    )
    return len(rows)


async def apply_answer(db: AsyncSession, reference: str, answer: Answer) -> bool:
    """Apply an operator's answer about a reference, outside the dispatcher. False if nobody knows the reference."""
    snapshot = await channels.load_channels(db)
    return await apply(db, reference, answer, snapshot=snapshot, check_seconds=_ASK_AGAIN_SECONDS)


async def settle_delivered(
    db: AsyncSession, reference: str, operator_reference: str | None
) -> DeliverOutcome:
    """The operator's statement proves delivery: the held money goes to the operator, and the plan starts."""
    known = await channels.find_reference(db, reference)
    if known is None:
        return DeliverOutcome.NOT_FOUND
    before = await recharges.lock(db, known.user_id, known.recharge_id)
    if before not in _PENDING:
        return DeliverOutcome.ALREADY_FAILED if before == PaymentState.FAILED else DeliverOutcome.ALREADY
    await apply_answer(db, reference, Answer(Verdict.DELIVERED, operator_reference))
    return DeliverOutcome.DELIVERED


async def fail_and_release(db: AsyncSession, reference: str, reason: str) -> FailOutcome:
    """The operator's statement proves that it did not deliver: the held money goes back to the wallet."""
    known = await channels.find_reference(db, reference)
    if known is None:
        return FailOutcome.NOT_FOUND
    before = await recharges.lock(db, known.user_id, known.recharge_id)
    if before not in _PENDING:
        return FailOutcome.ALREADY if before == PaymentState.FAILED else FailOutcome.DELIVERED
    attempt = await channels.get_attempt(db, known.user_id, known.recharge_id, known.attempt)
    if attempt.outcome is None:
        channels.end_attempt(attempt, AttemptOutcome.REFUSED, Answer(Verdict.REFUSED, reason=reason))
    return await recharges.fail(db, known.user_id, known.recharge_id, reason=reason)
