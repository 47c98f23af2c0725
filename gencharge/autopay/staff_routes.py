"""`/autopay/admin`, `/autopay/process-due`: all customers' autopays (staff)."""

from __future__ import annotations

from typing import Annotated, Final
from uuid import UUID

from fastapi import Depends, Query, Request

from gencharge.autopay import staff_service
from gencharge.autopay.errors import AutopayNotFound
from gencharge.autopay.schemas import AutopayAttemptPage
from gencharge.autopay.staff_schemas import (
    DueCalendar,
    ProcessDue,
    ProcessedOut,
    StaffAutopayOut,
    StaffAutopayPage,
    StaffAutopayQuery,
)
from gencharge.bills.service import BillsContext
from gencharge.core.errors import DatabaseUnavailable, MalformedJson, ValidationFailed
from gencharge.core.http import web
from gencharge.core.http.paging import CursorInvalid, Paging
from gencharge.core.postgres.database import Db
from gencharge.payments.service import PaymentContext
from gencharge.recharge.service import Market
from gencharge.sessions.guards import (
    SCOPED_ERRORS,
    STEP_UP_ERRORS,
    Action,
    Principal,
    Requires,
    Resource,
)

router = web.router("autopay")
Reader = Annotated[Principal, Depends(Requires(Resource.AUTOPAY, Action.READ, scoped=True))]
# It runs what is due for the customers of all operators.
Editor = Annotated[Principal, Depends(Requires(Resource.AUTOPAY, Action.EDIT, step_up=True))]
Context = Annotated[PaymentContext, Depends(PaymentContext.get)]
_READING: Final = (ValidationFailed, DatabaseUnavailable, *SCOPED_ERRORS)


@router.get("/admin", responses=web.errors(CursorInvalid, *_READING))
async def staff_list_autopays(
    admin: Reader, db: Db, query: Annotated[StaffAutopayQuery, Query()]
) -> StaffAutopayPage:
    """All customers' autopays, newest first; for an admin limited to some operators, those of these operators.

    A page may hold fewer than `limit` and still have a next one: a rare filter is looked for piece by piece.
    """
    return await staff_service.list_autopays(db, admin, query)


@router.get(
    "/admin/calendar", summary="What is due in the days ahead (staff)", responses=web.errors(*_READING)
)
async def staff_get_calendar(
    admin: Reader,
    db: Db,
    days: Annotated[int, Query(ge=1, le=31, description="How many days, today included.")] = 7,
) -> DueCalendar:
    """How many active autopays are due on each day in India, and what their plans cost together."""
    return await staff_service.calendar(db, admin, days=days)


@router.get("/admin/{user_id}/{autopay_id}", responses=web.errors(AutopayNotFound, *_READING))
async def staff_get_autopay(admin: Reader, db: Db, user_id: UUID, autopay_id: UUID) -> StaffAutopayOut:
    """One autopay of a customer."""
    return await staff_service.get_autopay(db, admin, user_id, autopay_id)


@router.get(
    "/admin/{user_id}/{autopay_id}/attempts",
    summary="What an autopay has done (staff)",
    responses=web.errors(AutopayNotFound, CursorInvalid, *_READING),
)
async def staff_list_attempts(
    admin: Reader, db: Db, user_id: UUID, autopay_id: UUID, page: Paging
) -> AutopayAttemptPage:
    """Every try, newest first, with its recharge or the reason why there is none."""
    return await staff_service.list_attempts(db, admin, user_id, autopay_id, page)


@router.post(
    "/process-due",
    summary="Run what is due now (staff)",
    responses=web.errors(ValidationFailed, MalformedJson, DatabaseUnavailable, *STEP_UP_ERRORS),
)
async def process_due(
    _admin: Editor, request: Request, context: Context, body: ProcessDue | None = None
) -> ProcessedOut:
    """The workers' own job, now and with a result for each autopay. Nothing is charged twice, however often this is asked for."""
    market = await Market.of(request.app, context.database)
    bills = BillsContext.of(request.app)
    return await staff_service.process_due(context, market, limit=(body or ProcessDue()).limit, bills=bills)
