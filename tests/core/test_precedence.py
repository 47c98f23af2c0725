"""Which route is tried first: the routes themselves decide, in whatever order their routers come."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from itertools import product
from uuid import UUID

import httpx
import pytest
from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute, APIWebSocketRoute
from starlette.routing import BaseRoute, Match

from gencharge import wiring
from gencharge.auth.routes import FormRoute
from gencharge.core.http import web
from gencharge.core.http.precedence import RouteIndex, in_order

SOME_ID = "0198c0de-0000-7000-8000-000000000000"
# What routes may ask: the application, set by `house`.
_SCOPE: dict[str, object] = {"type": "http", "root_path": ""}


@pytest.fixture(autouse=True)
def house(app: FastAPI) -> None:
    """A route may look at the application's settings when it decides whether it matches."""
    _SCOPE["app"] = app


def first_match(
    routes: Sequence[BaseRoute], method: str, path: str, content_type: bytes = b"application/json"
) -> BaseRoute:
    """The route that the router would take."""
    scope = _request(method, path, content_type)
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


def _request(method: str, path: str, content_type: bytes) -> dict[str, object]:
    return {**_SCOPE, "method": method, "path": path, "headers": [(b"content-type", content_type)]}


def _chosen(routes: Sequence[BaseRoute], scope: dict[str, object]) -> tuple[BaseRoute | None, object]:
    """What the router would do: the first full match with its parameters, else the methods of the first path that fits."""
    partial: list[APIRoute] = []
    for route in routes:
        match, child = route.matches(scope)
        if "gencharge.allowed_methods" in child:
            return None, child["gencharge.allowed_methods"]
        fixed = partial and "{" not in partial[0].path
        if match is Match.FULL and not (fixed and child["route"].path != partial[0].path):
            return child["route"], child["path_params"]
        if match is Match.PARTIAL and isinstance(route, APIRoute):
            partial.append(route)
    return None, {method for route in partial if route.path == partial[0].path for method in route.methods}


METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD")
CONTENT_TYPES = (b"application/json", b"application/x-www-form-urlencoded")


def test_the_index_leads_to_the_route_that_a_search_finds() -> None:
    routes = in_order(*wiring.ROUTERS)
    index = RouteIndex(routes)
    templates = {route.path for route in routes if isinstance(route, APIRoute)}
    paths = [re.sub(r"\{[^}]+\}", SOME_ID, template) for template in templates]
    odd = [path + "/" for path in paths] + ["/", "", "//", "/v1", "/v1/", "/v1/nothing", "/v1/plans//x"]
    for path in paths + odd:
        # A route whose path is another one matches with no method and no content: asked once, not twelve times.
        fitting = [
            route for route in routes if not isinstance(route, APIRoute) or route.path_regex.match(path)
        ]
        for method, content_type in product(METHODS, CONTENT_TYPES):
            scope = _request(method, path, content_type)
            assert _chosen([index], scope) == _chosen(fitting, scope), (method, path, content_type)


def test_the_index_holds_every_route_of_the_house() -> None:
    routes = in_order(*wiring.ROUTERS)
    for route in routes:
        if isinstance(route, APIWebSocketRoute):
            continue  # its requests are no HTTP requests; the search finds it
        assert isinstance(route, APIRoute)
        for method in route.methods:
            path = re.sub(r"\{[^}]+\}", SOME_ID, route.path)
            assert _chosen([RouteIndex(routes)], _request(method, path, _content_type(route)))[0] is route


async def test_a_fixed_path_is_a_resource_of_its_own() -> None:
    app, router = FastAPI(), web.router("things")

    @router.get("/export")
    async def export_things() -> None: ...

    @router.post("/export")
    async def start_export() -> None: ...

    @router.delete("/{name}", status_code=200)
    async def delete_thing(name: str) -> str:
        return name

    app.router.routes[:] = [RouteIndex(routes := in_order(router)), *routes]
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as client:
        for method in ("DELETE", "PUT", "OPTIONS"):
            refused = await client.request(method, "/v1/things/export")
            assert (refused.status_code, refused.headers["allow"]) == (405, "GET, HEAD, POST"), method
        assert (await client.delete("/v1/things/one")).json() == "one"
        assert (await client.get("/v1/things/one")).headers["allow"] == "DELETE"
        assert (await client.get("/v1/things/export/more")).status_code == 404


async def test_what_the_index_does_not_hold_is_left_to_the_search() -> None:
    router = APIRouter()

    async def nothing() -> None: ...

    for path in ("/{z}/b/c", "/files/folder/{name:path}", "/a/b/c/{y}"):
        router.add_api_route(path, nothing)
    index = RouteIndex(router.routes)
    paths = ("/x/b/c", "/files/folder/one/two", "/a/b/c/d")
    matches = [index.matches(_request("GET", path, b""))[0] for path in paths]
    assert matches == [Match.NONE, Match.NONE, Match.FULL]
