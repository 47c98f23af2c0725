"""The SQL functions that change the queue of a number's plans, and what waits in it. See `recharge/sql`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ARRAY, Uuid, bindparam, text
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.core.values import clock
from gencharge.recharge.models import ActivePlan
from gencharge.recharge.queue_models import CancelOutcome, StartOutcome

_QUEUE = text("""
    SELECT recharge_id, user_id, plan_id, plan_name, operator, starts_at, ends_at
    FROM queue_of_line(p_phone => :phone_number, p_now => statement_time(:now))
""")
_RUNNING = text("""
    SELECT recharge_id, user_id, operator, plan_name, valid_until FROM active_plans
    WHERE phone_number = :phone_number AND status = 'active' AND NOT is_addon
""")
_CANCEL = text("""
    SELECT outcome, amount FROM cancel_queued_plan(
        p_user => :user_id, p_recharge => :recharge_id, p_refund => :refund_id, p_reason => :reason,
        p_context => CAST(:context AS jsonb), p_pinned => CAST(:now AS timestamptz))
""")
_START = text("""
    SELECT outcome, (running).recharge_id, (running).user_id, (running).operator,
           (running).plan_name, (running).valid_until
    FROM start_queued_plan(
        p_phone => :phone_number, p_recharge => :recharge_id, p_replaces => :replaces, p_reason => :reason,
        p_context => CAST(:context AS jsonb), p_pinned => CAST(:now AS timestamptz))
""")
_ORDER = text("""
    SELECT order_plan_queue(
        p_phone => :phone_number, p_user => :user_id, p_owns => :owns, p_order => :recharge_ids, p_reason => :reason,
        p_context => CAST(:context AS jsonb), p_pinned => CAST(:now AS timestamptz))
""").bindparams(bindparam("recharge_ids", type_=ARRAY(Uuid())))


@dataclass(frozen=True, slots=True)
class Waiting:
    """A queued plan, and when it starts and ends if nothing changes."""

    recharge_id: UUID
    user_id: UUID
    plan_id: UUID
    plan_name: str
    operator: str
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class Running:
    """The base plan that runs on the number."""

    recharge_id: UUID
    user_id: UUID
    operator: str
    plan_name: str
    valid_until: datetime


async def list_queue(db: AsyncSession, phone_number: str) -> Sequence[Waiting]:
    """What waits on a number whose line is up to date, in the order in which it starts."""
    rows = await db.execute(_QUEUE, {"phone_number": phone_number, "now": clock.pinned()})
    return [Waiting(**row) for row in rows.mappings()]


async def get_plan(db: AsyncSession, phone_number: str, recharge_id: UUID) -> ActivePlan | None:
    """A plan that was bought for the number."""
    return await db.get(ActivePlan, (phone_number, recharge_id), populate_existing=True)


async def find_running(db: AsyncSession, phone_number: str) -> Running | None:
    """The base plan that runs on the number."""
    row = (await db.execute(_RUNNING, {"phone_number": phone_number})).one_or_none()
    return None if row is None else Running(*row)


async def cancel(
    db: AsyncSession, user_id: UUID, recharge_id: UUID, *, refund_id: UUID, reason: str, context: str
) -> tuple[CancelOutcome, int]:
    """`cancel_queued_plan`: its outcome, and what went back in paise."""
    values = {"refund_id": refund_id, "reason": reason, "context": context, "now": clock.pinned()}
    keys = {"user_id": user_id, "recharge_id": recharge_id}
    row = (await db.execute(_CANCEL, values | keys)).one()
    return CancelOutcome(row.outcome), int(row.amount or 0)


async def start(
    db: AsyncSession,
    phone_number: str,
    recharge_id: UUID,
    *,
    replaces: UUID | None,
    reason: str | None,
    context: str,
) -> tuple[StartOutcome, Running | None]:
    """`start_queued_plan`: its outcome, and the plan that runs or ran."""
    values = {"replaces": replaces, "reason": reason, "context": context, "now": clock.pinned()}
    keys = {"phone_number": phone_number, "recharge_id": recharge_id}
    outcome, *running = (await db.execute(_START, values | keys)).one()
    return StartOutcome(outcome), None if running[0] is None else Running(*running)


async def set_order(
    db: AsyncSession,
    phone_number: str,
    recharge_ids: Sequence[UUID],
    *,
    user_id: UUID,
    owns: bool,
    reason: str | None,
    context: str,
) -> bool:
    """`order_plan_queue`: false if these are not the plans that wait."""
    values = {"owns": owns, "reason": reason, "context": context, "now": clock.pinned()}
    keys = {"phone_number": phone_number, "user_id": user_id, "recharge_ids": list(recharge_ids)}
    return bool(await db.scalar(_ORDER, values | keys))
