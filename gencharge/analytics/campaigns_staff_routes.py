"""`/analytics/campaigns`: what campaigns brought (staff)."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import Depends, Query
from fastapi.responses import Response

from gencharge.analytics import campaigns_staff_service as service
from gencharge.analytics import staff_service
from gencharge.analytics.campaigns_schemas import CampaignsFigures
from gencharge.analytics.staff_routes import CACHE, IfNoneMatch
from gencharge.analytics.staff_schemas import PeriodQuery
from gencharge.core.errors import DatabaseUnavailable, ValidationFailed
from gencharge.core.http import web
from gencharge.core.http.cached import NOT_MODIFIED
from gencharge.core.postgres.replica import ReadingDb
from gencharge.sessions.guards import ADMIN_ERRORS, Action, Principal, Requires, Resource

router = web.router("analytics")
_FIGURES: Final = Depends(Requires(Resource.ANALYTICS, Action.READ, scoped=True))
# A campaign is for customers of all operators, so an admin limited to some operators does not see it.
Reader = Annotated[Principal, Depends(Requires(Resource.OFFERS, Action.READ))]


@router.get(
    "/campaigns",
    summary="Figures of campaigns (staff)",
    dependencies=[_FIGURES],
    response_model=CampaignsFigures,
    responses={**NOT_MODIFIED, **web.errors(ValidationFailed, DatabaseUnavailable, *ADMIN_ERRORS)},
)
async def get_campaign_figures(
    admin: Reader, db: ReadingDb, query: Annotated[PeriodQuery, Query()], if_none_match: IfNoneMatch = None
) -> Response:
    """Whom the campaigns that started on these days reached, how often their offers were shown and used, what that cost, and what it
    brought against the control groups. It takes `Analytics:read` and `Offers:read`. 304 as long as nothing more was counted."""
    del admin
    await staff_service.freeze(db)
    figures = await service.show(db, query)
    headers = {"ETag": f'"{service.etag(figures)}"', "Cache-Control": CACHE}
    if if_none_match is not None and headers["ETag"] in if_none_match:
        return Response(status_code=304, headers=headers)
    return web.reply(figures, headers=headers)
