"""A recharge over an operator's API: what is written down before a call, and what an answer changes.

    due -> submitting -> pending | unknown -> settled | failed

The intent is committed before the operator is called; the answer is applied in a transaction of its own. Answers to
submissions and to status questions are applied by one function under the same locks, and only proof moves a recharge to
an end: DELIVERED settles it, REFUSED lets the next channel try or gives the money back. A callback is a hint that there is
something to ask: callbacks come late, twice, in any order and sometimes wrong, the status question has one answer. What has
ended does not change; an operator that claims later what contradicts it is a dispute, told to the staff.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.channels.service import Answer, Channel, ChannelsSnapshot, Submission, Verdict
from gencharge.core.events import events
from gencharge.core.events.events import emit
from gencharge.core.values import clock
from gencharge.core.values.ids import new_id
from gencharge.delivery import crud
from gencharge.recharge.events import CallbackContradicted, DeliveryDisputed, RechargeStuck
from gencharge.recharge.models import Fulfilment, FulfilmentState, OperatorAttempt, PaymentState

# A recharge that has never reached an operator is given up after so long; one that may have is asked about for ever.
PATIENCE: Final = timedelta(minutes=15)
# A channel that could not be reached is not tried again at once.
NOT_AGAIN_BEFORE: Final = timedelta(seconds=20)
_POSTPONE_SECONDS: Final = 5.0


@dataclass(frozen=True, slots=True)
class Task:
    """A fulfilment that was claimed, as it was then."""

    user_id: UUID
    recharge_id: UUID
    phone_number: str
    operator: str
    plan_id: UUID
    amount: int
    state: FulfilmentState
    channel: str | None
    reference: str | None
    created_at: datetime

    def submission(self, reference: str) -> Submission:
        """What to send for it."""
        return Submission(reference, self.operator, self.phone_number, str(self.plan_id), self.amount)


async def claim(db: AsyncSession, *, limit: int, lease_seconds: float, busy: list[str]) -> list[Task]:
    """Take up to `limit` fulfilments that are due, none of the `busy` operators, for `lease_seconds`."""
    rows = await crud.claim_due(db, limit=limit, lease_seconds=lease_seconds, busy=busy)
    return [
        Task(
            user_id=row.user_id,
            recharge_id=row.recharge_id,
            phone_number=row.phone_number,
            operator=row.operator,
            plan_id=row.plan_id,
            amount=row.amount,
            state=FulfilmentState(row.state),
            channel=row.channel,
            reference=row.reference,
            created_at=row.created_at,
        )
        for row in rows
    ]


async def channels_tried(db: AsyncSession, task: Task) -> list[str]:
    """The channels that refused it, and those that could not be reached a moment ago."""
    attempts = await crud.list_attempts(db, task.user_id, task.recharge_id)
    recently = clock.now() - NOT_AGAIN_BEFORE
    return [
        attempt.channel
        for attempt in attempts
        if attempt.outcome == "refused" or (attempt.ended_at is not None and attempt.ended_at > recently)
    ]


async def begin(db: AsyncSession, task: Task, channel: Channel) -> str | None:
    """Write down that it goes out over `channel`: the new reference; None where somebody else is at it."""
    reference = str(new_id())
    attempt = await crud.set_submitting(
        db, task.user_id, task.recharge_id, channel=channel.code, reference=reference
    )
    if attempt is None:
        return None
    db.add(
        OperatorAttempt(
            user_id=task.user_id,
            recharge_id=task.recharge_id,
            attempt=attempt,
            channel=channel.code,
            reference=reference,
            started_at=clock.now(),
        )
    )
    await crud.add_reference(db, reference, task.user_id, task.recharge_id, attempt)
    await db.flush()
    return reference


async def no_channel(db: AsyncSession, task: Task, channels: ChannelsSnapshot) -> None:
    """No channel can take it now: wait for one, or give up where all refused or it has waited long enough."""
    refusals = [
        attempt
        for attempt in await crud.list_attempts(db, task.user_id, task.recharge_id)
        if attempt.outcome == "refused"
    ]
    left = _is_left(channels, task.operator, task.amount, refusals)
    if not left and refusals:
        await fail(db, task.user_id, task.recharge_id, reason=refusals[-1].reason or "refused")
    elif not left or clock.now() - task.created_at > PATIENCE:
        await fail(db, task.user_id, task.recharge_id, reason="operator_unreachable")
    else:
        await crud.set_waiting(
            db, task.user_id, task.recharge_id, seconds=_POSTPONE_SECONDS, state=FulfilmentState.DUE
        )


async def apply(
    db: AsyncSession,
    reference: str,
    answer: Answer,
    *,
    channels: ChannelsSnapshot,
    check_seconds: list[float],
) -> bool:
    """Let an answer about a reference count. False where nobody knows the reference."""
    known = await crud.get_reference(db, reference)
    if known is None:
        return False
    # The line first, as everybody who changes a recharge: then what is read below stays so.
    recharge = await crud.lock_recharge(db, known.user_id, known.recharge_id)
    fulfilment = await crud.lock_fulfilment(db, known.user_id, known.recharge_id)
    attempt = await crud.get_attempt(db, known.user_id, known.recharge_id, known.attempt)
    if answer.verdict is Verdict.DELIVERED:
        await _delivered(db, fulfilment, attempt, answer, channels.get(attempt.channel))
    elif attempt.outcome is None and answer.verdict in {Verdict.REFUSED, Verdict.NOT_SENT}:
        await _not_delivered(db, fulfilment, attempt, answer, channels)
    elif attempt.outcome is None and fulfilment.reference == reference and fulfilment.next_attempt_at:
        state = FulfilmentState.PENDING if answer.verdict is Verdict.ACCEPTED else FulfilmentState.UNKNOWN
        pause = check_seconds[min(fulfilment.asked, len(check_seconds) - 1)]
        await crud.set_waiting(
            db,
            known.user_id,
            known.recharge_id,
            seconds=pause,
            state=state,
            error=answer.reason,
            asked=True,
        )
        status = PaymentState.PROCESSING if state is FulfilmentState.PENDING else PaymentState.UNKNOWN
        if recharge in {PaymentState.PROCESSING, PaymentState.UNKNOWN}:
            await crud.set_status(db, known.user_id, known.recharge_id, status)
    return True


async def _delivered(
    db: AsyncSession,
    fulfilment: Fulfilment,
    attempt: OperatorAttempt,
    answer: Answer,
    channel: Channel | None,
) -> None:
    told_before = attempt.outcome == "delivered"
    _end(attempt, "delivered", answer)
    outcome = await crud.deliver(
        db,
        fulfilment.user_id,
        fulfilment.recharge_id,
        operator_reference=answer.operator_reference,
        channel=attempt.channel,
        commission=channel.commission_of(fulfilment.amount) if channel else 0,
        context=events.context_json(),
    )
    twice = outcome == "already" and attempt.reference != fulfilment.reference
    if (outcome == "given_up" or twice) and not told_before:
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
    channels: ChannelsSnapshot,
) -> None:
    """It is proven that this attempt came to nothing: the next channel, or the money back."""
    refused = answer.verdict is Verdict.REFUSED
    _end(attempt, "refused" if refused else "not_sent", answer)
    await db.flush()
    if fulfilment.reference != attempt.reference or not fulfilment.next_attempt_at:
        return  # another attempt runs, or it is over
    attempts = await crud.list_attempts(db, fulfilment.user_id, fulfilment.recharge_id)
    refusals = [each for each in attempts if each.outcome == "refused"]
    if refused and not _is_left(channels, fulfilment.operator, fulfilment.amount, refusals):
        await fail(db, fulfilment.user_id, fulfilment.recharge_id, reason=answer.reason or "refused")
        return
    await crud.set_waiting(
        db,
        fulfilment.user_id,
        fulfilment.recharge_id,
        seconds=0,
        state=FulfilmentState.DUE,
        error=answer.reason,
    )


def _is_left(channels: ChannelsSnapshot, operator: str, amount: int, refusals: list[OperatorAttempt]) -> bool:
    """True where a channel could still take it that has not refused it."""
    refused = {attempt.channel for attempt in refusals}
    return any(
        channel.takes(operator, amount) and channel.code not in refused
        for channel in channels.channels.values()
    )


def _end(attempt: OperatorAttempt, outcome: str, answer: Answer) -> None:
    attempt.outcome = outcome
    attempt.operator_reference = answer.operator_reference or attempt.operator_reference
    attempt.reason = answer.reason or None
    attempt.ended_at = clock.now()


async def hint(db: AsyncSession, channel: str, reference: str, status: str) -> bool:
    """A callback: ask the operator now. False where the reference was never used on this channel.

    Where the recharge has ended otherwise than the callback says, the staff are told, and nothing changes.
    """
    known = await crud.get_reference(db, reference)
    if known is None:
        return False
    attempt = await crud.get_attempt(db, known.user_id, known.recharge_id, known.attempt)
    if attempt.channel != channel:
        return False
    if await crud.set_due_now(db, known.user_id, known.recharge_id, reference=reference):
        return True
    says_delivered = status == "success"
    if (
        attempt.outcome is not None
        and says_delivered != (attempt.outcome == "delivered")
        and status != "pending"
    ):
        await emit(
            db,
            CallbackContradicted(
                user_id=str(known.user_id),
                recharge_id=str(known.recharge_id),
                channel=channel,
                reference=reference,
                outcome=attempt.outcome,
                claimed=status[:40],
            ),
        )
    return True


async def fail(db: AsyncSession, user_id: UUID, recharge_id: UUID, *, reason: str) -> str:
    """Give a recharge up that is proven not to be delivered; the money is in the wallet by that."""
    return await crud.fail(db, user_id, recharge_id, reason=reason, context=events.context_json())


async def tell_stuck(db: AsyncSession, *, limit: int) -> int:
    """Tell the staff, once each, of recharges that have been under way for longer than 15 minutes; how many."""
    now = clock.now()
    rows: list[Any] = await crud.set_alerted(db, before=now - PATIENCE, limit=limit)
    await emit(
        db,
        *(
            RechargeStuck(
                user_id=str(row.user_id),
                recharge_id=str(row.recharge_id),
                phone_number=row.phone_number,
                plan_name=row.plan_name,
                operator=row.operator,
                channel=row.channel or "",
                state=row.state,
                minutes=int((now - row.created_at).total_seconds() // 60),
            )
            for row in rows
        ),
    )
    return len(rows)
