"""`/analytics/{area}/chart.svg` and `.png`: trends and distributions as pictures (staff)."""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import Depends, Query, Request
from fastapi.responses import Response
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.analytics import chart_staff_service as service
from gencharge.analytics import staff_service
from gencharge.analytics.chart_schemas import ChartFormat
from gencharge.analytics.chart_staff_service import SOURCES, Source
from gencharge.analytics.charts import Chart
from gencharge.analytics.staff_routes import CACHE, IfNoneMatch
from gencharge.core.errors import DatabaseUnavailable, ValidationFailed
from gencharge.core.http import language, web
from gencharge.core.http.cached import NOT_MODIFIED
from gencharge.core.postgres.replica import headers_of, lag_of
from gencharge.sessions.guards import ADMIN_ERRORS, SCOPED_ERRORS, Action, Principal, Requires, Resource

router = web.router("analytics")
_FIGURES: Final = Requires(Resource.ANALYTICS, Action.READ, scoped=True)
_TYPES: Final = {ChartFormat.SVG: "image/svg+xml", ChartFormat.PNG: "image/png"}
# A chart opened by itself runs nothing and fetches nothing, whatever a name in it says.
_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"
_PICTURE: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "description": "The picture.",
        "content": {kind: {"schema": {"type": "string", "format": "binary"}} for kind in _TYPES.values()},
    }
}
_ABOUT: Final = """A trend by day or month, or a distribution, as a picture of 960 points across, with its title in English or Hindi as
`Accept-Language` asks. It takes the same permissions as the figures. 304 as long as nothing more was counted."""


def _add(source: Source) -> None:
    what = source.charted
    reader = (
        _FIGURES if what.resource is None else Requires(what.resource, Action.READ, scoped=what.is_scoped)
    )

    async def get_chart(
        request: Request,
        format: ChartFormat,
        query: Any,
        admin: Principal = Depends(reader),
        if_none_match: IfNoneMatch = None,
    ) -> Response:
        service.measure_of(what, query)

        async def unit(db: AsyncSession) -> tuple[str, Chart | None, float | None]:
            await staff_service.freeze(db)
            tag = f'"{await service.etag(db, admin, source, query, format)}"'
            if if_none_match is not None and tag in if_none_match:
                return tag, None, lag_of(db)
            return tag, await service.plan(db, admin, source, query), lag_of(db)

        # Not a dependency: the connection is given back before the drawing begins.
        tag, chart, lag = await request.scope["app"].state.stores.reading.run(unit)
        headers = {
            "ETag": tag,
            "Cache-Control": CACHE,
            **language.HEADERS[language.spoken()],
            **headers_of(lag),
        }
        if chart is None:
            return Response(status_code=304, headers=headers)
        picture = await service.draw(chart, query.theme, format)
        headers["Content-Security-Policy"] = _POLICY
        return Response(picture, media_type=_TYPES[format], headers=headers)

    # Each area has measures and distributions of its own.
    get_chart.__annotations__["query"] = Annotated[what.query, Query()]
    router.add_api_route(
        f"/{what.name}/chart.{{format}}",
        get_chart,
        methods=["GET"],
        name=f"get_{what.name.replace('-', '_')}_chart",
        summary=f"A chart of figures: {what.name} (staff)",
        description=_ABOUT,
        dependencies=[Depends(_FIGURES)],
        response_class=Response,
        responses={
            **_PICTURE,
            **NOT_MODIFIED,
            **web.errors(
                ValidationFailed, DatabaseUnavailable, *(SCOPED_ERRORS if what.is_scoped else ADMIN_ERRORS)
            ),
        },
    )


for _source in SOURCES:
    _add(_source)
