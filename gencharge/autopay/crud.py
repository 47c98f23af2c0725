"""SQL of autopays. Decides nothing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Date, Select, cast, delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.autopay.models import Autopay, AutopayAttempt, AutopayStatus
from gencharge.autopay.schemas import AutopayQuery
from gencharge.autopay.staff_schemas import StaffAutopayQuery
from gencharge.core.http.paging import column_of
from gencharge.core.postgres import leases
from gencharge.core.values import clock

LIVE = (AutopayStatus.ACTIVE.value, AutopayStatus.PAUSED.value)
_DUE = leases.LeasedQueue(
    Autopay,
    Autopay.wake_at <= leases.NOW,
    order=Autopay.wake_at,
    lease=Autopay.leased_until,
)


async def add_autopay(db: AsyncSession, **values: Any) -> Autopay | None:
    """A new autopay; None if the customer has a live one for this number and plan."""
    statement = insert(Autopay).values(values).on_conflict_do_nothing().returning(Autopay)
    return (await db.scalars(statement)).one_or_none()


async def get_autopay(db: AsyncSession, user_id: UUID, autopay_id: UUID) -> Autopay | None:
    """One of the customer's autopays."""
    return await db.get(Autopay, (user_id, autopay_id))


async def lock_autopay(db: AsyncSession, user_id: UUID, autopay_id: UUID) -> Autopay | None:
    """One of the customer's autopays, held to the end of the transaction."""
    statement = select(Autopay).where(Autopay.user_id == user_id, Autopay.autopay_id == autopay_id)
    locked = statement.with_for_update().execution_options(populate_existing=True)
    return (await db.scalars(locked)).one_or_none()


async def lock_live(db: AsyncSession, user_id: UUID) -> Sequence[Autopay]:
    """The customer's live autopays, held to the end of the transaction."""
    statement = select(Autopay).where(Autopay.user_id == user_id, Autopay.status.in_(LIVE))
    locked = statement.order_by(Autopay.autopay_id).with_for_update()
    return (await db.scalars(locked.execution_options(populate_existing=True))).all()


async def list_active(db: AsyncSession, user_id: UUID) -> Sequence[Autopay]:
    """The customer's active autopays, the first due one first."""
    query = select(Autopay).where(
        Autopay.user_id == user_id,
        Autopay.status == AutopayStatus.ACTIVE.value,
        Autopay.next_due.is_not(None),
    )
    return (await db.scalars(query.order_by(Autopay.next_due, Autopay.autopay_id))).all()


async def count_live(db: AsyncSession, user_id: UUID) -> int:
    """How many active and paused autopays the customer has."""
    query = select(func.count()).where(Autopay.user_id == user_id, Autopay.status.in_(LIVE))
    return int(await db.scalar(query) or 0)


def select_autopays(user_id: UUID, query: AutopayQuery) -> Select[Autopay]:
    """The customer's autopays that match."""
    statement = select(Autopay).where(Autopay.user_id == user_id)
    if query.status is None:
        statement = statement.where(Autopay.status != AutopayStatus.CANCELLED.value)
    else:
        statement = statement.where(Autopay.status == query.status.value)
    if query.phone_number is not None:
        statement = statement.where(Autopay.phone_number == query.phone_number)
    return statement


def select_every(user_id: UUID) -> Select[Autopay]:
    """All of the customer's autopays, the cancelled ones, too."""
    return select(Autopay).where(Autopay.user_id == user_id)


def select_attempts(user_id: UUID, autopay_id: UUID | None = None) -> Select[AutopayAttempt]:
    """The tries of an autopay, or of all of the customer's."""
    statement = select(AutopayAttempt).where(AutopayAttempt.user_id == user_id)
    return statement if autopay_id is None else statement.where(AutopayAttempt.autopay_id == autopay_id)


def select_all_autopays(query: StaffAutopayQuery) -> Select[Autopay]:
    """All customers' autopays, narrowed by the filters that have an index in the list's order."""
    statement = select(Autopay)
    if query.user_id is not None:
        return statement.where(Autopay.user_id == query.user_id)
    if query.phone_number is not None:
        return statement.where(Autopay.phone_number == query.phone_number)
    return statement


def match_autopays(entity: type[Autopay], query: StaffAutopayQuery) -> list[ColumnElement[bool]]:
    """The conditions of the filters, on autopays or an alias of them."""
    equal = (
        (entity.phone_number, query.phone_number),
        (entity.status, query.status),
        (entity.pause_reason, query.pause_reason),
        (entity.kind, query.kind),
        (entity.tag, query.tag),
        (entity.payment_method, query.payment_method),
        (entity.operator, query.operator),
        (entity.plan_id, query.plan_id),
    )
    conditions = [column == value for column, value in equal if value is not None]
    return [*conditions, *query.between(column_of(entity.next_due))]


async def get_in_scope(
    db: AsyncSession, user_id: UUID, autopay_id: UUID, scope: ColumnElement[bool]
) -> Autopay | None:
    """One of a customer's autopays, if it is in scope."""
    query = select(Autopay).where(Autopay.user_id == user_id, Autopay.autopay_id == autopay_id, scope)
    return (await db.scalars(query)).one_or_none()


async def count_due(
    db: AsyncSession, *, since: datetime, until: datetime, scope: ColumnElement[bool]
) -> list[tuple[date, int, int]]:
    """How many active autopays are due on each day in India between two instants, and the sum of their prices in paise."""
    day = cast(func.timezone("Asia/Kolkata", Autopay.next_due), Date).label("day")
    query = select(day, func.count(), func.sum(Autopay.price)).where(
        Autopay.next_due >= since,
        Autopay.next_due < until,
        Autopay.status == AutopayStatus.ACTIVE.value,
        scope,
    )
    rows = await db.execute(query.group_by(day).order_by(day))
    return [(row_day, int(count), int(total)) for row_day, count, total in rows]


async def claim(db: AsyncSession, *, limit: int, lease_seconds: float) -> list[Autopay]:
    """Lease up to `limit` autopays that a worker has to look at, of all customers."""
    rows = await _DUE.claim(db, limit=limit, lease_seconds=lease_seconds, pinned=clock.pinned())
    return [autopay for (autopay,) in rows]


async def add_attempt(db: AsyncSession, **values: Any) -> None:
    """Write a try down."""
    await db.execute(insert(AutopayAttempt).values(values))


async def delete_all(db: AsyncSession, user_id: UUID) -> None:
    """Delete all that is kept of the customer's autopays."""
    await db.execute(delete(AutopayAttempt).where(AutopayAttempt.user_id == user_id))
    await db.execute(delete(Autopay).where(Autopay.user_id == user_id))
