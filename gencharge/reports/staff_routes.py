"""`/reports`: what the rooms hold, as files, for the staff. A route for each report, made from its definition."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Annotated, Any, Final

from fastapi import Depends, Query, Request
from fastapi.responses import StreamingResponse

from gencharge.core import telemetry
from gencharge.core.errors import (
    DatabaseUnavailable,
    DocumentsUnavailable,
    ServerBusy,
    ValidationFailed,
)
from gencharge.core.http import language, web
from gencharge.core.http.paging import CursorInvalid, Page, Paging, slice_page
from gencharge.reports import service
from gencharge.reports.definitions import Ask, Report
from gencharge.reports.direct_service import DirectReports
from gencharge.reports.errors import ReportTooLarge
from gencharge.reports.schemas import FILES, ReportOut
from gencharge.reports.service import Order
from gencharge.sessions.errors import OperatorScopeTooNarrow
from gencharge.sessions.guards import SCOPED_ERRORS, Action, Gate, Principal, Requires, Resource

router = web.router("reports")
Reader = Annotated[Principal, Depends(Requires(Resource.REPORTS, Action.READ, scoped=True))]
_FAILURES: Final = (ValidationFailed, ReportTooLarge, DatabaseUnavailable, DocumentsUnavailable, ServerBusy)


@router.get(
    "",
    summary="Reports that you may have (staff)",
    response_model=Page[ReportOut],
    responses=web.errors(*SCOPED_ERRORS, ValidationFailed, CursorInvalid),
)
async def list_reports(admin: Reader, request: Request, page: Paging) -> Page[ReportOut]:
    """The reports that your role allows, with their columns and filters, by name."""
    granted = Gate.of(request.scope["app"]).grants.get(admin.role, frozenset())
    own = [service.show(report, language.spoken()) for report in service.allowed(granted, admin)]
    items, cursor, total = slice_page(own, page, lambda report: (report.name,))
    return Page(items=items, next_cursor=cursor, total=total)


def _endpoint_of(report: Report) -> Callable[..., Coroutine[Any, Any, StreamingResponse]]:
    """The function of a report's route. It is given its annotations as objects, because the model of its filters is the report's."""

    async def endpoint(admin: Any, request: Any, query: Any) -> StreamingResponse:
        ask = Ask(principal=admin, query=query, settings=request.scope["app"].state.settings)
        masks = telemetry.context().masks_contacts
        order = Order(report=report, ask=ask, masks_contacts=masks, language=language.spoken())
        return service.reply(order, await DirectReports.of(request.scope["app"]).answer(order))

    assert report.resource is not None, "a report of the staff"
    may_read = Requires(report.resource, Action.READ, scoped=report.scoped)
    endpoint.__name__ = f"get_{report.name.replace('-', '_')}"
    endpoint.__doc__ = f"{report.about}\n\nAt most {service.MAX_DIRECT_ROWS:,} rows, of a PDF 5,000."
    endpoint.__annotations__ = {
        "admin": Annotated[Principal, Depends(may_read)],
        "request": Request,
        "query": Annotated[report.query, Query()],
        "return": StreamingResponse,
    }
    return endpoint


def _add_route(report: Report) -> None:
    refusals = SCOPED_ERRORS if report.scoped else (*SCOPED_ERRORS, OperatorScopeTooNarrow)
    router.add_api_route(
        f"/{report.name}",
        _endpoint_of(report),
        methods=["GET"],
        summary=f"{report.title} as a file (staff)",
        # Both permissions: to take reports, and to read what this one is about.
        dependencies=[Depends(Requires(Resource.REPORTS, Action.READ, scoped=True))],
        response_class=StreamingResponse,
        responses=FILES | web.errors(*refusals, *_FAILURES),
    )


for _report in service.REPORTS.values():
    _add_route(_report)
