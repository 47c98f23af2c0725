"""Queries of the one-time codes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

from sqlalchemy import Select, delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.core.http.paging import Order, PageQuery, column_of, fetch_page
from gencharge.core.postgres.database import Database
from gencharge.offers.models import OfferCode, OfferUse
from gencharge.offers.staff_schemas import OfferCodeQuery

_FIND: Final = "SELECT offer_id, bound_to, recharge_id FROM offer_codes WHERE code = $1"
_OLDEST: Final = Order(column_of(OfferCode.created_at), column_of(OfferCode.code), descending=False)


class CodeRow(NamedTuple):
    """A one-time code as it is now."""

    offer_id: UUID
    bound_to: UUID | None
    recharge_id: UUID | None


async def find_code(database: Database, code: str) -> CodeRow | None:
    """The one-time code, without a session."""
    row = await database.fetch_row(_FIND, code)
    return CodeRow(*row) if row is not None else None


async def add_codes(
    db: AsyncSession,
    offer_id: UUID,
    batch_id: UUID,
    codes: Sequence[tuple[str, UUID | None]],
    *,
    created_at: datetime,
) -> set[str]:
    """Store codes, each with the customer whom it is for (None: anybody). Returns those that are new."""
    values = [
        {
            "code": code,
            "offer_id": offer_id,
            "batch_id": batch_id,
            "bound_to": user_id,
            "created_at": created_at,
        }
        for code, user_id in codes
    ]
    # One statement for all sizes, compiled once.
    statement = insert(OfferCode).on_conflict_do_nothing().returning(OfferCode.code)
    return set(await db.scalars(statement, values))


async def list_page(
    db: AsyncSession, offer_id: UUID, query: OfferCodeQuery
) -> tuple[list[OfferCode], str | None, int | None]:
    """A page of an offer's codes, the oldest first."""
    statement = select(OfferCode).where(OfferCode.offer_id == offer_id)
    if query.is_used is not None:
        used = OfferCode.recharge_id.is_not(None)
        statement = statement.where(used if query.is_used else ~used)
    if query.batch_id is not None:
        statement = statement.where(OfferCode.batch_id == query.batch_id)
    if query.code is not None:
        statement = statement.where(OfferCode.code == query.code)
    return await fetch_page(db, statement, _OLDEST, query)


async def count_free(db: AsyncSession, offer_id: UUID) -> int:
    """How many codes of an offer are not used."""
    statement = select(func.count()).where(OfferCode.offer_id == offer_id, OfferCode.recharge_id.is_(None))
    return await db.scalar(statement) or 0


def _of_customer(user_id: UUID) -> Select[Any]:
    return select(OfferCode).where(OfferCode.bound_to == user_id)


async def list_bound_to(
    db: AsyncSession, user_id: UUID, page: PageQuery
) -> tuple[list[OfferCode], str | None, int | None]:
    """A page of the codes that only this customer may use."""
    return await fetch_page(db, _of_customer(user_id), _OLDEST, page)


async def list_uses(
    db: AsyncSession, user_id: UUID, page: PageQuery
) -> tuple[list[OfferUse], str | None, int | None]:
    """A page of a customer's uses of offers, the oldest first."""
    order = Order(column_of(OfferUse.created_at), column_of(OfferUse.recharge_id), descending=False)
    return await fetch_page(db, select(OfferUse).where(OfferUse.user_id == user_id), order, page)


async def delete_free_of(db: AsyncSession, user_id: UUID) -> None:
    """Delete the codes that only this customer could have used and did not."""
    await db.execute(delete(OfferCode).where(OfferCode.bound_to == user_id, OfferCode.recharge_id.is_(None)))
