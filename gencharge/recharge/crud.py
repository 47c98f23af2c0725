"""SQL of recharges and bought plans. Decides nothing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Select, exists, literal, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.core.http.paging import column_of
from gencharge.core.values import clock
from gencharge.recharge.models import ActivePlan, PaymentState, PlanState, Recharge, RechargeRefund
from gencharge.recharge.schemas import BoughtPlanQuery, RechargeFilters, RechargeQuery
from gencharge.recharge.staff_schemas import StaffBoughtPlanQuery, StaffRechargeQuery

# States of a payment that are rare enough for an index of their own.
_UNDELIVERED: Final[frozenset[str]] = frozenset(PaymentState) - {PaymentState.DELIVERED}
# States that a recharge takes from its plan.
PLAN_STATES: Final[frozenset[str]] = frozenset(PlanState)


async def get_recharge(db: AsyncSession, user_id: UUID, recharge_id: UUID) -> Recharge | None:
    """One recharge of the customer's."""
    return await db.get(Recharge, (user_id, recharge_id))


async def find_by_key(db: AsyncSession, user_id: UUID, key: str) -> Recharge | None:
    """The customer's recharge that was made under this Idempotency-Key."""
    query = select(Recharge).where(Recharge.user_id == user_id, Recharge.idempotency_key == key)
    found: Recharge | None = await db.scalar(query)
    return found


def select_recharges(user_id: UUID, wanted: RechargeQuery) -> Select[Recharge]:
    """The customer's recharges that match."""
    query = select(Recharge).where(Recharge.user_id == user_id, *match_recharges(Recharge, wanted))
    query = query.where(
        *wanted.within(Recharge.wallet_amount + Recharge.gateway_amount, column_of(Recharge.created_at))
    )
    return query if wanted.status is None else query.where(has_status(Recharge, wanted.status))


def select_all_recharges(wanted: StaffRechargeQuery) -> Select[Recharge]:
    """All customers' recharges, as far as one index answers it in the list's order: the most selective filter."""
    query = select(Recharge)
    if wanted.user_id is not None:
        query = query.where(Recharge.user_id == wanted.user_id)
    elif wanted.phone_number is not None:
        query = query.where(Recharge.phone_number == wanted.phone_number)
    elif wanted.status is not None and wanted.status in _UNDELIVERED:
        # The index is partial: the planner has to see the status.
        query = query.where(Recharge.status == literal(wanted.status.value, literal_execute=True))
    return query.where(*wanted.between(column_of(Recharge.created_at)))


async def get_recharge_in_scope(
    db: AsyncSession, user_id: UUID, recharge_id: UUID, scope: ColumnElement[bool]
) -> Recharge | None:
    """One recharge of the customer's, where it is in scope."""
    query = select(Recharge).where(Recharge.user_id == user_id, Recharge.id == recharge_id, scope)
    found: Recharge | None = await db.scalar(query)
    return found


async def find_refund_by_key(db: AsyncSession, user_id: UUID, key: str) -> RechargeRefund | None:
    """The refund that was made under this Idempotency-Key."""
    query = select(RechargeRefund).where(
        RechargeRefund.user_id == user_id, RechargeRefund.idempotency_key == key
    )
    found: RechargeRefund | None = await db.scalar(query)
    return found


def match_recharges(entity: Any, wanted: RechargeFilters) -> list[ColumnElement[bool]]:
    """The conditions of the filters, but status, amounts and dates, on recharges or an alias of them."""
    equal: dict[Any, Any] = {
        entity.phone_number: wanted.phone_number,
        entity.operator: wanted.operator,
        entity.plan_type: wanted.plan_type,
        entity.category: wanted.category,
        entity.payment_method: wanted.payment_method,
        entity.source: wanted.source,
    }
    return [column == value for column, value in equal.items() if value is not None]


def has_status(entity: Any, status: str, *, now: datetime | None = None) -> Any:
    """A delivered recharge is what its plan is; any other one is what its payment is.

    With `now`, a plan that has ended counts as expired, though its line was not advanced yet.
    """
    if status not in PLAN_STATES:
        return entity.status == status
    state: Any = ActivePlan.status == status
    if now is not None and status == PlanState.ACTIVE:
        state = state & (ActivePlan.valid_until > now)
    elif now is not None and status == PlanState.EXPIRED:
        state = state | ((ActivePlan.status == PlanState.ACTIVE) & (ActivePlan.valid_until <= now))
    plan = exists().where(
        ActivePlan.phone_number == entity.phone_number, ActivePlan.recharge_id == entity.id, state
    )
    return (entity.status == PaymentState.DELIVERED) & plan


async def list_plans_of(db: AsyncSession, recharges: Iterable[Recharge]) -> dict[UUID, ActivePlan]:
    """The plans that these recharges started, by recharge id."""
    keys = [(recharge.phone_number, recharge.id) for recharge in recharges]
    if not keys:
        return {}
    query = select(ActivePlan).where(tuple_(ActivePlan.phone_number, ActivePlan.recharge_id).in_(keys))
    return {
        plan.recharge_id: plan for plan in await db.scalars(query.execution_options(populate_existing=True))
    }


async def list_numbers(db: AsyncSession, user_id: UUID) -> list[str]:
    """The numbers that the customer has recharged."""
    query = select(Recharge.phone_number).where(Recharge.user_id == user_id).distinct()
    return list(await db.scalars(query.order_by(Recharge.phone_number)))


def select_plans(
    user_id: UUID, own_number: str, numbers: list[str], wanted: BoughtPlanQuery
) -> Select[ActivePlan]:
    """The plans that the customer bought, and those that others bought for the customer's own number."""
    mine = (ActivePlan.user_id == user_id) | (ActivePlan.phone_number == own_number)
    query = select(ActivePlan).where(ActivePlan.phone_number.in_([own_number, *numbers]), mine)
    equal: dict[Any, Any] = {
        ActivePlan.status: wanted.status,
        ActivePlan.phone_number: wanted.phone_number,
        ActivePlan.operator: wanted.operator,
        ActivePlan.plan_type: wanted.plan_type,
        ActivePlan.category: wanted.category,
    }
    for column, value in equal.items():
        if value is not None:
            query = query.where(column == value)
    if wanted.expires_within_days is not None:
        limit = clock.now() + timedelta(days=wanted.expires_within_days)
        query = query.where(ActivePlan.status == PlanState.ACTIVE, ActivePlan.valid_until <= limit)
    return query


async def list_last_recharges(db: AsyncSession, user_id: UUID, limit: int) -> Sequence[Recharge]:
    """The customer's last recharges, newest first."""
    query = select(Recharge).where(Recharge.user_id == user_id)
    query = query.order_by(Recharge.created_at.desc(), Recharge.id.desc())
    return (await db.scalars(query.limit(limit))).all()


async def list_current_plans(
    db: AsyncSession, user_id: UUID, now: datetime, limit: int
) -> Sequence[ActivePlan]:
    """What runs at `now` on the numbers that the customer paid for, then what waits there."""
    theirs = select(Recharge.phone_number).where(Recharge.user_id == user_id)
    runs = (ActivePlan.status == PlanState.ACTIVE) & (ActivePlan.valid_until > now)
    query = select(ActivePlan).where(
        ActivePlan.phone_number.in_(theirs),
        ActivePlan.user_id == user_id,
        runs | (ActivePlan.status == PlanState.QUEUED),
    )
    query = query.order_by(ActivePlan.valid_until.asc().nulls_last(), ActivePlan.created_at)
    return (await db.scalars(query.limit(limit))).all()


def select_current_plans(wanted: StaffBoughtPlanQuery, now: datetime) -> Select[ActivePlan]:
    """The plans of all numbers that run or wait, as far as one index answers it in the list's order."""
    query = select(ActivePlan).where(ActivePlan.status == literal(wanted.status, literal_execute=True))
    if wanted.phone_number is not None:
        query = query.where(ActivePlan.phone_number == wanted.phone_number)
    elif wanted.user_id is not None:
        theirs = select(Recharge.phone_number).where(Recharge.user_id == wanted.user_id)
        query = query.where(ActivePlan.phone_number.in_(theirs), ActivePlan.user_id == wanted.user_id)
    return query.where(*_runs_at(ActivePlan, wanted, now)) if wanted.by_end else query


def match_plans(entity: Any, wanted: StaffBoughtPlanQuery, now: datetime) -> list[ColumnElement[bool]]:
    """The conditions of the filters on bought plans or an alias of them."""
    equal: dict[Any, Any] = {
        entity.phone_number: wanted.phone_number,
        entity.user_id: wanted.user_id,
        entity.operator: wanted.operator,
        entity.plan_type: wanted.plan_type,
        entity.category: wanted.category,
    }
    conditions = [column == value for column, value in equal.items() if value is not None]
    return [*conditions, *_runs_at(entity, wanted, now)]


def _runs_at(entity: Any, wanted: StaffBoughtPlanQuery, now: datetime) -> list[ColumnElement[bool]]:
    """What has ended is not current, though its line was not advanced yet."""
    if wanted.status == "queued":
        return []
    if wanted.expires_within_days is None:
        return [entity.valid_until > now]
    return [entity.valid_until > now, entity.valid_until <= now + timedelta(days=wanted.expires_within_days)]


async def find_plan_of_other_type(db: AsyncSession, phone_number: str, plan_type: str) -> ActivePlan | None:
    """A plan of the number that is active or queued and not of this type; the active one first."""
    query = select(ActivePlan).where(
        ActivePlan.phone_number == phone_number,
        ActivePlan.plan_type != plan_type,
        ActivePlan.status.in_((PlanState.ACTIVE, PlanState.QUEUED)),
    )
    query = query.order_by(ActivePlan.status, ActivePlan.created_at).limit(1)
    return (await db.scalars(query.execution_options(populate_existing=True))).one_or_none()
