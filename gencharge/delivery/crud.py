"""SQL of recharges that are under way. Decides nothing. See recharge/sql and channels/sql."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.core.values import clock
from gencharge.recharge.models import (
    Fulfilment,
    FulfilmentState,
    OperatorAttempt,
    OperatorReference,
    PaymentState,
)

_NOW: Final = "coalesce(CAST(:now AS timestamptz), clock_timestamp())"
# MATERIALIZED, as in core.outbox: a subquery with LIMIT and SKIP LOCKED must not be run more than once.
_CLAIM = text(f"""
    WITH due AS MATERIALIZED (
        SELECT user_id, recharge_id FROM fulfilments
        WHERE next_attempt_at <= {_NOW} AND (leased_until IS NULL OR leased_until < {_NOW})
          AND operator <> ALL(CAST(:busy AS text[]))
        ORDER BY next_attempt_at LIMIT :limit FOR UPDATE SKIP LOCKED)
    UPDATE fulfilments SET leased_until = {_NOW} + make_interval(secs => :lease) FROM due
    WHERE fulfilments.user_id = due.user_id AND fulfilments.recharge_id = due.recharge_id
    RETURNING fulfilments.*
""")  # noqa: S608 - composed of constants
_SUBMITTING = text(f"""
    UPDATE fulfilments SET state = 'submitting', attempt = attempt + 1, channel = :channel, reference = :reference,
                           asked = 0, next_attempt_at = {_NOW}
    WHERE user_id = :user_id AND recharge_id = :recharge_id AND state = 'due'
    RETURNING attempt
""")  # noqa: S608 - composed of constants
_WAITING = text(f"""
    UPDATE fulfilments SET state = :state, next_attempt_at = {_NOW} + make_interval(secs => :seconds),
                           leased_until = NULL, last_error = :error, asked = asked + :asked
    WHERE user_id = :user_id AND recharge_id = :recharge_id AND next_attempt_at IS NOT NULL
""")  # noqa: S608 - composed of constants
_DUE_NOW = text(f"""
    UPDATE fulfilments SET next_attempt_at = {_NOW}
    WHERE user_id = :user_id AND recharge_id = :recharge_id AND reference = :reference
      AND next_attempt_at IS NOT NULL
    RETURNING 1
""")  # noqa: S608 - composed of constants
_STATUS = text("""
    UPDATE recharges SET status = :status
    WHERE user_id = :user_id AND id = :recharge_id AND status IN ('processing', 'unknown')
""")
_DELIVER = text("""
    SELECT deliver_recharge(:user_id, :recharge_id, :operator_reference, :channel, :commission,
                            CAST(:context AS jsonb), CAST(:now AS timestamptz))
""")
_FAIL = text("""
    SELECT fail_recharge(:user_id, :recharge_id, :reason, CAST(:context AS jsonb), CAST(:now AS timestamptz))
""")
_PAY = text("""
    SELECT pay_recharge(:user_id, :recharge_id, CAST(:context AS jsonb), CAST(:now AS timestamptz))
""")
_REFUND = text("""
    SELECT refund_recharge(:user_id, :recharge_id, :amount, :key, :reason, CAST(:context AS jsonb),
                           CAST(:now AS timestamptz))
""")
_LOCK = text("SELECT (lock_recharge(:user_id, :recharge_id)).status")
_STUCK = text("""
    WITH stuck AS MATERIALIZED (
        SELECT user_id, recharge_id FROM fulfilments
        WHERE next_attempt_at IS NOT NULL AND alerted_at IS NULL AND created_at < :before
        LIMIT :limit FOR UPDATE SKIP LOCKED)
    UPDATE fulfilments SET alerted_at = :now FROM stuck, recharges
    WHERE fulfilments.user_id = stuck.user_id AND fulfilments.recharge_id = stuck.recharge_id
      AND recharges.user_id = stuck.user_id AND recharges.id = stuck.recharge_id
    RETURNING fulfilments.*, recharges.plan_name
""")


async def claim_due(db: AsyncSession, *, limit: int, lease_seconds: float, busy: list[str]) -> Sequence[Any]:
    """Lease what is due; rows of `fulfilments`."""
    values = {"limit": limit, "lease": lease_seconds, "busy": busy, "now": clock.pinned()}
    return (await db.execute(_CLAIM, values)).all()


async def set_submitting(
    db: AsyncSession, user_id: UUID, recharge_id: UUID, *, channel: str, reference: str
) -> int | None:
    """Begin an attempt: its number; None where the fulfilment is not due."""
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
    """Give the lease back and say when it is due again. Nothing where it has ended."""
    values = {"seconds": seconds, "state": state.value, "error": error, "asked": int(asked)}
    keys = {"user_id": user_id, "recharge_id": recharge_id, "now": clock.pinned()}
    await db.execute(_WAITING, values | keys)


async def set_due_now(db: AsyncSession, user_id: UUID, recharge_id: UUID, *, reference: str) -> bool:
    """Let the dispatcher ask now, unless it is at it. False where the attempt is not the present one, or it is over."""
    values = {"reference": reference, "now": clock.pinned()}
    keys = {"user_id": user_id, "recharge_id": recharge_id}
    return await db.scalar(_DUE_NOW, values | keys) is not None


async def set_status(db: AsyncSession, user_id: UUID, recharge_id: UUID, status: PaymentState) -> None:
    """What a recharge under way shows: processing or unknown."""
    await db.execute(_STATUS, {"user_id": user_id, "recharge_id": recharge_id, "status": status.value})


async def add_reference(
    db: AsyncSession, reference: str, user_id: UUID, recharge_id: UUID, attempt: int
) -> None:
    """Whose a reference is."""
    db.add(OperatorReference(reference=reference, user_id=user_id, recharge_id=recharge_id, attempt=attempt))


async def get_reference(db: AsyncSession, reference: str) -> OperatorReference | None:
    """Whose a reference is."""
    return await db.get(OperatorReference, reference)


async def list_attempts(db: AsyncSession, user_id: UUID, recharge_id: UUID) -> Sequence[OperatorAttempt]:
    """The submissions of a recharge, in order."""
    query = (
        select(OperatorAttempt)
        .where(OperatorAttempt.user_id == user_id, OperatorAttempt.recharge_id == recharge_id)
        .order_by(OperatorAttempt.attempt)
    )
    return (await db.scalars(query)).all()


async def get_attempt(db: AsyncSession, user_id: UUID, recharge_id: UUID, attempt: int) -> OperatorAttempt:
    """One submission."""
    return await db.get_one(OperatorAttempt, (user_id, recharge_id, attempt), populate_existing=True)


async def lock_recharge(db: AsyncSession, user_id: UUID, recharge_id: UUID) -> str | None:
    """Hold the number's line and the recharge to the end of the transaction: its status."""
    status: str | None = await db.scalar(_LOCK, {"user_id": user_id, "recharge_id": recharge_id})
    return status


async def lock_fulfilment(db: AsyncSession, user_id: UUID, recharge_id: UUID) -> Fulfilment:
    """The fulfilment's row, held to the end of the transaction."""
    query = (
        select(Fulfilment)
        .where(Fulfilment.user_id == user_id, Fulfilment.recharge_id == recharge_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return (await db.scalars(query)).one()


async def deliver(
    db: AsyncSession,
    user_id: UUID,
    recharge_id: UUID,
    *,
    operator_reference: str | None,
    channel: str,
    commission: int,
    context: str,
) -> str:
    """`deliver_recharge`: its outcome."""
    await db.flush()
    values = {
        "operator_reference": operator_reference,
        "channel": channel,
        "commission": commission,
        "context": context,
        "now": clock.pinned(),
    }
    return str(await db.scalar(_DELIVER, values | {"user_id": user_id, "recharge_id": recharge_id}))


async def fail(db: AsyncSession, user_id: UUID, recharge_id: UUID, *, reason: str, context: str) -> str:
    """`fail_recharge`: its outcome."""
    await db.flush()
    values = {"reason": reason, "context": context, "now": clock.pinned()}
    return str(await db.scalar(_FAIL, values | {"user_id": user_id, "recharge_id": recharge_id}))


async def pay(db: AsyncSession, user_id: UUID, recharge_id: UUID, *, context: str) -> str:
    """`pay_recharge`: its outcome."""
    values = {"context": context, "now": clock.pinned()}
    return str(await db.scalar(_PAY, values | {"user_id": user_id, "recharge_id": recharge_id}))


async def refund(
    db: AsyncSession,
    user_id: UUID,
    recharge_id: UUID,
    *,
    amount: int,
    key: str,
    reason: str,
    context: str,
) -> str:
    """`refund_recharge`: its outcome."""
    values = {"amount": amount, "key": key, "reason": reason, "context": context, "now": clock.pinned()}
    return str(await db.scalar(_REFUND, values | {"user_id": user_id, "recharge_id": recharge_id}))


async def set_alerted(db: AsyncSession, *, before: datetime, limit: int) -> list[Any]:
    """Mark what has been under way since before `before` as told; the rows with their plan's name."""
    return list((await db.execute(_STUCK, {"before": before, "limit": limit, "now": clock.now()})).all())
