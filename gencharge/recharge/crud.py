"""SQL of recharges and bought plans. Decides nothing."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import ColumnElement, Select, exists, literal, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from gencharge.core.http.paging import column_of
from gencharge.recharge.models import (
    ActivePlan,
    PaymentState,
    PlanState,
    Recharge,
    RechargeStatus,
)
from gencharge.recharge.schemas import RechargeFilters, RechargeQuery
from gencharge.recharge.staff_schemas import StaffRechargeQuery

# States of a payment that are rare enough for an index of their own.
_UNDELIVERED: Final[frozenset[str]] = frozenset(PaymentState) - {PaymentState.DELIVERED}
# States that a recharge takes from its plan.
PLAN_STATES: Final[frozenset[str]] = frozenset(PlanState)
# A filter: the column, and the value that it must have; None filters nothing.
_Filter = tuple[
    InstrumentedAttribute[str]
    | InstrumentedAttribute[str | None]
    | InstrumentedAttribute[UUID]
    | InstrumentedAttribute[UUID | None],
    str | UUID | None,
]


async def get_recharge(db: AsyncSession, user_id: UUID, recharge_id: UUID) -> Recharge | None:
    """One recharge of the customer's."""
    return await db.get(Recharge, (user_id, recharge_id))


async def find_by_key(db: AsyncSession, user_id: UUID, key: str) -> Recharge | None:
    """The customer's recharge that was made under this Idempotency-Key."""
    query = select(Recharge).where(Recharge.user_id == user_id, Recharge.idempotency_key == key)
    recharge: Recharge | None = await db.scalar(query)
    return recharge


async def find_by_reference(db: AsyncSession, user_id: UUID, reference: str) -> Recharge | None:
    """The customer's recharge that they call so."""
    query = select(Recharge).where(Recharge.user_id == user_id, Recharge.caller_reference == reference)
    recharge: Recharge | None = await db.scalar(query)
    return recharge


async def list_by_reference(
    db: AsyncSession, reference: str, *, scope: ColumnElement[bool], limit: int
) -> Sequence[Recharge]:
    """The last recharges that their callers call so, of all customers, the newest first."""
    query = select(Recharge).where(Recharge.caller_reference == reference, scope)
    query = query.order_by(Recharge.created_at.desc(), Recharge.id.desc())
    return (await db.scalars(query.limit(limit))).all()


async def list_of_keys(db: AsyncSession, keys: Collection[tuple[UUID, UUID]]) -> Sequence[Recharge]:
    """These recharges (`user_id`, `id`), in any order."""
    if not keys:
        return []
    query = select(Recharge).where(tuple_(Recharge.user_id, Recharge.id).in_(keys))
    return (await db.scalars(query)).all()


async def list_noted(db: AsyncSession, keys: Collection[tuple[UUID, UUID]]) -> Sequence[Recharge]:
    """Those of these recharges (`user_id`, `id`) that have a reference or metadata."""
    if not keys:
        return []
    noted = column_of(Recharge.caller_reference).is_not(None) | column_of(Recharge.caller_metadata).is_not(
        None
    )
    query = select(Recharge).where(tuple_(Recharge.user_id, Recharge.id).in_(keys), noted)
    return (await db.scalars(query)).all()


async def forget_noted(db: AsyncSession, user_id: UUID) -> None:
    """Delete what a customer called their recharges, and what they noted."""
    noted = column_of(Recharge.caller_reference).is_not(None) | column_of(Recharge.caller_metadata).is_not(
        None
    )
    statement = update(Recharge).where(Recharge.user_id == user_id, noted)
    values = {"caller_reference": None, "caller_metadata": None}
    await db.execute(statement.values(values).execution_options(synchronize_session=False))


async def find_first_delivered(
    db: AsyncSession, user_id: UUID, *, minimum: int, since: datetime | None, before: datetime | None
) -> Recharge | None:
    """The customer's first recharge of at least `minimum` paise that was delivered in that time, refunded later or not.

    The payment of a bill is none.
    """
    query = select(Recharge).where(
        Recharge.user_id == user_id,
        Recharge.bill_id.is_(None),
        Recharge.status.in_([PaymentState.DELIVERED, PaymentState.REFUNDED]),
        Recharge.wallet_amount + Recharge.gateway_amount >= minimum,
    )
    if since is not None:
        query = query.where(Recharge.completed_at >= since)
    if before is not None:
        query = query.where(Recharge.completed_at < before)
    first: Recharge | None = await db.scalar(query.order_by(Recharge.completed_at, Recharge.id).limit(1))
    return first


def select_recharges(user_id: UUID, query: RechargeQuery) -> Select[Recharge]:
    """The customer's recharges that match."""
    total = Recharge.wallet_amount + Recharge.gateway_amount
    conditions = [
        *match_recharges(Recharge, query),
        *query.within(total, column_of(Recharge.created_at)),
    ]
    if query.status is not None:
        conditions.append(has_status(Recharge, query.status))
    return select(Recharge).where(Recharge.user_id == user_id, *conditions)


def select_all_recharges(query: StaffRechargeQuery) -> Select[Recharge]:
    """All customers' recharges by the most selective filter that an index answers in the list's order."""
    statement = select(Recharge)
    if query.user_id is not None:
        statement = statement.where(Recharge.user_id == query.user_id)
    elif query.reference is not None:
        statement = statement.where(Recharge.caller_reference == query.reference)
    elif query.phone_number is not None:
        statement = statement.where(Recharge.phone_number == query.phone_number)
    elif query.status is not None and query.status in _UNDELIVERED:
        # The index is partial: the planner has to see the status.
        statement = statement.where(Recharge.status == literal(query.status.value, literal_execute=True))
    return statement.where(*query.between(column_of(Recharge.created_at)))


async def get_recharge_in_scope(
    db: AsyncSession, user_id: UUID, recharge_id: UUID, scope: ColumnElement[bool]
) -> Recharge | None:
    """One recharge of the customer's, if it is in scope."""
    query = select(Recharge).where(Recharge.user_id == user_id, Recharge.id == recharge_id, scope)
    recharge: Recharge | None = await db.scalar(query)
    return recharge


async def find_by_id(
    db: AsyncSession, recharge_id: UUID, *, after: datetime, before: datetime, scope: ColumnElement[bool]
) -> Recharge | None:
    """The recharge with this id, of any customer, if it was made between the instants."""
    query = select(Recharge).where(
        Recharge.created_at.between(after, before), Recharge.id == recharge_id, scope
    )
    recharge: Recharge | None = await db.scalar(query)
    return recharge


async def list_of_number(
    db: AsyncSession, phone_number: str, *, scope: ColumnElement[bool], limit: int
) -> Sequence[Recharge]:
    """The last recharges of a number, of all customers, the newest first."""
    query = select(Recharge).where(Recharge.phone_number == phone_number, scope)
    query = query.order_by(Recharge.created_at.desc(), Recharge.id.desc())
    return (await db.scalars(query.limit(limit))).all()


def match_recharges(entity: type[Recharge], query: RechargeFilters) -> list[ColumnElement[bool]]:
    """The conditions of the filters except status, amounts and dates, on recharges or an alias of them."""
    return equal(
        (entity.phone_number, query.phone_number),
        (entity.plan_id, query.plan_id),
        (entity.operator, query.operator),
        (entity.plan_type, query.plan_type),
        (entity.category, query.category),
        (entity.payment_method, query.payment_method),
        (entity.source, query.source),
        (entity.caller_reference, query.reference),
    )


def equal(*filters: _Filter) -> list[ColumnElement[bool]]:
    """Each column with a value has it."""
    return [column == value for column, value in filters if value is not None]


def has_status(entity: type[Recharge], status: str, *, now: datetime | None = None) -> ColumnElement[bool]:
    """The condition that a recharge shows this status: its plan's if it was delivered, its payment's otherwise.

    With `now`, a plan that has ended counts as expired though its line was not advanced yet.
    """
    if status == RechargeStatus.PAID:
        return (entity.status == PaymentState.DELIVERED) & entity.bill_id.is_not(None)
    if status not in PLAN_STATES:
        return entity.status == status
    state = ActivePlan.status == status
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


async def list_lines(
    db: AsyncSession, user_id: UUID, *, own_number: str, numbers: Sequence[str]
) -> Sequence[ActivePlan]:
    """The active and queued base plans of these numbers, by number and in the order in which they run: those that the customer
    bought, and all on the customer's own number.
    """
    query = select(ActivePlan).where(
        ActivePlan.phone_number.in_([own_number, *numbers]),
        (ActivePlan.user_id == user_id) | (ActivePlan.phone_number == own_number),
        ActivePlan.status.in_((PlanState.ACTIVE.value, PlanState.QUEUED.value)),
        ActivePlan.is_addon.is_(False),
    )
    place = ActivePlan.queue_rank.nulls_last()
    order = query.order_by(
        ActivePlan.phone_number, ActivePlan.status, place, ActivePlan.created_at, ActivePlan.recharge_id
    )
    return (await db.scalars(order)).all()


async def list_last_recharges(db: AsyncSession, user_id: UUID, *, limit: int) -> Sequence[Recharge]:
    """The customer's last recharges, newest first."""
    query = select(Recharge).where(Recharge.user_id == user_id)
    query = query.order_by(Recharge.created_at.desc(), Recharge.id.desc())
    return (await db.scalars(query.limit(limit))).all()


async def list_current_plans(
    db: AsyncSession, user_id: UUID, *, now: datetime, limit: int
) -> Sequence[ActivePlan]:
    """The plans that the customer paid for: those that run at `now`, then those that wait."""
    numbers = select(Recharge.phone_number).where(Recharge.user_id == user_id)
    runs = (ActivePlan.status == PlanState.ACTIVE) & (ActivePlan.valid_until > now)
    query = select(ActivePlan).where(
        ActivePlan.phone_number.in_(numbers),
        ActivePlan.user_id == user_id,
        runs | (ActivePlan.status == PlanState.QUEUED),
    )
    query = query.order_by(ActivePlan.valid_until.asc().nulls_last(), ActivePlan.created_at)
    return (await db.scalars(query.limit(limit))).all()


async def find_plan_of_other_type(db: AsyncSession, phone_number: str, plan_type: str) -> ActivePlan | None:
    """A plan of the number that is active or queued and not of this type; the active one first."""
    query = select(ActivePlan).where(
        ActivePlan.phone_number == phone_number,
        ActivePlan.plan_type != plan_type,
        ActivePlan.status.in_((PlanState.ACTIVE, PlanState.QUEUED)),
    )
    query = query.order_by(ActivePlan.status, ActivePlan.created_at).limit(1)
    return (await db.scalars(query.execution_options(populate_existing=True))).one_or_none()
