"""`/analytics/cohorts`, `/analytics/segments` and `/analytics/forecast` (staff)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated, Any, Final

from fastapi import Query
from fastapi.responses import Response

from gencharge.analytics import customers_staff_service as service
from gencharge.analytics import staff_service
from gencharge.analytics.customers_schemas import (
    CohortFigures,
    ForecastFigures,
    OperatorQuery,
    SegmentFigures,
)
from gencharge.analytics.staff_routes import CACHE, IfNoneMatch, Reader
from gencharge.core.errors import DatabaseUnavailable, ValidationFailed
from gencharge.core.http import web
from gencharge.core.http.cached import NOT_MODIFIED
from gencharge.core.postgres.replica import ReadingDb
from gencharge.sessions.guards import SCOPED_ERRORS, Principal

router = web.router("analytics")
_RESPONSES: Final[dict[int | str, Any]] = {
    **NOT_MODIFIED,
    **web.errors(ValidationFailed, DatabaseUnavailable, *SCOPED_ERRORS),
}
Asked = Annotated[OperatorQuery, Query()]


async def _answer(
    db: ReadingDb,
    admin: Principal,
    query: OperatorQuery,
    if_none_match: str | None,
    show: Callable[[ReadingDb, Principal, OperatorQuery], Awaitable[Any]],
) -> Response:
    await staff_service.freeze(db)
    tag = await service.etag(db, admin, query, show.__name__)
    headers = {"ETag": f'"{tag}"', "Cache-Control": CACHE}
    if if_none_match is not None and headers["ETag"] in if_none_match:
        return Response(status_code=304, headers=headers)
    return web.reply(await show(db, admin, query), headers=headers)


@router.get(
    "/cohorts",
    summary="Retention by the month of the first recharge (staff)",
    response_model=CohortFigures,
    responses=_RESPONSES,
)
async def get_cohorts(
    admin: Reader, db: ReadingDb, query: Asked, if_none_match: IfNoneMatch = None
) -> Response:
    """How many of the customers who began in a month recharge one, two, three months later. 304 as long as nothing more was counted."""
    return await _answer(db, admin, query, if_none_match, service.cohorts)


@router.get(
    "/segments",
    summary="Customers by recency, frequency and money (staff)",
    response_model=SegmentFigures,
    responses=_RESPONSES,
)
async def get_segments(
    admin: Reader, db: ReadingDb, query: Asked, if_none_match: IfNoneMatch = None
) -> Response:
    """How many customers are in each segment, by fixed bounds, and what they bring. 304 as long as nothing more was counted."""
    return await _answer(db, admin, query, if_none_match, service.segments)


@router.get(
    "/forecast",
    summary="Plans that end, and expected renewals (staff)",
    response_model=ForecastFigures,
    responses=_RESPONSES,
)
async def get_forecast(
    admin: Reader, db: ReadingDb, query: Asked, if_none_match: IfNoneMatch = None
) -> Response:
    """Base plans that end on each of the next thirty days, by operator, circle and plan, and how many renewals to expect from what
    customers did lately. 304 as long as nothing more was counted."""
    return await _answer(db, admin, query, if_none_match, service.forecast)
