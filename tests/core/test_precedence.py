"""Which route is tried first: the routes themselves decide, in whatever order their routers come."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from uuid import UUID

import pytest
from fastapi import APIRouter
from fastapi.routing import APIRoute
from starlette.routing import BaseRoute, Match

from gencharge import wiring
from gencharge.auth.routes import FormRoute
from gencharge.core.http import web
from gencharge.core.http.cached import CachedRoute
from gencharge.core.http.direct import DirectRoute
from gencharge.core.http.precedence import in_order

SOME_ID = "0198c0de-0000-7000-8000-000000000000"


def first_match(
    routes: Sequence[BaseRoute], method: str, path: str, content_type: bytes = b"application/json"
) -> BaseRoute:
    """The route that the router would take."""
    headers = [(b"content-type", content_type)]
    scope = {"type": "http", "method": method, "path": path, "root_path": "", "headers": headers}
    return next(route for route in routes if route.matches(scope)[0] == Match.FULL)


def unreachable(routes: Sequence[BaseRoute]) -> list[str]:
    """The routes that another one takes the requests of."""
    return [
        f"{method} {route.path}"
        for route in routes
        if isinstance(route, APIRoute)
        for method in route.methods or ()
        if first_match(routes, method, re.sub(r"\{[^}]+\}", SOME_ID, route.path), _content_type(route))
        is not route
    ]


def _content_type(route: APIRoute) -> bytes:
    return b"application/x-www-form-urlencoded" if isinstance(route, FormRoute) else b"application/json"


@pytest.mark.parametrize("seed", range(5))
def test_every_route_of_the_house_is_reached_in_whatever_order_rooms_come(seed: int) -> None:
    routers = random.Random(seed).sample(list(wiring.ROUTERS), len(wiring.ROUTERS))
    assert unreachable(in_order(*routers)) == []


def test_without_the_order_some_would_not_be_reached() -> None:
    routes = [route for router in reversed(wiring.ROUTERS) for route in router.routes]
    assert unreachable(list(reversed(routes)))


def test_a_fixed_path_comes_before_an_id_of_another_router() -> None:
    one, other = web.router("things"), web.router("things")

    @one.get("/{thing_id}")
    async def get_thing(thing_id: UUID) -> None: ...

    @other.get("/export")
    async def export_things() -> None: ...

    for routers in ((one, other), (other, one)):
        assert first_match(in_order(*routers), "GET", "/v1/things/export") is other.routes[0]


def test_a_longer_fixed_part_comes_before_a_parameter_in_its_place() -> None:
    router = APIRouter()

    async def nothing() -> None: ...

    for path in ("/a/{x}/c", "/a/b/{y}", "/{z}/b/c"):
        router.add_api_route(path, nothing)
    paths = [route.path for route in in_order(router) if isinstance(route, APIRoute)]
    assert paths == ["/a/b/{y}", "/a/{x}/c", "/{z}/b/c"]


def test_direct_and_cached_routes_come_before_the_other_fixed_paths() -> None:
    fast = [isinstance(route, DirectRoute | CachedRoute) for route in in_order(*wiring.ROUTERS)]
    assert sum(fast) > 8
    assert all(fast[:9])
