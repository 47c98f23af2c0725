"""SQL of velocity. Decides nothing. What is held back is written by `sql/hold_back.sql`."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.core.http.paging import Order, PageQuery, column_of, fetch_page
from gencharge.velocity.models import HeldBack, VelocityAllowance

_OLDEST: Final = Order(column_of(HeldBack.first_at), column_of(HeldBack.held_back_id), descending=False)


async def list_of_user(
    db: AsyncSession, user_id: UUID, page: PageQuery
) -> tuple[list[HeldBack], str | None, int | None]:
    """A page of what was held back from a customer, the oldest first."""
    return await fetch_page(db, select(HeldBack).where(HeldBack.user_id == user_id), _OLDEST, page)


async def delete_of_user(db: AsyncSession, user_id: UUID) -> None:
    """Delete what was held back from a customer, and the allowances for them."""
    await db.execute(delete(HeldBack).where(HeldBack.user_id == user_id))
    await db.execute(delete(VelocityAllowance).where(VelocityAllowance.subject == f"user:{user_id}"))
