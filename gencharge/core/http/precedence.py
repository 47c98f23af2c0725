"""Which route is tried first, and how it is found without trying them all."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Final

from fastapi import APIRouter
from fastapi.routing import APIRoute
from starlette._utils import get_route_path
from starlette.exceptions import HTTPException
from starlette.routing import BaseRoute, Match
from starlette.types import Receive, Scope, Send

_ROUTE: Final = "gencharge.route"
_ALLOWED: Final = "gencharge.allowed_methods"
_FIXED_SEGMENTS: Final = 3
# How many segments a path has, and its beginning: `/v1/plans/{plan_id}` is (4, "/v1/plans").
Group = tuple[int, str]


def in_order(*routers: APIRouter) -> list[BaseRoute]:
    """The routes of all routers, in the order to try them, whatever the order in which the rooms come.

    Fixed paths come before paths with parameters, so that `/plans/export` is never taken for a plan's id.
    """
    return sorted((route for router in routers for route in router.routes), key=_precedence)


def _precedence(route: BaseRoute) -> tuple[bool, ...]:
    """A path as one flag a segment, True for a parameter; none at all for a fixed path. False sorts before True."""
    segments = tuple("{" in segment for segment in getattr(route, "path", "").split("/"))
    return segments if any(segments) else ()


class RouteIndex(BaseRoute):
    """Comes before the routes it was made of, and finds the one of a request by its path.

    FastAPI's router tries one route after the other, a regular expression each; over all rooms that costs more than
    a small request. The index leads to the same route as trying `routes` in their order would. What it does not hold
    (a path whose beginning has a parameter, routes added later) is still found by the router's own search.
    """

    def __init__(self, routes: Iterable[BaseRoute]) -> None:
        self._fixed: dict[str, list[BaseRoute]] = defaultdict(list)
        self._groups: dict[Group, list[BaseRoute]] = defaultdict(list)
        for route in routes:
            if not isinstance(route, APIRoute):
                continue
            if "{" not in route.path:
                self._fixed[route.path].append(route)
            elif (group := _group_of(route.path)) is not None and ":path}" not in route.path:
                self._groups[group].append(route)

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """The match of the route that the request is for. A path that lacks the method is a match, too: it ends here.

        A fixed path is a resource of its own: `DELETE /plans/export` is never the plan with the id "export".
        """
        if scope["type"] != "http":
            return Match.NONE, {}
        path = get_route_path(scope)
        for find in (self._fixed.get, self._with_parameters):
            partial: list[APIRoute] = []
            for route in find(path) or ():
                match, child_scope = route.matches(scope)
                if match is Match.FULL:
                    child_scope[_ROUTE] = route
                    return match, child_scope
                if match is Match.PARTIAL and isinstance(route, APIRoute):
                    partial.append(route)
            if partial:
                return Match.FULL, {_ALLOWED: _methods(partial)}
        return Match.NONE, {}

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer by the route that `matches` found. Raises HTTPException 405 if the path lacks the method."""
        if _ALLOWED in scope:
            # Each route alone would name its own method only (RFC 9110, section 10.2.1: all of the resource's).
            methods = scope[_ALLOWED]
            # The edge answers HEAD wherever there is a GET.
            methods = methods | {"HEAD"} if "GET" in methods else methods
            raise HTTPException(405, headers={"Allow": ", ".join(sorted(methods))})
        await scope[_ROUTE].handle(scope, receive, send)

    def _with_parameters(self, path: str) -> list[BaseRoute] | None:
        group = _group_of(path)
        return self._groups.get(group) if group is not None else None


def _methods(routes: list[APIRoute]) -> set[str]:
    """The methods of the path that comes first."""
    return {method for route in routes if route.path == routes[0].path for method in route.methods or ()}


def _group_of(path: str) -> Group | None:
    segments = path.split("/")
    beginning = "/".join(segments[:_FIXED_SEGMENTS])
    return (len(segments), beginning) if "{" not in beginning else None
