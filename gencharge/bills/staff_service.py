"""What the staff see of all customers' bills. Refunds of a payment are those of its recharge (`recharge.staff_service`)."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import ColumnElement
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.bills import crud, views
from gencharge.bills.errors import BillNotFound
from gencharge.bills.models import Bill
from gencharge.bills.staff_schemas import StaffBillOut, StaffBillPage, StaffBillQuery
from gencharge.core.http.paging import Order, column_of, fetch_bounded_page
from gencharge.core.values import clock
from gencharge.sessions.guards import Principal, within
from gencharge.users import service as users
from gencharge.users.models import UserBrief


async def list_bills(db: AsyncSession, admin: Principal, query: StaffBillQuery) -> StaffBillPage:
    """A page of all customers' bills; for an admin limited to some operators, those of these operators."""

    def matches(entity: type[Bill]) -> Sequence[ColumnElement[bool]]:
        return [*crud.match_bills(entity, query), within(admin, column_of(entity.operator))]

    order = Order(column_of(Bill.created_at), column_of(Bill.bill_id), query.sort == "-created_at")
    rows, cursor = await fetch_bounded_page(db, crud.select_all_bills(query), matches, order, query)
    briefs = await users.briefs(db, (row.user_id for row in rows))
    return StaffBillPage(items=[_out(row, briefs.get(row.user_id)) for row in rows], next_cursor=cursor)


async def get_bill(db: AsyncSession, admin: Principal, user_id: UUID, bill_id: UUID) -> StaffBillOut:
    """One bill of a customer. Raises BillNotFound, also if it is out of the admin's scope."""
    bill = await crud.get_bill_in_scope(db, user_id, bill_id, within(admin, column_of(Bill.operator)))
    if bill is None:
        raise BillNotFound
    return _out(bill, (await users.briefs(db, [user_id])).get(user_id))


def _out(bill: Bill, brief: UserBrief | None) -> StaffBillOut:
    return StaffBillOut(**views.bill_out(bill, clock.now()).__dict__, user_id=bill.user_id, user=brief)
