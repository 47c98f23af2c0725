"""Direct routes answer and refuse exactly as ordinary ones do."""

from __future__ import annotations

import hmac
from collections.abc import AsyncIterator, Iterator
from typing import Annotated, Any
from uuid import uuid4

import httpx
import orjson
import pytest
from fastapi import Depends, FastAPI, Header, Request

from gencharge import wiring
from gencharge.core.http import edge, web
from gencharge.core.http.direct import DirectRoute
from gencharge.core.settings import Settings
from gencharge.core.values.money import PositiveMoney
from gencharge.core.values.phone import MobileNumber
from gencharge.sessions.guards import SignedInUser
from tests.make.factories import headers_for, make_user


class Payment(web.Body):
    phone_number: MobileNumber
    amount: PositiveMoney


class Paid(web.Out):
    who: str
    amount: PositiveMoney


@pytest.fixture(scope="module")
async def pair(settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    """The same two functions, once as direct routes and once as ordinary ones."""
    app = FastAPI()
    app.state.settings = settings
    web.install(app)
    for room, kind in (("direct", DirectRoute), ("ordinary", web.Route)):
        router = web.router(room, route_class=kind)

        @router.post("/pay", status_code=201)
        async def pay(user: SignedInUser, request: Request, body: Payment) -> Paid:
            assert request.method == "POST"
            return Paid(who=str(user.user_id), amount=body.amount)

        @router.get("/me")
        async def profile(user: SignedInUser) -> dict[str, str]:
            return {"who": str(user.user_id)}

        app.router.routes.extend(router.routes)
    app.add_middleware(edge.Edge, settings=settings, rooms=frozenset({"direct", "ordinary"}))
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app=app), base_url="http://testserver"
    ) as client:
        yield client


REQUESTS: dict[str, dict[str, Any]] = {
    "a payment": {"json": {"phone_number": "9876543210", "amount": 199}},
    "a wrong number and amount": {"json": {"phone_number": "1", "amount": 0}},
    "an unknown field": {"json": {"phone_number": "9876543210", "amount": 1, "price": 2}},
    "a list": {"json": [1]},
    "null": {"json": None},
    "no body": {},
    "an empty body that says it is JSON": {"content": b"", "headers": {"Content-Type": "application/json"}},
    "broken JSON": {"content": b"{", "headers": {"Content-Type": "application/json"}},
    "NaN": {"content": b'{"amount": NaN}', "headers": {"Content-Type": "application/json"}},
    "JSON of a vendor": {
        "content": b'{"phone_number": "9876543210", "amount": 1.5}',
        "headers": {"Content-Type": "application/vnd.shop+json; charset=utf-8"},
    },
    "a form": {"data": {"phone_number": "9876543210"}},
    "text": {"content": b'{"amount": 1}', "headers": {"Content-Type": "text/plain"}},
}


@pytest.mark.parametrize("request_", REQUESTS.values(), ids=list(REQUESTS))
async def test_a_direct_route_answers_as_an_ordinary_one(
    pair: httpx.AsyncClient, settings: Settings, request_: dict[str, Any]
) -> None:
    headers = headers_for(settings, uuid4()) | request_.get("headers", {}) | {"X-Request-ID": "same"}
    direct, ordinary = [
        await pair.post(f"/v1/{room}/pay", **(request_ | {"headers": headers}))
        for room in ("direct", "ordinary")
    ]
    assert (direct.status_code, direct.json()) == (ordinary.status_code, ordinary.json())


@pytest.mark.parametrize("authorization", [None, "Bearer x", "Basic eDp5"])
async def test_a_guard_comes_first_and_refuses_alike(
    pair: httpx.AsyncClient, authorization: str | None
) -> None:
    headers = {"X-Request-ID": "same"} | ({"Authorization": authorization} if authorization else {})
    for method, path in (("POST", "pay"), ("GET", "me")):
        direct, ordinary = [
            await pair.request(method, f"/v1/{room}/{path}", headers=headers)
            for room in ("direct", "ordinary")
        ]
        assert (direct.status_code, direct.json()["code"]) == (ordinary.status_code, ordinary.json()["code"])
        assert direct.status_code == 401
    answer = await pair.post("/v1/direct/pay", content=b"{", headers=headers)
    assert answer.status_code == 401


async def test_another_method_is_405_with_the_methods_that_there_are(pair: httpx.AsyncClient) -> None:
    direct, ordinary = [await pair.delete(f"/v1/{room}/me") for room in ("direct", "ordinary")]
    assert (
        (direct.status_code, direct.headers["allow"])
        == (ordinary.status_code, ordinary.headers["allow"])
        == (405, "GET")
    )


async def with_query(page: int) -> None:
    """A function with a parameter in the query."""


def test_what_a_direct_route_can_not_do_by_hand_is_refused_when_it_is_made() -> None:
    async def with_header(key: Annotated[str, Header()]) -> None: ...

    async def two(one: Payment, other: Payment) -> None: ...

    async def asks(value: Annotated[str, Depends(with_query)]) -> None: ...

    for function in (with_query, with_header, two, asks):
        with pytest.raises(TypeError, match="a direct route"):
            DirectRoute("/x", function, methods=["POST"]).make()


@pytest.fixture(scope="module")
async def twin(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """The direct routes of the application, mounted as ordinary routes that FastAPI runs."""
    twin = FastAPI()
    twin.state = app.state
    web.install(twin)
    for route in DIRECT_ROUTES:
        twin.router.routes.append(
            web.Route(
                route.path,
                route.endpoint,
                methods=route.methods,
                status_code=route.status_code,
                response_model=route.response_model,
            )
        )
    twin.add_middleware(edge.Edge, settings=app.state.settings, rooms=frozenset())
    transport = httpx.ASGITransport(app=twin)
    async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as client:
        yield client


DIRECT_ROUTES = [
    route for router in wiring.ROUTERS for route in router.routes if isinstance(route, DirectRoute)
]
JSON = {"Content-Type": "application/json"}
BAD_CONTENTS = {
    "no body": (b"", {}),
    "an empty body that says it is JSON": (b"", JSON),
    "null": (b"null", JSON),
    "a list": (b"[]", JSON),
    "a number": (b"1", JSON),
    "a text": (b'"x"', JSON),
    "an empty object": (b"{}", JSON),
    "an object of a vendor's type": (b"{}", {"Content-Type": "application/vnd.shop+json; charset=utf-8"}),
    "broken JSON": (b"{", JSON),
    "two objects": (b"{}{}", JSON),
    "NaN": (b'{"amount": NaN}', JSON),
    "a huge number": (b'{"amount": 1e999}', JSON),
    "invalid UTF-8": (b'{"a": "\xff"}', JSON),
    "a lone surrogate": (b'{"a": "\\ud800"}', JSON),
    "a deep nest": (b"[" * 2_000, JSON),
    "JSON of no declared type": (b"{}", {}),
    "JSON declared as text": (b"{}", {"Content-Type": "text/plain"}),
    "a form": (b"phone_number=9876543210", {"Content-Type": "application/x-www-form-urlencoded"}),
    "a form of parts": (b"--x--", {"Content-Type": "multipart/form-data; boundary=x"}),
    "an unknown field": (b'{"surprise": 1}', JSON),
}
BAD_VALUES: tuple[Any, ...] = (None, True, -1, 0, 1.5, "", "x", "\u0000", [], {}, [1], {"a": 1}, "9" * 3_000)


def bad_bodies(route: DirectRoute) -> Iterator[tuple[bytes, dict[str, str]]]:
    """Contents that are no valid body of the route: malformed ones, and each field with each wrong value."""
    yield from BAD_CONTENTS.values()
    for part in route.dependant.body_params:
        model = part.field_info.annotation
        assert model is not None
        for name in model.model_fields:
            for value in BAD_VALUES:
                yield orjson.dumps({name: value}), JSON


def test_the_paths_that_are_called_most_are_direct_routes() -> None:
    assert {(method, route.path) for route in DIRECT_ROUTES for method in route.methods or ()} == {
        ("GET", "/v1/wallet"),
        ("POST", "/v1/recharge/quote"),
        ("POST", "/v1/recharge/subscribe"),
        ("POST", "/v1/payments/webhooks/razorpay"),
    }


@pytest.mark.parametrize("route", DIRECT_ROUTES, ids=lambda route: route.path)
async def test_each_direct_route_refuses_bad_bodies_as_an_ordinary_route_does(
    client: httpx.AsyncClient, twin: httpx.AsyncClient, app: FastAPI, route: DirectRoute
) -> None:
    settings = app.state.settings
    user = await app.state.stores.database.run(make_user)
    (method,) = route.methods
    statuses = set[int]()
    for content, content_type in bad_bodies(route):
        signature = hmac.new(
            settings.payment_webhook_secret.get_secret_value().encode(), content, "sha256"
        ).hexdigest()
        headers = {
            **headers_for(settings, user),
            **content_type,
            "Idempotency-Key": "bad-body",
            "X-Request-ID": "same",
            "X-Razorpay-Signature": signature,
            "X-Razorpay-Event-Id": "bad-body",
        }
        direct, ordinary = [
            await caller.request(method, route.path, content=content, headers=headers)
            for caller in (client, twin)
        ]
        assert (direct.status_code, direct.content) == (ordinary.status_code, ordinary.content), content
        assert direct.headers["content-type"] == ordinary.headers["content-type"]
        statuses.add(direct.status_code)
    if route.dependant.body_params:
        assert statuses == {400, 422}


@pytest.mark.parametrize("route", DIRECT_ROUTES, ids=lambda route: route.path)
@pytest.mark.parametrize("authorization", [None, "", "Bearer", "Bearer x", "Basic eDp5", "Bearer \xff"])
async def test_each_direct_route_refuses_a_stranger_as_an_ordinary_route_does(
    client: httpx.AsyncClient, twin: httpx.AsyncClient, route: DirectRoute, authorization: str | None
) -> None:
    headers: dict[str, Any] = {"X-Request-ID": "same"}
    if authorization is not None:
        headers["Authorization"] = authorization.encode("latin-1")
    (method,) = route.methods
    direct, ordinary = [
        await caller.request(method, route.path, content=b"{", headers=headers) for caller in (client, twin)
    ]
    assert (direct.status_code, direct.content) == (ordinary.status_code, ordinary.content)
    assert direct.status_code in {400, 401}
