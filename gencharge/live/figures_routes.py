"""`/analytics/live`: today's figures, as they grow (staff)."""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import Depends, Header, Request
from fastapi.responses import Response

from gencharge.auth.errors import ForeignOrigin
from gencharge.core.errors import ServerBusy, ServerRestarting, ValidationFailed
from gencharge.core.http import web
from gencharge.live.changes import ID
from gencharge.live.errors import TooManyLiveConnections
from gencharge.live.figures_service import Watchers
from gencharge.live.routes import EventStream, check_request
from gencharge.sessions.guards import SCOPED_ERRORS, Action, Principal, Requires, Resource

router = web.router("analytics")
Reader = Annotated[Principal, Depends(Requires(Resource.ANALYTICS, Action.READ, scoped=True))]
_SSE: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "description": "Server-sent events: `welcome`, then `figures`, and `end`.",
        "content": {"text/event-stream": {"schema": {"type": "string"}}},
    }
}


async def _open(request: Request) -> Watchers:
    watchers = Watchers.of(request.app)
    allowed = request.app.state.settings.cors_origins
    check_request(watchers, request.headers, request.scope["query_string"], allowed)
    return watchers


@router.get(
    "/live",
    summary="Today's figures as server-sent events (staff)",
    status_code=200,
    response_class=EventStream,
    responses=_SSE
    | web.errors(
        *SCOPED_ERRORS, ForeignOrigin, ValidationFailed, TooManyLiveConnections, ServerBusy, ServerRestarting
    ),
)
async def live_figures(
    request: Request,
    watchers: Annotated[Watchers, Depends(_open)],
    admin: Reader,
    last_event_id: Annotated[
        str | None,
        Header(pattern=ID.pattern, description="Not needed: each message has all figures of today."),
    ] = None,
) -> Response:
    """Recharges since midnight in India, delivered and failed, what was paid for them, and how many a minute; together and by operator.
    Sent at once and whenever something changes, at most once a second; counted a moment after what happens. Sign-ups and top-ups are there for admins
    who see all operators. `end` says why the stream ends: with the access token, the session, or the permission."""
    del last_event_id
    watchers.reserve()
    try:
        client = watchers.watch(admin, request.headers["authorization"].encode("latin-1"))
    except BaseException:
        watchers.release()
        raise
    return EventStream(watchers, client)
