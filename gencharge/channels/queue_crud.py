"""SQL of the dispatcher's queue, the attempts and their references. Decides nothing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import ARRAY, DateTime, Text, all_, bindparam, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.channels.fulfilment import Task
from gencharge.channels.models import Fulfilment, FulfilmentState, OperatorAttempt, OperatorReference
from gencharge.core.postgres import leases
from gencharge.core.values import clock
from gencharge.operators.models import Operator

# Nothing is sent to an operator that works on its systems: neither a recharge nor a question.
_IN_MAINTENANCE = (
    select(Operator.code)
    .where(
        Operator.code == Fulfilment.operator,
        Operator.maintenance_from <= leases.NOW,
        Operator.maintenance_until > leases.NOW,
    )
    .exists()
)
_DUE = leases.LeasedQueue(
    Fulfilment,
    Fulfilment.next_attempt_at <= leases.NOW,
    Fulfilment.operator != all_(bindparam("busy", type_=ARRAY(Text))),
    ~_IN_MAINTENANCE,
    order=Fulfilment.next_attempt_at,
    lease=Fulfilment.leased_until,
    returning=list(Fulfilment.__table__.columns),
)
_STUCK = leases.Queue(
    Fulfilment,
    Fulfilment.next_attempt_at.is_not(None),
    Fulfilment.alerted_at.is_(None),
    Fulfilment.created_at < bindparam("queued_before", type_=DateTime(timezone=True)),
    order=Fulfilment.created_at,
    changes={Fulfilment.alerted_at: leases.NOW},
)
_SUBMITTING = text("""
    UPDATE fulfilments SET state = 'submitting', attempt = attempt + 1, channel = :channel, reference = :reference,
                           asked = 0, next_attempt_at = statement_time(:now)
    WHERE user_id = :user_id AND recharge_id = :recharge_id AND state = 'due'
    RETURNING attempt
""")
_WAITING = text("""
    UPDATE fulfilments SET state = :state, next_attempt_at = statement_time(:now) + make_interval(secs => :seconds),
                           leased_until = NULL, last_error = coalesce(nullif(:error, ''), last_error), asked = asked + :asked
    WHERE user_id = :user_id AND recharge_id = :recharge_id AND next_attempt_at IS NOT NULL
""")
_DUE_NOW = text("""
    UPDATE fulfilments SET next_attempt_at = statement_time(:now)
    WHERE user_id = :user_id AND recharge_id = :recharge_id AND reference = :reference
      AND next_attempt_at IS NOT NULL
    RETURNING 1
""")


async def claim_due(db: AsyncSession, *, limit: int, lease_seconds: float, busy: list[str]) -> list[Task]:
    """Lease up to `limit` fulfilments that are due, none of the `busy` operators."""
    rows = await _DUE.claim(db, limit=limit, lease_seconds=lease_seconds, pinned=clock.pinned(), busy=busy)
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
            traceparent=row.traceparent,
            bill_reference=row.bill_reference,
        )
        for row in rows
    ]


async def set_submitting(
    db: AsyncSession, user_id: UUID, recharge_id: UUID, *, channel: str, reference: str
) -> int | None:
    """Start an attempt; returns its number, None if the fulfilment is not due."""
    values = {"channel": channel, "reference": reference, "now": clock.pinned()}
    number = await db.scalar(_SUBMITTING, values | {"user_id": user_id, "recharge_id": recharge_id})
    return int(number) if number is not None else None


async def set_waiting(
    db: AsyncSession,
    user_id: UUID,
    recharge_id: UUID,
    *,
    seconds: float,
    state: FulfilmentState,
    error: str = "",
    asked: bool = False,
) -> None:
    """Return the lease; the fulfilment is due again in `seconds`. Changes nothing if it has ended."""
    values = {"seconds": seconds, "state": state.value, "error": error, "asked": int(asked)}
    keys = {"user_id": user_id, "recharge_id": recharge_id, "now": clock.pinned()}
    await db.execute(_WAITING, values | keys)


async def set_due_now(db: AsyncSession, user_id: UUID, recharge_id: UUID, *, reference: str) -> bool:
    """Make the fulfilment due now. False if the reference is not its current attempt, or if it has ended."""
    values = {"reference": reference, "now": clock.pinned()}
    keys = {"user_id": user_id, "recharge_id": recharge_id}
    return await db.scalar(_DUE_NOW, values | keys) is not None


async def add_reference(
    db: AsyncSession, reference: str, user_id: UUID, recharge_id: UUID, attempt: int
) -> None:
    """Record the recharge and attempt of a reference."""
    db.add(OperatorReference(reference=reference, user_id=user_id, recharge_id=recharge_id, attempt=attempt))


async def get_reference(db: AsyncSession, reference: str) -> OperatorReference | None:
    """The recharge and attempt of a reference."""
    return await db.get(OperatorReference, reference)


async def find_by_operator_reference(db: AsyncSession, reference: str) -> OperatorAttempt | None:
    """The newest submission of all customers that its operator calls so."""
    query = select(OperatorAttempt).where(OperatorAttempt.operator_reference == reference)
    attempt: OperatorAttempt | None = await db.scalar(
        query.order_by(OperatorAttempt.started_at.desc()).limit(1)
    )
    return attempt


async def list_attempts(db: AsyncSession, user_id: UUID, recharge_id: UUID) -> Sequence[OperatorAttempt]:
    """The submissions of a recharge, in order."""
    query = (
        select(OperatorAttempt)
        .where(OperatorAttempt.user_id == user_id, OperatorAttempt.recharge_id == recharge_id)
        .order_by(OperatorAttempt.attempt)
    )
    return (await db.scalars(query)).all()


async def get_attempt(db: AsyncSession, user_id: UUID, recharge_id: UUID, attempt: int) -> OperatorAttempt:
    """One submission. Raises NoResultFound."""
    return await db.get_one(OperatorAttempt, (user_id, recharge_id, attempt), populate_existing=True)


async def lock_fulfilment(db: AsyncSession, user_id: UUID, recharge_id: UUID) -> Fulfilment:
    """A recharge's fulfilment, locked to the end of the transaction."""
    query = (
        select(Fulfilment)
        .where(Fulfilment.user_id == user_id, Fulfilment.recharge_id == recharge_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return (await db.scalars(query)).one()


async def set_alerted(db: AsyncSession, *, before: datetime, limit: int) -> Sequence[Fulfilment]:
    """Mark fulfilments queued before this instant that have not ended as alerted, once each; returns those it marked."""
    rows = await _STUCK.take(db, limit=limit, pinned=clock.pinned(), queued_before=before)
    return [fulfilment for (fulfilment,) in rows]
