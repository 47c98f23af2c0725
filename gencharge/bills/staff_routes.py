"""`/bills/admin`: all customers' bills (staff)."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query

from gencharge.bills import staff_service
from gencharge.bills.errors import BillNotFound
from gencharge.bills.staff_schemas import StaffBillOut, StaffBillPage, StaffBillQuery
from gencharge.core.errors import DatabaseUnavailable, ValidationFailed
from gencharge.core.http import web
from gencharge.core.http.paging import CursorInvalid
from gencharge.core.postgres.database import Db
from gencharge.sessions.guards import SCOPED_ERRORS, Action, Principal, Requires, Resource

router = web.router("bills")
Reader = Annotated[Principal, Depends(Requires(Resource.RECHARGE, Action.READ, scoped=True))]
_READING = (ValidationFailed, DatabaseUnavailable, *SCOPED_ERRORS)


@router.get("/admin", summary="All customers' bills (staff)", responses=web.errors(CursorInvalid, *_READING))
async def staff_list_bills(admin: Reader, db: Db, query: Annotated[StaffBillQuery, Query()]) -> StaffBillPage:
    """The bills that customers fetched, the newest first, each as it was when it was last fetched; for an admin limited to some operators,
    those of these operators. A page may hold fewer than `limit` and still have a next one.
    """
    return await staff_service.list_bills(db, admin, query)


@router.get(
    "/admin/{user_id}/{bill_id}",
    summary="One bill of a customer (staff)",
    responses=web.errors(BillNotFound, *_READING),
)
async def staff_get_bill(admin: Reader, db: Db, user_id: UUID, bill_id: UUID) -> StaffBillOut:
    """As it was when it was last fetched. Its payment is the recharge `recharge_id`, which the staff refund."""
    return await staff_service.get_bill(db, admin, user_id, bill_id)
