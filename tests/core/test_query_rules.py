"""A query has the parameters of its route and no others; a boolean is `true` or `false`, a whole number is digits."""

from __future__ import annotations

from typing import Annotated

import httpx
import pytest
from fastapi import FastAPI, Query

from gencharge.core.http import web
from gencharge.core.http.direct import DirectRoute
from gencharge.core.http.paging import PageParams, Paging
from gencharge.core.http.query_rules import unknown


class Filters(PageParams):
    flag: bool | None = None
    count: Annotated[int | None, Query(le=50)] = None
    name: str | None = None


def client() -> httpx.AsyncClient:
    app = FastAPI()
    web.install(app)
    router = web.router("things")

    @router.get("/model")
    async def by_model(query: Annotated[Filters, Query()]) -> dict[str, object]:
        return {"flag": query.flag, "count": query.count}

    @router.get("/single")
    async def by_parameters(page: Paging, sure: Annotated[bool, Query()] = False) -> dict[str, object]:
        return {"sure": sure, "limit": page.limit}

    @router.get("/none")
    async def without() -> dict[str, object]:
        return {}

    async def direct() -> dict[str, object]:
        return {}

    router.add_api_route("/direct", direct, route_class_override=DirectRoute)
    app.router.routes.extend(router.routes)
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://test/v1/things")


@pytest.mark.parametrize(
    ("path", "field", "says"),
    [
        ("/model?flg=true", "query.flg", "limit, cursor, include_total, flag, count, name"),
        ("/single?sort=x", "query.sort", "limit, cursor, include_total"),
        ("/none?nonsense=1", "query.nonsense", "there are none"),
        ("/direct?nonsense", "query.nonsense", "there are none"),
        ("/model?=1", "query.", "no parameter"),
        *(
            (f"/model?flag={value}", "query.flag", "true or false")
            for value in ("1", "yes", "on", "TRUE", "t", "")
        ),
        ("/single?sure=1", "query.sure", "true or false"),
        ("/single?include_total=0", "query.include_total", "true or false"),
        *(
            (f"/model?count={value}", "query.count", "whole number")
            for value in ("5.0", "%205", "1_0", "+5", "0x5", "%D9%A3", "", "1e1", "12345678901234567890")
        ),
        ("/single?limit=10.0", "query.limit", "whole number"),
        ("/model?count=51", "query.count", "less than or equal to 50"),
    ],
)
async def test_what_is_refused_says_what_would_be_right(path: str, field: str, says: str) -> None:
    async with client() as http:
        answer = await http.get(path)
    assert answer.status_code == 422, answer.text
    [problem] = answer.json()["errors"]
    assert problem["field"] == field
    assert says in problem["message"]


async def test_right_parameters_are_read() -> None:
    async with client() as http:
        assert (await http.get("/model?flag=true&count=-5&name=1&limit=7")).json() == {
            "flag": True,
            "count": -5,
        }
        assert (await http.get("/single?sure=false&limit=3")).json() == {"sure": False, "limit": 3}
        assert (await http.get("/none")).status_code == (await http.get("/direct")).status_code == 200


async def test_a_method_that_is_not_there_is_405_whatever_the_query_says() -> None:
    async with client() as http:
        for path in ("/none", "/direct"):
            assert (await http.post(f"{path}?nonsense=1")).status_code == 405


@pytest.mark.parametrize("name", ["token", "access_token", "Authorization", "JWT"])
def test_a_token_in_the_address_is_refused_with_where_it_belongs(name: str) -> None:
    problem = unknown(name, ["limit"])
    assert (problem["field"], problem["code"]) == (f"query.{name}", "token_in_address")
    assert "Authorization: Bearer" in problem["message"]
    assert unknown("tokens", ["limit"])["code"] == "extra_forbidden"
