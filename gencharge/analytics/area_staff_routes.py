"""`/analytics/{area}`: figures of customers, the staff, plans, offers, referrals, autopay, payments and deliveries (staff)."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import Depends, Query
from fastapi.responses import Response

from gencharge.analytics import area_staff_service, staff_service
from gencharge.analytics.area_schemas import models_of
from gencharge.analytics.area_service import AREAS
from gencharge.analytics.areas import Area
from gencharge.analytics.staff_routes import CACHE, IfNoneMatch
from gencharge.analytics.staff_schemas import FiguresQuery, PeriodQuery
from gencharge.core.errors import DatabaseUnavailable, ValidationFailed
from gencharge.core.http import web
from gencharge.core.http.cached import NOT_MODIFIED
from gencharge.core.postgres.replica import ReadingDb
from gencharge.sessions.guards import ADMIN_ERRORS, SCOPED_ERRORS, Action, Principal, Requires, Resource

router = web.router("analytics")
_FIGURES: Final = Depends(Requires(Resource.ANALYTICS, Action.READ, scoped=True))
_ABOUT: Final = """Totals, periods, trends, growth and distributions, by days in India. It takes `Analytics:read` and `{}:read`.
304 as long as nothing more was counted."""


async def _answer(
    db: ReadingDb, admin: Principal, area: Area, query: PeriodQuery, if_none_match: str | None
) -> Response:
    await staff_service.freeze(db)
    headers = {
        "ETag": f'"{await area_staff_service.etag(db, admin, area, query)}"',
        "Cache-Control": CACHE,
    }
    if if_none_match is not None and headers["ETag"] in if_none_match:
        return Response(status_code=304, headers=headers)
    return web.reply(await area_staff_service.show(db, admin, area, query), headers=headers)


def _add(area: Area) -> None:
    reader = Depends(Requires(area.resource, Action.READ, scoped=area.is_scoped))

    async def of_operators(
        db: ReadingDb,
        query: Annotated[FiguresQuery, Query()],
        admin: Principal = reader,
        if_none_match: IfNoneMatch = None,
    ) -> Response:
        return await _answer(db, admin, area, query, if_none_match)

    async def of_all(
        db: ReadingDb,
        query: Annotated[PeriodQuery, Query()],
        admin: Principal = reader,
        if_none_match: IfNoneMatch = None,
    ) -> Response:
        return await _answer(db, admin, area, query, if_none_match)

    router.add_api_route(
        f"/{area.name}",
        of_operators if area.is_scoped else of_all,
        methods=["GET"],
        name=f"get_{area.name.replace('-', '_')}_figures",
        summary=f"Figures of {area.title} (staff)",
        description=_ABOUT.format(area.resource),
        dependencies=[_FIGURES],
        response_model=models_of(area)["figures"],
        responses={
            **NOT_MODIFIED,
            **web.errors(
                ValidationFailed, DatabaseUnavailable, *(SCOPED_ERRORS if area.is_scoped else ADMIN_ERRORS)
            ),
        },
    )


for _area in AREAS:
    _add(_area)
