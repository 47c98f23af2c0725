"""SQL of velocity. Decides nothing. What is held back is written by `sql/hold_back.sql`."""

from __future__ import annotations

from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import ColumnElement, Select, delete, func, select, tuple_
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.core.http.limit_classes import network_of
from gencharge.core.http.paging import Order, PageQuery, column_of, fetch_page
from gencharge.velocity.models import (
    AllowanceScope,
    HeldBack,
    VelocityAllowance,
    VelocityCaution,
    VelocityDevicePayer,
    VelocityPayer,
)
from gencharge.velocity.staff_schemas import AllowanceQuery, HeldBackQuery

_OLDEST: Final = Order(column_of(HeldBack.first_at), column_of(HeldBack.held_back_id), descending=False)


async def list_of_user(
    db: AsyncSession, user_id: UUID, page: PageQuery
) -> tuple[list[HeldBack], str | None, int | None]:
    """A page of what was held back from a customer, the oldest first."""
    return await fetch_page(db, select(HeldBack).where(HeldBack.user_id == user_id), _OLDEST, page)


async def delete_of_user(db: AsyncSession, user_id: UUID) -> None:
    """Delete what was held back from a customer, and the allowances for them."""
    await db.execute(delete(HeldBack).where(HeldBack.user_id == user_id))
    await db.execute(delete(VelocityCaution).where(VelocityCaution.user_id == user_id))
    await db.execute(delete(VelocityPayer).where(VelocityPayer.payer_id == user_id))
    await db.execute(delete(VelocityDevicePayer).where(VelocityDevicePayer.payer_id == user_id))
    await db.execute(
        delete(VelocityAllowance).where(VelocityAllowance.subject == subject_of(user_id=user_id))
    )


async def add_caution(db: AsyncSession, *, user_id: UUID, reason: str, ends_at: datetime) -> None:
    """Look more closely at a customer until `ends_at`; a caution that lasts longer keeps its end."""
    statement = insert(VelocityCaution).values(user_id=user_id, reason=reason, ends_at=ends_at)
    later = func.greatest(VelocityCaution.ends_at, statement.excluded.ends_at)
    await db.execute(
        statement.on_conflict_do_update(
            index_elements=[VelocityCaution.user_id], set_={"reason": reason, "ends_at": later}
        )
    )


async def find_caution_end(db: AsyncSession, *, user_id: UUID, after: datetime) -> datetime | None:
    """When the customer's caution ends, if it ends `after` that."""
    own = (VelocityCaution.user_id == user_id, VelocityCaution.ends_at > after)
    return (await db.scalars(select(VelocityCaution.ends_at).where(*own))).one_or_none()


def subject_of(
    *, user_id: UUID | None = None, phone_number: str | None = None, address: str | None = None
) -> str:
    """Whose bounds an allowance multiplies, as `velocity_bounds` and `hold_payer_back` look it up; one of them is given."""
    if user_id is not None:
        return f"{AllowanceScope.USER}:{user_id}"
    if phone_number is not None:
        return f"{AllowanceScope.NUMBER}:{phone_number}"
    assert address is not None
    return f"{AllowanceScope.ADDRESS}:{network_of(address)}"


def select_held_back(query: HeldBackQuery) -> Select[HeldBack]:
    """What was held back from all customers, narrowed by the filters that have an index in the list's order."""
    statement = select(HeldBack)
    if query.user_id is not None:
        statement = statement.where(HeldBack.user_id == query.user_id)
    return statement.where(*query.between(column_of(HeldBack.first_at)))


def match_held_back(entity: type[HeldBack], query: HeldBackQuery) -> list[ColumnElement[bool]]:
    """The conditions of the filters, on what was held back or an alias of it."""
    equal = {
        entity.rule: query.rule,
        entity.kind: query.kind,
        entity.phone_number: query.phone_number,
        entity.address: query.address,
        entity.subject: None if query.device_id is None else str(query.device_id),
    }
    conditions = [column == value for column, value in equal.items() if value is not None]
    return [*conditions, *query.within(column_of(entity.amount), column_of(entity.first_at))]


def select_allowances(query: AllowanceQuery) -> Select[VelocityAllowance]:
    """All allowances, narrowed by what they are for."""
    statement = select(VelocityAllowance)
    if query.user_id is not None:
        statement = statement.where(VelocityAllowance.subject == subject_of(user_id=query.user_id))
    if query.phone_number is not None:
        subject = subject_of(phone_number=query.phone_number)
        statement = statement.where(VelocityAllowance.subject == subject)
    if query.address is not None:
        statement = statement.where(VelocityAllowance.subject == subject_of(address=query.address))
    return statement


def match_allowances(
    entity: type[VelocityAllowance], query: AllowanceQuery, *, now: datetime
) -> list[ColumnElement[bool]]:
    """The condition of the filter `is_live`, on the allowances or an alias of them."""
    if query.is_live is None:
        return []
    is_live = column_of(entity.ends_at) > now
    return [is_live if query.is_live else ~is_live]


async def lock_allowance(db: AsyncSession, allowance_id: UUID) -> VelocityAllowance | None:
    """An allowance, which nobody else changes before the transaction ends."""
    statement = select(VelocityAllowance).where(VelocityAllowance.allowance_id == allowance_id)
    locked = statement.with_for_update().execution_options(populate_existing=True)
    allowance: VelocityAllowance | None = await db.scalar(locked)
    return allowance


async def count_held_back(db: AsyncSession, *, since: datetime) -> tuple[int, int]:
    """How many rows began since then, and of how many customers."""
    statement = select(func.count(), func.count(func.distinct(HeldBack.user_id)))
    row = (await db.execute(statement.where(HeldBack.first_at >= since))).one()
    return int(row[0]), int(row[1])


async def purge(db: AsyncSession, *, before: datetime, limit: int) -> int:
    """Delete up to `limit` rows that began before then, and the allowances that ended before: how many."""
    key = tuple_(HeldBack.user_id, HeldBack.held_back_id)
    old = select(HeldBack.user_id, HeldBack.held_back_id).where(HeldBack.first_at < before).limit(limit)
    deleted = await db.execute(delete(HeldBack).where(key.in_(old)).returning(HeldBack.held_back_id))
    ended = delete(VelocityAllowance).where(VelocityAllowance.ends_at < before)
    allowances = await db.execute(ended.returning(VelocityAllowance.allowance_id))
    await db.execute(delete(VelocityCaution).where(VelocityCaution.ends_at < before))
    return len(deleted.all()) + len(allowances.all())


async def delete_payers(db: AsyncSession, *, before: datetime) -> int:
    """Delete who paid from which network and device before then, which counts no more: how many."""
    of_networks = delete(VelocityPayer).where(VelocityPayer.paid_at < before)
    of_devices = delete(VelocityDevicePayer).where(VelocityDevicePayer.paid_at < before)
    rows = (await db.execute(of_networks.returning(VelocityPayer.payer_id))).all()
    return len(rows) + len((await db.execute(of_devices.returning(VelocityDevicePayer.payer_id))).all())
