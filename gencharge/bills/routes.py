"""`/bills`: what is due on postpaid numbers."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Query, Request

from gencharge.bills import service
from gencharge.bills.context_service import BillsContext
from gencharge.bills.errors import (
    BillLookupsExceeded,
    BillNotFound,
    BillOperatorRequired,
    BillOperatorUnavailable,
    NoBillDue,
    NumberIsPrepaid,
    NumberNotOfOperator,
)
from gencharge.bills.schemas import BillOut, BillPage, BillQuery, FetchBill
from gencharge.core.errors import DatabaseUnavailable, MalformedJson, ValidationFailed
from gencharge.core.http import web
from gencharge.core.http.paging import CursorInvalid
from gencharge.core.postgres.database import Db, ResourceLocked, WriteConflict
from gencharge.operators.errors import CircleInvalid, OperatorInvalid
from gencharge.recharge.errors import OperatorDown
from gencharge.sessions.guards import USER_ERRORS, SignedInUser

router = web.router("bills")
_ALWAYS = (*USER_ERRORS, ValidationFailed, DatabaseUnavailable)
_REFUSALS = (NumberIsPrepaid, NoBillDue, NumberNotOfOperator, BillOperatorUnavailable, OperatorDown)


@router.post(
    "/fetch",
    summary="Fetch a postpaid bill",
    responses=web.errors(
        *_REFUSALS,
        OperatorInvalid,
        CircleInvalid,
        BillOperatorRequired,
        BillLookupsExceeded,
        MalformedJson,
        ResourceLocked,
        WriteConflict,
        *_ALWAYS,
    ),
)
async def fetch_bill(user: SignedInUser, request: Request, body: FetchBill) -> BillOut:
    """Ask the operator what is due on a postpaid number. Asking changes nothing at the operator; the bill is kept in my list."""
    return await service.fetch(BillsContext.of(request.app), user.user_id, body)


@router.get("", summary="My bills", responses=web.errors(CursorInvalid, *_ALWAYS))
async def list_bills(user: SignedInUser, db: Db, query: Annotated[BillQuery, Query()]) -> BillPage:
    """The bills that I fetched, the newest first, each as it was when it was last fetched."""
    return await service.list_bills(db, user.user_id, query)


@router.get("/{bill_id}", summary="One bill", responses=web.errors(BillNotFound, *_ALWAYS))
async def get_bill(user: SignedInUser, db: Db, bill_id: UUID) -> BillOut:
    """One of my bills, as it was when it was last fetched."""
    return await service.show(db, user.user_id, bill_id)
