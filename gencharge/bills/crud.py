"""Queries of bills."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, delete, func, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.bills.models import Bill, BillLookups, BillStatus
from gencharge.bills.staff_schemas import StaffBillQuery
from gencharge.core.http.paging import Order, PageParams, PageQuery, column_of, fetch_page

_NEWEST = Order(column_of(Bill.created_at), column_of(Bill.bill_id))


async def get_bill(db: AsyncSession, user_id: UUID, bill_id: UUID) -> Bill | None:
    """One of the customer's bills."""
    return await db.get(Bill, (user_id, bill_id))


async def lock_bill(db: AsyncSession, user_id: UUID, bill_id: UUID) -> Bill | None:
    """One of the customer's bills, locked to the end of the transaction."""
    query = select(Bill).where(Bill.user_id == user_id, Bill.bill_id == bill_id).with_for_update()
    return (await db.scalars(query.execution_options(populate_existing=True))).one_or_none()


async def lock_bill_of_payment(db: AsyncSession, user_id: UUID, recharge_id: UUID) -> Bill | None:
    """The customer's bill whose last payment this is, locked to the end of the transaction."""
    query = select(Bill).where(Bill.user_id == user_id, Bill.recharge_id == recharge_id).with_for_update()
    return (await db.scalars(query.execution_options(populate_existing=True))).one_or_none()


async def add_bill(db: AsyncSession, bill: Bill) -> None:
    """Write a bill down, unless a concurrent request has."""
    values = {column.key: getattr(bill, column.key) for column in Bill.__table__.columns}
    values = {name: value for name, value in values.items() if value is not None}
    await db.execute(insert(Bill).values(**values).on_conflict_do_nothing())


async def lock_bills_of_number(
    db: AsyncSession, user_id: UUID, phone_number: str, operator: str
) -> list[Bill]:
    """The customer's bills of a number at an operator, oldest first, locked to the end of the transaction."""
    query = (
        select(Bill)
        .where(Bill.user_id == user_id, Bill.phone_number == phone_number, Bill.operator == operator)
        .order_by(Bill.bill_id)
        .with_for_update()
    )
    return list(await db.scalars(query.execution_options(populate_existing=True)))


def _of(user_id: UUID, status: BillStatus | None, phone_number: str | None) -> Select[Bill]:
    query = select(Bill).where(Bill.user_id == user_id)
    if status is not None:
        query = query.where(Bill.status == status)
    return query if phone_number is None else query.where(Bill.phone_number == phone_number)


async def list_bills(
    db: AsyncSession,
    user_id: UUID,
    page: PageQuery | PageParams,
    *,
    status: BillStatus | None = None,
    phone_number: str | None = None,
) -> tuple[list[Bill], str | None, int | None]:
    """A page of the customer's bills, the newest first."""
    return await fetch_page(db, _of(user_id, status, phone_number), _NEWEST, page)


def select_all_bills(query: StaffBillQuery) -> Select[Bill]:
    """All customers' bills by the most selective filter that an index answers in the list's order."""
    statement = select(Bill)
    if query.user_id is not None:
        statement = statement.where(Bill.user_id == query.user_id)
    elif query.phone_number is not None:
        statement = statement.where(Bill.phone_number == query.phone_number)
    return statement


def match_bills(entity: type[Bill], query: StaffBillQuery) -> list[ColumnElement[bool]]:
    """The conditions of all filters."""
    equal: dict[Any, Any] = {
        entity.phone_number: query.phone_number,
        entity.operator: query.operator,
        entity.status: query.status,
    }
    return [column == value for column, value in equal.items() if value is not None]


async def get_bill_in_scope(
    db: AsyncSession, user_id: UUID, bill_id: UUID, scope: ColumnElement[bool]
) -> Bill | None:
    """One bill of the customer's, if it is in scope."""
    query = select(Bill).where(Bill.user_id == user_id, Bill.bill_id == bill_id, scope)
    bill: Bill | None = await db.scalar(query)
    return bill


async def lock_number(db: AsyncSession, phone_number: str) -> None:
    """Let no other transaction write a bill of the number down until this one ends. Every customer's count, so it has no row to lock."""
    await db.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(f"bill of {phone_number}", 0))))


async def count_new_customers(
    db: AsyncSession, phone_number: str, since: datetime, *, besides: UUID
) -> int | None:
    """How many other customers got a bill of the number for the first time since then; None if `besides` has one."""
    own = func.count().filter(Bill.user_id == besides)
    others = func.count(Bill.user_id.distinct()).filter(Bill.user_id != besides, Bill.created_at >= since)
    had, new = (await db.execute(select(own, others).where(Bill.phone_number == phone_number))).one()
    return None if had else int(new)


async def list_to_remind(
    db: AsyncSession, days: Mapping[int, date], now: datetime, limit: int
) -> Sequence[Bill]:
    """Bills of all customers that are due on one of these days and have not had that day's reminder, none fetched lately.

    `days`: the due day of each stage.
    """
    wants = [
        (Bill.due_on == day) & (Bill.reminded_days.is_distinct_from(stage)) for stage, day in days.items()
    ]
    query = select(Bill).where(Bill.status == BillStatus.DUE.value, Bill.expires_at <= now, or_(*wants))
    query = query.order_by(Bill.due_on, Bill.user_id, Bill.bill_id).limit(limit)
    bills = (await db.scalars(query)).all()
    for bill in bills:
        db.expunge(bill)
    return bills


async def list_due(db: AsyncSession, user_id: UUID) -> Sequence[Bill]:
    """The customer's bills that are to be paid, the latest due day first."""
    query = select(Bill).where(Bill.user_id == user_id, Bill.status == BillStatus.DUE)
    return (await db.scalars(query.order_by(Bill.due_on.desc(), Bill.bill_id.desc()))).all()


async def lock_lookups(db: AsyncSession, user_id: UUID) -> BillLookups:
    """What the customer asked for lately, locked to the end of the transaction."""
    await db.execute(insert(BillLookups).values(user_id=user_id, numbers={}).on_conflict_do_nothing())
    query = select(BillLookups).where(BillLookups.user_id == user_id).with_for_update()
    return (await db.scalars(query.execution_options(populate_existing=True))).one()


async def delete_all(db: AsyncSession, user_id: UUID) -> None:
    """Delete all bills of the customer, and whose bills they asked for."""
    await db.execute(delete(Bill).where(Bill.user_id == user_id))
    await db.execute(delete(BillLookups).where(BillLookups.user_id == user_id))
