"""A route and a model are made when they are first used; what is made before is the same."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Annotated, Any
from uuid import UUID, uuid4

import httpx
import pytest
from fastapi import APIRouter, Depends, FastAPI
from fastapi.exceptions import FastAPIError
from fastapi.routing import APIRoute
from starlette.routing import Match

from gencharge.core.http import on_demand, web
from gencharge.core.http.precedence import RouteIndex


class Lamp(web.Body):
    watts: int


class LampOut(web.Out):
    lamp_id: UUID
    watts: int


class Stranger:
    """Nothing that pydantic knows."""


async def guard() -> int:
    return 1


def lamps() -> APIRouter:
    router = web.router("lamps")

    @router.post("/{lamp_id}", response_model=LampOut, status_code=201)
    async def change_lamp(lamp_id: UUID, body: Lamp) -> LampOut:
        """Change a lamp. All of it."""
        return LampOut(lamp_id=lamp_id, watts=body.watts)

    @router.get("/{lamp_id}/light")
    async def get_light(lamp_id: UUID) -> list[LampOut]:
        return [LampOut(lamp_id=lamp_id, watts=40)]

    @router.get("")
    async def list_lamps(watts: int = 0) -> list[LampOut]:
        return [LampOut(lamp_id=UUID(int=0), watts=watts)]

    return router


def served(router: APIRouter) -> FastAPI:
    app = FastAPI()
    web.install(app)
    app.router.routes[:] = [RouteIndex(router.routes), *router.routes]
    return app


def routes_of(router: APIRouter) -> list[web.Route]:
    return [route for route in router.routes if isinstance(route, web.Route)]


def names_of_whole(router: APIRouter) -> list[str]:
    """The functions of the routes that were made."""
    return [route.name for route in routes_of(router) if "dependant" in vars(route)]


def client_of(app: FastAPI) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://test")


async def test_a_request_makes_its_own_route_and_no_other() -> None:
    router, lamp_id = lamps(), uuid4()
    async with client_of(served(router)) as client:
        assert names_of_whole(router) == []
        answer = await client.post(f"/v1/lamps/{lamp_id}", json={"watts": 60})
        assert (answer.status_code, answer.json()) == (201, {"lamp_id": str(lamp_id), "watts": 60})
        assert names_of_whole(router) == ["change_lamp"]
        refused = await client.post(f"/v1/lamps/{lamp_id}", json={"watts": "60", "colour": "red"})
        assert [problem["field"] for problem in refused.json()["errors"]] == ["body.watts", "body.colour"]
        assert (await client.get("/v1/lamps?volts=1")).json()["errors"][0]["field"] == "query.volts"


async def test_an_address_that_is_none_and_a_method_that_is_none_make_no_route() -> None:
    router = lamps()
    async with client_of(served(router)) as client:
        assert (await client.get("/v1/fans/7")).status_code == 404
        refused = await client.delete("/v1/lamps")
        assert (refused.status_code, refused.headers["allow"]) == (405, "GET, HEAD")
    assert names_of_whole(router) == []


@pytest.mark.parametrize(
    "path", ["/v1/lamps/7", "/v1/lamps", "/v1/lamps/7/light", "/v1/lamp", "/v1/lamps/7/light/8"]
)
def test_a_route_matches_what_fastapi_s_own_matches(path: str) -> None:
    scope = {"type": "http", "method": "GET", "path": path, "root_path": ""}
    for route in routes_of(lamps()):
        own = APIRoute(route.path, route.endpoint, methods=list(route.methods))
        assert route.matches(dict(scope))[0] is own.matches(dict(scope))[0]


def test_a_route_that_is_made_says_of_itself_what_fastapi_s_own_says() -> None:
    for route in routes_of(lamps()):
        before = (route.path, route.name, route.methods, route.endpoint)
        own = APIRoute(route.path, route.endpoint, **route._options)
        own.responses = route.responses  # `Route` adds headers to them
        for name in vars(own).keys() - {"app", "dependant", "body_field", "response_field"}:
            assert getattr(route, name) == getattr(own, name), name
        assert (route.path, route.name, route.methods, route.endpoint) == before


def test_the_document_holds_every_route_whether_it_was_made_or_not() -> None:
    router, other = lamps(), lamps()
    on_demand.make_routes(other.routes)
    assert len(names_of_whole(other)) == 3
    assert served(router).openapi() == served(other).openapi()


def test_a_function_that_fastapi_can_not_take_is_refused_when_the_route_is_made_each_time() -> None:
    async def answer(stranger: Stranger) -> None: ...

    route = web.Route("/x", answer, methods=["GET"])
    for _ in range(2):
        with pytest.raises(FastAPIError, match="Stranger"):
            route.make()
        with pytest.raises(FastAPIError, match="Stranger"):
            _ = route.dependant


def test_what_a_route_does_not_have_is_an_attribute_error_before_and_after_it_is_made() -> None:
    [route, *_] = routes_of(lamps())
    unmade: Any = web.Route.__new__(web.Route)
    for each in (unmade, route, route):
        with pytest.raises(AttributeError):
            _ = each.colour
        route.make()


def test_threads_that_ask_at_once_wait_for_one_that_makes_it() -> None:
    calls, at_once = [], threading.Barrier(4)

    def count(route: web.Route, make: Callable[[], None]) -> Callable[[], None]:
        def counted() -> None:
            calls.append(route.name)
            make()

        return counted

    [route, *_] = routes_of(lamps())
    route._make = count(route, route._make)  # type: ignore[method-assign]

    def ask() -> object:
        at_once.wait()
        return route.app

    with ThreadPoolExecutor(4) as pool:
        answers = {pool.submit(ask) for _ in range(4)}
    assert len({id(answer.result()) for answer in answers}) == 1
    assert calls == [route.name]


async def test_routes_are_made_beside_requests() -> None:
    router = lamps()
    task = asyncio.create_task(on_demand.go_on_making(router.routes))
    await asyncio.sleep(0)
    assert len(names_of_whole(router)) == 1
    await task
    assert len(names_of_whole(router)) == 3


def test_a_guard_of_a_route_is_known_once_it_is_asked_for() -> None:
    router = web.router("lamps")

    @router.get("/guarded")
    async def get_guarded(by: Annotated[int, Depends(guard)]) -> None: ...

    [route] = routes_of(router)
    assert [part.call for part in route.dependant.dependencies] == [guard]


def test_models_are_made_before_when_they_are_asked_for() -> None:
    class Bulb(Lamp):
        cap: str

    assert not Bulb.__pydantic_complete__
    on_demand.make_models(Lamp)
    assert Bulb.__pydantic_complete__
    assert Bulb(watts=4, cap="E27").watts == 4


def test_no_request_of_another_protocol_is_matched() -> None:
    [route, *_] = routes_of(lamps())
    assert route.matches({"type": "websocket", "path": "/v1/lamps/7"})[0] is Match.NONE
