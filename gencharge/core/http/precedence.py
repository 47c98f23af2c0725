"""Which route is tried first. It follows from the routes themselves, never from the order in which rooms come."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.routing import BaseRoute

from gencharge.core.http.cached import CachedRoute
from gencharge.core.http.direct import DirectRoute


def in_order(*routers: APIRouter) -> list[BaseRoute]:
    """The routes of all routers, in the order to try them.

    Fixed paths come before paths with parameters, so that `/plans/export` is never taken for a plan's id. Among
    fixed paths the direct and cached ones come first: the router looks at one route after the other.
    """
    return sorted((route for router in routers for route in router.routes), key=_precedence)


def _precedence(route: BaseRoute) -> tuple[tuple[bool, ...], bool]:
    """A path as one flag a segment, True for a parameter; none at all for a fixed path. False sorts before True."""
    segments = tuple("{" in segment for segment in getattr(route, "path", "").split("/"))
    return segments if any(segments) else (), not isinstance(route, CachedRoute | DirectRoute)
