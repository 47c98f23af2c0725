"""`/reports/me`: a customer's own reports."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import Query, Request
from fastapi.responses import StreamingResponse

from gencharge.core.errors import DatabaseUnavailable, ServerBusy, ValidationFailed
from gencharge.core.http import language, web
from gencharge.reports import service
from gencharge.reports.definitions import Ask, Report
from gencharge.reports.direct_service import DirectReports
from gencharge.reports.errors import ReportTooLarge
from gencharge.reports.query_schemas import PeriodQuery, StatementQuery
from gencharge.reports.schemas import FILES
from gencharge.reports.service import Order
from gencharge.sessions.guards import USER_ERRORS, Principal, SignedInUser

router = web.router("reports")
_ERRORS: Final = (*USER_ERRORS, ValidationFailed, ReportTooLarge, DatabaseUnavailable, ServerBusy)
Asked = Annotated[PeriodQuery, Query()]


@router.get(
    "/me/transactions",
    summary="My transactions as a file",
    response_class=StreamingResponse,
    responses=FILES | web.errors(*_ERRORS),
)
async def get_own_transactions(user: SignedInUser, request: Request, query: Asked) -> StreamingResponse:
    """A row for each recharge, top-up, refund and reward, the oldest first, as `GET /wallet/transactions` has them."""
    return await _send(request, user, service.OWN_REPORTS["transactions"], query)


@router.get(
    "/me/statement",
    summary="My wallet's statement as a file",
    response_class=StreamingResponse,
    responses=FILES | web.errors(*_ERRORS),
)
async def get_own_statement(
    user: SignedInUser, request: Request, query: Annotated[StatementQuery, Query()]
) -> StreamingResponse:
    """Every movement of my balance in a month or a time, the oldest first, with the balance after it, between the opening and the closing balance."""
    return await _send(request, user, service.OWN_REPORTS["statement"], query)


async def _send(request: Request, user: Principal, report: Report, query: PeriodQuery) -> StreamingResponse:
    app = request.scope["app"]
    ask = Ask(principal=user, query=query, settings=app.state.settings)
    order = Order(report=report, ask=ask, masks_contacts=False, language=language.spoken())
    file = await DirectReports.of(app).answer(order)
    return service.reply(order, file)
