"""SQL of mandates. Decides nothing."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, delete, func, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.core.postgres import leases
from gencharge.core.values import clock
from gencharge.mandates.models import Mandate, MandateStatus, MandateToken
from gencharge.mandates.schemas import MandateQuery
from gencharge.mandates.staff_schemas import StaffMandateQuery

LIVE = (MandateStatus.PENDING.value, MandateStatus.ACTIVE.value)
_DUE = leases.LeasedQueue(
    Mandate,
    Mandate.next_check_at <= leases.NOW,
    order=Mandate.next_check_at,
    lease=Mandate.leased_until,
)
_REGISTERED_BY = text("""
    SELECT mandates.user_id, mandate_id FROM mandates
    JOIN unnest(CAST(:users AS uuid[]), CAST(:payments AS uuid[])) AS paid(user_id, payment_id)
        ON mandates.user_id = paid.user_id AND mandates.payment_id = paid.payment_id
    ORDER BY 1, 2
""")


async def add_mandate(db: AsyncSession, **values: Any) -> bool:
    """A new mandate. False if its payment has one."""
    statement = insert(Mandate).values(values).on_conflict_do_nothing().returning(Mandate.mandate_id)
    return await db.scalar(statement) is not None


async def find_by_payment(db: AsyncSession, user_id: UUID, payment_id: UUID) -> Mandate | None:
    """The mandate that a payment registers."""
    query = select(Mandate).where(Mandate.user_id == user_id, Mandate.payment_id == payment_id)
    return (await db.scalars(query)).one_or_none()


async def list_registered_by(
    db: AsyncSession, payments: Collection[tuple[UUID, UUID]]
) -> list[tuple[UUID, UUID]]:
    """Those mandates that these payments (customer and payment) register, by customer and mandate, in the order in which they are locked."""
    if not payments:
        return []
    rows = await db.execute(
        _REGISTERED_BY, {"users": [user for user, _ in payments], "payments": [each for _, each in payments]}
    )
    return [(user_id, mandate_id) for user_id, mandate_id in rows]


async def get_mandate(db: AsyncSession, user_id: UUID, mandate_id: UUID) -> Mandate | None:
    """One of the customer's mandates, as it is in the database now."""
    return await db.get(Mandate, (user_id, mandate_id), populate_existing=True)


async def lock_mandate(db: AsyncSession, user_id: UUID, mandate_id: UUID) -> Mandate | None:
    """One of the customer's mandates, held to the end of the transaction."""
    statement = select(Mandate).where(Mandate.user_id == user_id, Mandate.mandate_id == mandate_id)
    locked = statement.with_for_update().execution_options(populate_existing=True)
    return (await db.scalars(locked)).one_or_none()


async def list_live_ids(db: AsyncSession, user_id: UUID) -> list[UUID]:
    """The ids of the customer's pending and active mandates."""
    query = select(Mandate.mandate_id).where(Mandate.user_id == user_id, Mandate.status.in_(LIVE))
    return list(await db.scalars(query.order_by(Mandate.mandate_id)))


async def count_live(db: AsyncSession, user_id: UUID) -> int:
    """How many pending and active mandates the customer has."""
    query = select(func.count()).where(Mandate.user_id == user_id, Mandate.status.in_(LIVE))
    return int(await db.scalar(query) or 0)


def select_mandates(user_id: UUID, query: MandateQuery | None = None) -> Select[Mandate]:
    """The customer's mandates that match."""
    statement = select(Mandate).where(Mandate.user_id == user_id)
    if query is None or query.status is None:
        return statement
    return statement.where(Mandate.status == query.status.value)


def select_all(query: StaffMandateQuery) -> Select[Mandate]:
    """All customers' mandates, or those of one."""
    statement = select(Mandate)
    return statement if query.user_id is None else statement.where(Mandate.user_id == query.user_id)


def match(entity: type[Mandate], query: StaffMandateQuery) -> list[ColumnElement[bool]]:
    """The conditions of the filters, on mandates or an alias of them."""
    equal = (
        (entity.status, query.status),
        (entity.end_reason, query.end_reason),
        (entity.method, query.payment_method),
    )
    return [column == value for column, value in equal if value is not None]


async def set_values(db: AsyncSession, mandate: Mandate, values: Mapping[str, Any]) -> None:
    """Change a mandate, and return its lease."""
    statement = (
        update(Mandate)
        .where(Mandate.user_id == mandate.user_id, Mandate.mandate_id == mandate.mandate_id)
        .values(leased_until=None, **values)
        .execution_options(synchronize_session=False)
    )
    await db.execute(statement)


async def add_token(db: AsyncSession, mandate: Mandate, token_hash: str) -> None:
    """Write down whose mandate a token is."""
    values = {"token_hash": token_hash, "user_id": mandate.user_id, "mandate_id": mandate.mandate_id}
    await db.execute(insert(MandateToken).values(values).on_conflict_do_nothing())


async def find_by_token(db: AsyncSession, token_hash: str) -> tuple[UUID, UUID] | None:
    """Whose mandate a token is: customer and mandate."""
    row = await db.get(MandateToken, token_hash)
    return None if row is None else (row.user_id, row.mandate_id)


async def check_at(db: AsyncSession, user_id: UUID, mandate_id: UUID, instant: datetime) -> None:
    """The gateway is asked about a mandate at this instant, if not before."""
    statement = update(Mandate).where(Mandate.user_id == user_id, Mandate.mandate_id == mandate_id)
    earliest = func.least(func.coalesce(Mandate.next_check_at, instant), instant)
    await db.execute(
        statement.values(next_check_at=earliest, checks=0).execution_options(synchronize_session=False)
    )


async def claim(db: AsyncSession, *, limit: int, lease_seconds: float) -> list[Mandate]:
    """Lease up to `limit` mandates about which the gateway is to be asked or told, of all customers."""
    rows = await _DUE.claim(db, limit=limit, lease_seconds=lease_seconds, pinned=clock.pinned())
    return [mandate for (mandate,) in rows]


async def delete_all(db: AsyncSession, user_id: UUID) -> None:
    """Delete all that is kept of the customer's mandates."""
    hashes = (await db.scalars(select(Mandate.token_hash).where(Mandate.user_id == user_id))).all()
    for token_hash in filter(None, hashes):
        await db.execute(delete(MandateToken).where(MandateToken.token_hash == token_hash))
    await db.execute(delete(Mandate).where(Mandate.user_id == user_id))
