"""Hot routes answer and refuse exactly as ordinary ones do."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated, Any
from uuid import uuid4

import httpx
import pytest
from fastapi import Depends, FastAPI, Header, Request

from gencharge.core.http import edge, web
from gencharge.core.http.direct import HotRoute
from gencharge.core.settings import Settings
from gencharge.core.values.money import PositiveMoney
from gencharge.core.values.phone import MobileNumber
from gencharge.sessions.guards import SignedInUser
from tests.factories import headers_for


class Payment(web.Body):
    phone_number: MobileNumber
    amount: PositiveMoney


class Paid(web.Out):
    who: str
    amount: PositiveMoney


@pytest.fixture(scope="module")
async def client(settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    """The same two functions, once as hot routes and once as ordinary ones."""
    app = FastAPI()
    app.state.settings = settings
    web.install(app)
    for room, kind in (("hot", HotRoute), ("usual", web.Route)):
        router = web.router(room, route_class=kind)

        @router.post("/pay", status_code=201)
        async def pay(user: SignedInUser, request: Request, body: Payment) -> Paid:
            assert request.method == "POST"
            return Paid(who=str(user.user_id), amount=body.amount)

        @router.get("/me")
        async def me(user: SignedInUser) -> dict[str, str]:
            return {"who": str(user.user_id)}

        app.router.routes.extend(router.routes)
    app.add_middleware(edge.Edge, settings=settings, rooms=frozenset({"hot", "usual"}))
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
async def test_a_hot_route_answers_as_an_ordinary_one(
    client: httpx.AsyncClient, settings: Settings, request_: dict[str, Any]
) -> None:
    headers = headers_for(settings, uuid4()) | request_.get("headers", {}) | {"X-Request-ID": "same"}
    hot, usual = [
        await client.post(f"/v1/{room}/pay", **(request_ | {"headers": headers})) for room in ("hot", "usual")
    ]
    assert (hot.status_code, hot.json()) == (usual.status_code, usual.json())


@pytest.mark.parametrize("authorization", [None, "Bearer x", "Basic eDp5"])
async def test_a_guard_comes_first_and_refuses_alike(
    client: httpx.AsyncClient, authorization: str | None
) -> None:
    headers = {"X-Request-ID": "same"} | ({"Authorization": authorization} if authorization else {})
    for method, path in (("POST", "pay"), ("GET", "me")):
        hot, usual = [
            await client.request(method, f"/v1/{room}/{path}", headers=headers) for room in ("hot", "usual")
        ]
        assert (hot.status_code, hot.json()["code"]) == (usual.status_code, usual.json()["code"])
        assert hot.status_code == 401
    answer = await client.post("/v1/hot/pay", content=b"{", headers=headers)
    assert answer.status_code == 401


async def test_another_method_is_405_with_the_methods_that_there_are(client: httpx.AsyncClient) -> None:
    hot, usual = [await client.delete(f"/v1/{room}/me") for room in ("hot", "usual")]
    assert (
        (hot.status_code, hot.headers["allow"]) == (usual.status_code, usual.headers["allow"]) == (405, "GET")
    )


def test_what_a_hot_route_can_not_do_by_hand_is_refused_when_it_is_made() -> None:
    async def with_query(page: int) -> None: ...

    async def with_header(key: Annotated[str, Header()]) -> None: ...

    async def two(one: Payment, other: Payment) -> None: ...

    async def asks(value: Annotated[str, Depends(with_query)]) -> None: ...

    for function in (with_query, with_header, two, asks):
        with pytest.raises(TypeError, match="a hot route"):
            HotRoute("/x", function, methods=["POST"])
