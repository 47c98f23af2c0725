"""`/analytics`: figures (staff)."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import Depends, Header, Query
from fastapi.responses import Response

from gencharge.analytics import plans_staff_service, revenue_staff_service, staff_service
from gencharge.analytics.revenue_schemas import RevenueFigures
from gencharge.analytics.staff_schemas import ActivePlanFigures, FiguresQuery, TransactionFigures
from gencharge.core.errors import DatabaseUnavailable, ValidationFailed
from gencharge.core.http import web
from gencharge.core.http.cached import NOT_MODIFIED
from gencharge.core.postgres.replica import ReadingDb
from gencharge.sessions.guards import SCOPED_ERRORS, Action, Principal, Requires, Resource

router = web.router("analytics")
Reader = Annotated[Principal, Depends(Requires(Resource.ANALYTICS, Action.READ, scoped=True))]
# What one admin sees is not what another one may.
CACHE: Final = "private, no-cache"
IfNoneMatch = Annotated[
    str | None, Header(max_length=200, description="The `ETag` of an answer that you have.")
]


@router.get(
    "/transactions",
    summary="Figures of recharges (staff)",
    response_model=TransactionFigures,
    responses={**NOT_MODIFIED, **web.errors(ValidationFailed, DatabaseUnavailable, *SCOPED_ERRORS)},
)
async def get_transaction_figures(
    admin: Reader,
    db: ReadingDb,
    query: Annotated[FiguresQuery, Query()],
    if_none_match: IfNoneMatch = None,
) -> Response:
    """Totals, periods, trends, growth, distributions and top tens of recharges. They are counted a moment after what
    happens, and equal the ledger to the paisa. 304 as long as nothing more was counted."""
    await staff_service.freeze(db)
    headers = {"ETag": f'"{await staff_service.etag(db, admin, query)}"', "Cache-Control": CACHE}
    if if_none_match is not None and headers["ETag"] in if_none_match:
        return Response(status_code=304, headers=headers)
    return web.reply(await staff_service.transactions(db, admin, query), headers=headers)


@router.get(
    "/revenue",
    summary="Figures of revenue (staff)",
    response_model=RevenueFigures,
    responses={**NOT_MODIFIED, **web.errors(ValidationFailed, DatabaseUnavailable, *SCOPED_ERRORS)},
)
async def get_revenue_figures(
    admin: Reader,
    db: ReadingDb,
    query: Annotated[FiguresQuery, Query()],
    if_none_match: IfNoneMatch = None,
) -> Response:
    """Revenue, commission, discounts, cashback and the gateway's fees: totals, periods, trends, growth, and by operator, channel, plan,
    circle, way of paying and source. Equal to the ledger to the paisa. 304 as long as nothing more was counted."""
    await staff_service.freeze(db)
    headers = {"ETag": f'"{await revenue_staff_service.etag(db, admin, query)}"', "Cache-Control": CACHE}
    if if_none_match is not None and headers["ETag"] in if_none_match:
        return Response(status_code=304, headers=headers)
    return web.reply(await revenue_staff_service.show(db, admin, query), headers=headers)


@router.get(
    "/current-active-plans",
    summary="Figures of the plans that run now (staff)",
    response_model=ActivePlanFigures,
    responses={**NOT_MODIFIED, **web.errors(ValidationFailed, DatabaseUnavailable, *SCOPED_ERRORS)},
)
async def get_active_plan_figures(
    admin: Reader,
    db: ReadingDb,
    query: Annotated[FiguresQuery, Query()],
    if_none_match: IfNoneMatch = None,
) -> Response:
    """How many plans run and wait, by operator, circle, type, category and plan, and how many end on each of the next thirty days:
    counted every five minutes. How many were bought: periods, trends and growth, counted a moment after what happens. 304 as long as
    nothing more was counted."""
    await staff_service.freeze(db)
    headers = {"ETag": f'"{await plans_staff_service.etag(db, admin, query)}"', "Cache-Control": CACHE}
    if if_none_match is not None and headers["ETag"] in if_none_match:
        return Response(status_code=304, headers=headers)
    return web.reply(await plans_staff_service.show(db, admin, query), headers=headers)
