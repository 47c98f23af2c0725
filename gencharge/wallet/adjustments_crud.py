"""SQL of the adjustments. Decides nothing."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Select, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.core.http.paging import column_of
from gencharge.core.postgres import leases
from gencharge.users.models import User
from gencharge.wallet.models import Adjustment, AdjustmentKey, AdjustmentStatus
from gencharge.wallet.staff_schemas import AdjustmentQuery

_OVERDUE = leases.Queue(
    Adjustment,
    Adjustment.status == AdjustmentStatus.PENDING,
    Adjustment.expires_at <= leases.NOW,
    order=Adjustment.requested_at,
    changes={Adjustment.status: AdjustmentStatus.EXPIRED, Adjustment.decided_at: leases.NOW},
)


async def add_key(
    db: AsyncSession,
    *,
    requested_by: UUID,
    idempotency_key: str,
    request_hash: bytes,
    user_id: UUID,
    adjustment_id: UUID,
) -> bool:
    """Record an admin's Idempotency-Key. False if it was used before; waits for a transaction that is using it."""
    statement = (
        insert(AdjustmentKey)
        .values(
            requested_by=requested_by,
            idempotency_key=idempotency_key,
            request_hash=request_hash,
            user_id=user_id,
            adjustment_id=adjustment_id,
        )
        .on_conflict_do_nothing()
    )
    return await db.scalar(statement.returning(AdjustmentKey.adjustment_id)) is not None


async def get_key(db: AsyncSession, *, requested_by: UUID, idempotency_key: str) -> AdjustmentKey | None:
    """What an admin's Idempotency-Key was used for."""
    return await db.get(AdjustmentKey, (requested_by, idempotency_key))


async def get(db: AsyncSession, *, user_id: UUID, adjustment_id: UUID) -> Adjustment | None:
    """One adjustment of a customer, as it is in the database now."""
    return await db.get(Adjustment, (user_id, adjustment_id), populate_existing=True)


async def decide(
    db: AsyncSession,
    *,
    user_id: UUID,
    adjustment_id: UUID,
    admin_id: UUID,
    status: AdjustmentStatus,
    note: str,
    now: datetime,
) -> Adjustment | None:
    """Decide on a pending adjustment that has not expired: of many calls at once, one gets the row, the others None.

    Only the admin who requested it can cancel it, and only another admin can approve or reject it.
    """
    is_own = column_of(Adjustment.requested_by) == admin_id
    statement = (
        update(Adjustment)
        .where(
            Adjustment.user_id == user_id,
            Adjustment.adjustment_id == adjustment_id,
            Adjustment.status == AdjustmentStatus.PENDING,
            Adjustment.expires_at > now,
            is_own if status is AdjustmentStatus.CANCELLED else ~is_own,
        )
        .values(status=status.value, decided_by=admin_id, decided_at=now, decision_note=note)
        .returning(Adjustment)
        .execution_options(populate_existing=True)
    )
    return (await db.scalars(statement)).one_or_none()


async def expire(db: AsyncSession, *, now: datetime, limit: int) -> list[Adjustment]:
    """Close up to `limit` pending adjustments of all customers that have expired, oldest first, each of them once."""
    rows = await _OVERDUE.take(db, limit=limit, pinned=now)
    return [adjustment for (adjustment,) in rows]


async def lock_customer(db: AsyncSession, *, user_id: UUID) -> User | None:
    """The customer, whose account can't be closed before the transaction ends."""
    statement = select(User).where(User.user_id == user_id).with_for_update(read=True)
    customer: User | None = await db.scalar(statement.execution_options(populate_existing=True))
    return customer


def select_all(query: AdjustmentQuery) -> Select[Adjustment]:
    """All customers' adjustments, narrowed by the most selective filter that has an index in the list's order."""
    statement = select(Adjustment)
    if query.user_id is not None:
        statement = statement.where(Adjustment.user_id == query.user_id)
    elif query.requested_by is not None:
        statement = statement.where(Adjustment.requested_by == query.requested_by)
    elif query.status is not None:
        statement = statement.where(Adjustment.status == query.status)
    return statement.where(*query.between(column_of(Adjustment.requested_at)))


def match(entity: type[Adjustment], query: AdjustmentQuery) -> list[ColumnElement[bool]]:
    """The conditions of the filters, on adjustments or an alias of them."""
    equal = {
        entity.status: query.status,
        entity.direction: query.direction,
        entity.reason: query.reason,
        entity.requested_by: query.requested_by,
        entity.decided_by: query.decided_by,
    }
    conditions = [column == value for column, value in equal.items() if value is not None]
    return [*conditions, *query.within(column_of(entity.amount), column_of(entity.requested_at))]
