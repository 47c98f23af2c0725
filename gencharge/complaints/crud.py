"""Queries of complaints."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.complaints.models import Complaint, ComplaintStatus
from gencharge.core.http.paging import Order, PageParams, PageQuery, column_of, fetch_page

_NEWEST = Order(column_of(Complaint.created_at), column_of(Complaint.complaint_id))
_MOST_URGENT = Order(column_of(Complaint.due_at), column_of(Complaint.complaint_id), descending=False)


async def add_complaint(db: AsyncSession, **values: Any) -> Complaint | None:
    """Write a complaint down; None if one about the recharge is open."""
    statement = insert(Complaint).values(**values).on_conflict_do_nothing().returning(Complaint)
    return (await db.scalars(statement)).one_or_none()


async def get_complaint(db: AsyncSession, user_id: UUID, complaint_id: UUID) -> Complaint | None:
    """One complaint of a customer."""
    return await db.get(Complaint, (user_id, complaint_id))


async def lock_complaint(db: AsyncSession, user_id: UUID, complaint_id: UUID) -> Complaint | None:
    """One complaint of a customer, locked to the end of the transaction."""
    query = select(Complaint).where(Complaint.user_id == user_id, Complaint.complaint_id == complaint_id)
    query = query.with_for_update().execution_options(populate_existing=True)
    return (await db.scalars(query)).one_or_none()


async def list_of_user(
    db: AsyncSession, user_id: UUID, page: PageQuery | PageParams
) -> tuple[list[Complaint], str | None, int | None]:
    """A page of a customer's complaints, the newest first."""
    return await fetch_page(db, select(Complaint).where(Complaint.user_id == user_id), _NEWEST, page)


async def list_all(
    db: AsyncSession, status: ComplaintStatus, page: PageParams
) -> tuple[list[Complaint], str | None, int | None]:
    """A page of all customers' complaints of a status, the one that is due first at the top."""
    query = select(Complaint).where(Complaint.status == status.value)
    return await fetch_page(db, query, _MOST_URGENT, page)


async def delete_of_user(db: AsyncSession, user_id: UUID) -> None:
    """Delete a customer's complaints."""
    await db.execute(delete(Complaint).where(Complaint.user_id == user_id))


async def find_recharge(db: AsyncSession, complaint_id: UUID) -> tuple[UUID, UUID] | None:
    """The customer and the recharge that a complaint with this id is about."""
    query = select(Complaint.user_id, Complaint.recharge_id).where(Complaint.complaint_id == complaint_id)
    row = (await db.execute(query)).first()
    return None if row is None else (row.user_id, row.recharge_id)
