"""The SQL functions that change a recharge and its plan after the sale. See `recharge/sql`."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.core.values import clock
from gencharge.recharge.models import (
    ActivePlan,
    DeliverOutcome,
    FailOutcome,
    PaymentState,
    PayOutcome,
    PlanState,
    RefundOutcome,
)

_STATUS = text("""
    UPDATE recharges SET status = :status
    WHERE user_id = :user_id AND id = :recharge_id AND status IN ('processing', 'unknown')
""")
_DELIVER = text("""
    SELECT deliver_recharge(
        p_user => :user_id, p_recharge => :recharge_id, p_operator_reference => :operator_reference,
        p_channel => :channel, p_commission => :commission, p_context => CAST(:context AS jsonb),
        p_pinned => CAST(:now AS timestamptz))
""")
_FAIL = text("""
    SELECT fail_recharge(
        p_user => :user_id, p_recharge => :recharge_id, p_reason => :reason, p_context => CAST(:context AS jsonb),
        p_pinned => CAST(:now AS timestamptz))
""")
_PAY = text("""
    SELECT pay_recharge(
        p_user => :user_id, p_recharge => :recharge_id, p_context => CAST(:context AS jsonb),
        p_pinned => CAST(:now AS timestamptz))
""")
_REFUND = text("""
    SELECT refund_recharge(
        p_user => :user_id, p_recharge => :recharge_id, p_amount => :amount, p_key => :key, p_reason => :reason,
        p_context => CAST(:context AS jsonb), p_pinned => CAST(:now AS timestamptz), p_to_source => :to_source)
""")
_LOCK = text("SELECT (lock_recharge(:user_id, :recharge_id)).status")
_ADVANCE = text("""
    SELECT advance_line(:phone_number, statement_time(:now), CAST(:context AS jsonb))
""")
_LOCK_LINE = text("SELECT lock_line(:phone_number)")
# Lines whose active plan has ended, and lines with a queue but no active plan, for whatever reason.
_DUE = text("""
    (SELECT phone_number FROM active_plans
     WHERE status = 'active' AND valid_until <= statement_time(:now)
     ORDER BY valid_until LIMIT :limit)
    UNION
    (SELECT phone_number FROM active_plans AS waiting
     WHERE status = 'queued' AND NOT EXISTS (
        SELECT FROM active_plans AS running WHERE running.phone_number = waiting.phone_number
        AND running.status = 'active' AND NOT running.is_addon)
     LIMIT :limit)
    ORDER BY phone_number
""")


async def set_status(db: AsyncSession, user_id: UUID, recharge_id: UUID, status: PaymentState) -> None:
    """Set what a pending recharge shows: processing or unknown. Changes nothing once it has ended."""
    await db.execute(_STATUS, {"user_id": user_id, "recharge_id": recharge_id, "status": status.value})


async def lock_recharge(db: AsyncSession, user_id: UUID, recharge_id: UUID) -> str | None:
    """Lock the number's line and the recharge to the end of the transaction. Its status; None if it does not exist."""
    status: str | None = await db.scalar(_LOCK, {"user_id": user_id, "recharge_id": recharge_id})
    return status


async def deliver(
    db: AsyncSession,
    user_id: UUID,
    recharge_id: UUID,
    *,
    operator_reference: str | None,
    channel: str,
    commission: int,
    context: str,
) -> DeliverOutcome:
    """`deliver_recharge`: its outcome."""
    await db.flush()
    values = {
        "operator_reference": operator_reference,
        "channel": channel,
        "commission": commission,
        "context": context,
        "now": clock.pinned(),
    }
    return DeliverOutcome(
        await db.scalar(_DELIVER, values | {"user_id": user_id, "recharge_id": recharge_id})
    )


async def fail(
    db: AsyncSession, user_id: UUID, recharge_id: UUID, *, reason: str, context: str
) -> FailOutcome:
    """`fail_recharge`: its outcome."""
    await db.flush()
    values = {"reason": reason, "context": context, "now": clock.pinned()}
    return FailOutcome(await db.scalar(_FAIL, values | {"user_id": user_id, "recharge_id": recharge_id}))


async def pay(db: AsyncSession, user_id: UUID, recharge_id: UUID, *, context: str) -> PayOutcome:
    """`pay_recharge`: its outcome."""
    values = {"context": context, "now": clock.pinned()}
    return PayOutcome(await db.scalar(_PAY, values | {"user_id": user_id, "recharge_id": recharge_id}))


async def refund(
    db: AsyncSession,
    user_id: UUID,
    recharge_id: UUID,
    *,
    amount: int,
    key: str,
    reason: str,
    context: str,
    to_source: bool = False,
) -> RefundOutcome:
    """`refund_recharge`: its outcome. `to_source`: the money goes on from the wallet to where it came from."""
    values = {
        "amount": amount,
        "key": key,
        "reason": reason,
        "context": context,
        "now": clock.pinned(),
        "to_source": to_source,
    }
    return RefundOutcome(await db.scalar(_REFUND, values | {"user_id": user_id, "recharge_id": recharge_id}))


async def list_due_lines(db: AsyncSession, limit: int) -> list[str]:
    """Numbers whose plans have to change now, in order; at most twice `limit`."""
    return list(await db.scalars(_DUE, {"now": clock.pinned(), "limit": limit}))


async def list_ended(db: AsyncSession, numbers: Iterable[str]) -> list[str]:
    """Those of `numbers` whose active plan has ended, in order."""
    query = select(ActivePlan.phone_number).where(
        ActivePlan.phone_number.in_(sorted(numbers)),
        ActivePlan.status == PlanState.ACTIVE,
        ActivePlan.valid_until <= clock.now(),
    )
    return sorted(set(await db.scalars(query)))


async def advance_line(db: AsyncSession, phone_number: str, context: str) -> int:
    """Bring a number's plans to now, under its lock; how many plans changed."""
    await db.execute(_LOCK_LINE, {"phone_number": phone_number})
    values = {"phone_number": phone_number, "now": clock.pinned(), "context": context}
    return int(await db.scalar(_ADVANCE, values) or 0)
