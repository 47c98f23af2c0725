"""SQL of automatic top-ups. Decides nothing."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, case, delete, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.autopay.models import AutoTopup, AutoTopupCharge, ChargeOutcome, TopupStatus
from gencharge.autopay.topups_schemas import StaffAutoTopupQuery
from gencharge.core.postgres import leases
from gencharge.core.values import clock

_DUE = leases.LeasedQueue(
    AutoTopup,
    AutoTopup.wake_at <= leases.NOW,
    order=AutoTopup.wake_at,
    lease=AutoTopup.leased_until,
)


async def add(db: AsyncSession, **values: Any) -> bool:
    """A customer's setting. False if there is one."""
    statement = insert(AutoTopup).values(values).on_conflict_do_nothing().returning(AutoTopup.user_id)
    return await db.scalar(statement) is not None


async def get(db: AsyncSession, user_id: UUID) -> AutoTopup | None:
    """The customer's setting."""
    return await db.get(AutoTopup, user_id, populate_existing=True)


async def lock(db: AsyncSession, user_id: UUID) -> AutoTopup | None:
    """The customer's setting, held to the end of the transaction."""
    statement = select(AutoTopup).where(AutoTopup.user_id == user_id).with_for_update()
    return (await db.scalars(statement.execution_options(populate_existing=True))).one_or_none()


async def claim(db: AsyncSession, *, limit: int, lease_seconds: float) -> list[AutoTopup]:
    """Lease up to `limit` settings that a worker has to look at, of all customers."""
    rows = await _DUE.claim(db, limit=limit, lease_seconds=lease_seconds, pinned=clock.pinned())
    return [topup for (topup,) in rows]


async def list_due(db: AsyncSession, *, limit: int) -> list[tuple[UUID, int | None]]:
    """Up to `limit` settings that a worker has to look at and nobody looks at now: the customer, and the threshold in paise; None if a payment
    is under way."""
    threshold = case((AutoTopup.payment_id.is_(None), AutoTopup.threshold))
    query = select(AutoTopup.user_id, threshold).where(*_free()).order_by(AutoTopup.wake_at).limit(limit)
    return [(user_id, paise) for user_id, paise in await db.execute(query)]


async def put_off(db: AsyncSession, user_ids: Collection[UUID], until: datetime) -> None:
    """Look at these wallets again at `until`: they hold enough. What was announced is not charged, and the next payment has another key."""
    announced = case((AutoTopup.charge_at.is_(None), 0), else_=1)
    await db.execute(
        update(AutoTopup)
        .where(AutoTopup.user_id.in_(user_ids), AutoTopup.payment_id.is_(None), *_free())
        .values(
            cycle=AutoTopup.cycle + announced,
            charge_at=None,
            tries=0,
            is_armed=True,
            held_back=None,
            wake_at=until,
            leased_until=None,
            updated_at=clock.now(),
        )
        .execution_options(synchronize_session=False)
    )


def _free() -> tuple[ColumnElement[bool], ...]:
    now = leases.instant(clock.pinned())
    return AutoTopup.wake_at <= now, or_(AutoTopup.leased_until.is_(None), AutoTopup.leased_until <= now)


async def settle(db: AsyncSession, row: AutoTopup, values: Mapping[str, Any]) -> bool:
    """Write the end of a step and return the lease. False if the step is no longer the present one."""
    statement = (
        update(AutoTopup)
        .where(
            AutoTopup.user_id == row.user_id,
            AutoTopup.status == TopupStatus.ACTIVE.value,
            AutoTopup.cycle == row.cycle,
            AutoTopup.tries == row.tries,
            AutoTopup.charge_at.is_not_distinct_from(row.charge_at),
            AutoTopup.payment_id.is_not_distinct_from(row.payment_id),
        )
        .values(leased_until=None, updated_at=clock.now(), **values)
        .returning(AutoTopup.user_id)
        .execution_options(synchronize_session=False)
    )
    return await db.scalar(statement) is not None


async def add_charge(db: AsyncSession, **values: Any) -> None:
    """Write down what became of a charge."""
    await db.execute(insert(AutoTopupCharge).values(values))


async def sum_since(db: AsyncSession, user_id: UUID, since: datetime) -> int:
    """What was charged since an instant, in paise."""
    query = select(func.sum(AutoTopupCharge.amount)).where(
        AutoTopupCharge.user_id == user_id,
        AutoTopupCharge.attempted_at >= since,
        AutoTopupCharge.outcome == ChargeOutcome.SUCCEEDED.value,
    )
    return int(await db.scalar(query) or 0)


def select_charges(user_id: UUID) -> Select[AutoTopupCharge]:
    """The customer's charges."""
    return select(AutoTopupCharge).where(AutoTopupCharge.user_id == user_id)


def select_all(query: StaffAutoTopupQuery) -> Select[AutoTopup]:
    """All customers' settings, or that of one."""
    statement = select(AutoTopup)
    return statement if query.user_id is None else statement.where(AutoTopup.user_id == query.user_id)


def match(entity: type[AutoTopup], query: StaffAutoTopupQuery) -> list[ColumnElement[bool]]:
    """The conditions of the filters, on settings or an alias of them."""
    equal = ((entity.status, query.status), (entity.pause_reason, query.pause_reason))
    conditions: list[ColumnElement[bool]] = [column == value for column, value in equal if value is not None]
    if query.is_announced is not None:
        conditions.append(entity.charge_at.is_not(None) if query.is_announced else entity.charge_at.is_(None))
    return conditions


async def delete_all(db: AsyncSession, user_id: UUID) -> None:
    """Delete all that is kept of the customer's automatic top-ups."""
    await db.execute(delete(AutoTopupCharge).where(AutoTopupCharge.user_id == user_id))
    await db.execute(delete(AutoTopup).where(AutoTopup.user_id == user_id))
