"""A customer's autopays and their tries, as lists."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.autopay import crud, views
from gencharge.autopay.errors import AutopayNotFound
from gencharge.autopay.models import Autopay, AutopayAttempt
from gencharge.autopay.schemas import AutopayAttemptPage, AutopayOut, AutopayPage, AutopayQuery
from gencharge.core.http.paging import Order, PageQuery, column_of, fetch_page


async def show(db: AsyncSession, user_id: UUID, autopay_id: UUID) -> AutopayOut:
    """One of the customer's autopays. Raises AutopayNotFound, also for another customer's."""
    autopay = await crud.get_autopay(db, user_id, autopay_id)
    if autopay is None:
        raise AutopayNotFound
    return views.autopay_out(autopay)


async def next_runs(db: AsyncSession, user_id: UUID) -> dict[str, Autopay]:
    """By number, the customer's active autopay that is due next."""
    runs: dict[str, Autopay] = {}
    for autopay in await crud.list_active(db, user_id):
        runs.setdefault(autopay.phone_number, autopay)
    return runs


async def list_autopays(db: AsyncSession, user_id: UUID, query: AutopayQuery) -> AutopayPage:
    """A page of the customer's autopays, the newest first."""
    order = Order(column_of(Autopay.created_at), column_of(Autopay.autopay_id))
    rows, cursor, total = await fetch_page(db, crud.select_autopays(user_id, query), order, query)
    return AutopayPage(items=[views.autopay_out(row) for row in rows], next_cursor=cursor, total=total)


async def list_attempts(
    db: AsyncSession, user_id: UUID, autopay_id: UUID, page: PageQuery
) -> AutopayAttemptPage:
    """A page of an autopay's tries, the newest first. Raises AutopayNotFound."""
    await show(db, user_id, autopay_id)
    order = Order(column_of(AutopayAttempt.attempted_at), column_of(AutopayAttempt.attempt_id))
    rows, cursor, total = await fetch_page(db, crud.select_attempts(user_id, autopay_id), order, page)
    return AutopayAttemptPage(items=[views.attempt_out(row) for row in rows], next_cursor=cursor, total=total)
