"""The staff's routes of offers: roles and unknown ids."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest
from sqlalchemy import event

from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from tests.make.offers import UNKNOWN, make, make_type, type_id
from tests.offers.conftest import Headers


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v1/offers/admin"),
        ("GET", f"/v1/offers/admin/{UNKNOWN}"),
        ("POST", "/v1/offers"),
        ("PATCH", f"/v1/offers/{UNKNOWN}"),
        ("DELETE", f"/v1/offers/{UNKNOWN}"),
        ("GET", "/v1/offers/types/admin"),
        ("POST", "/v1/offers/types"),
        ("PATCH", f"/v1/offers/types/{UNKNOWN}"),
        ("DELETE", f"/v1/offers/types/{UNKNOWN}"),
    ],
)
async def test_strangers_customers_and_viewers_are_kept_out(
    visitor: httpx.AsyncClient, customer: Headers, viewer: Headers, method: str, path: str
) -> None:
    body = {"json": {}} if method in {"POST", "PATCH"} else {}
    stranger = await visitor.request(method, path, **body)
    assert (stranger.status_code, stranger.json()["code"]) == (401, "not_signed_in")
    user = await visitor.request(method, path, headers=customer, **body)
    assert (user.status_code, user.json()["code"]) == (403, "admins_only")
    seen = await visitor.request(method, path, headers=viewer, **body)
    if method == "GET":
        assert seen.status_code in {200, 404}
    else:
        assert (seen.status_code, seen.json()["code"]) == (403, "permission_denied")


async def test_unknown_offers_are_404_for_every_way_of_the_staff(
    visitor: httpx.AsyncClient, manager: Headers
) -> None:
    path = f"/v1/offers/{uuid4()}"
    for answer in (
        await visitor.get(path.replace("offers/", "offers/admin/"), headers=manager),
        await visitor.patch(path, headers=manager, json={}),
        await visitor.delete(path, headers=manager),
    ):
        assert (answer.status_code, answer.json()["code"]) == (404, "offer_not_found")
    assert await type_id(visitor)


@pytest.fixture(scope="session")
async def mark() -> str:
    """A word that only the offers of this file have in their descriptions."""
    return uuid4().hex


@pytest.fixture
async def stock(visitor: httpx.AsyncClient, manager: Headers, mark: str) -> str:
    """Five offers, made once; returns the name of the type that two of them have."""
    kind = f"Kind {mark}"
    there = await visitor.get("/v1/offers/types/admin", params={"search": kind}, headers=manager)
    if there.json()["items"]:
        return kind
    type_id = (await make_type(visitor, manager, name=kind))["offer_type_id"]
    now, day = clock.now(), timedelta(days=1)
    offers: list[dict[str, Any]] = [
        {"name": "a draft", "offer_type_id": type_id},
        {"name": "b 100 % active", "status": "active", "is_special": True, "offer_type_id": type_id},
        {"name": "c soon", "active_from": (now + day).isoformat(), "conditions": {"operators": ["JIO"]}},
        {"name": "d over", "active_until": (now - day).isoformat(), "conditions": {"operators": ["VI"]}},
        {
            "name": "e now",
            "code": mark[:12],
            "active_from": (now - day).isoformat(),
            "active_until": (now + day).isoformat(),
            "conditions": {"operators": ["VI", "JIO"]},
        },
    ]
    for values in offers:
        await make(visitor, manager, description=mark, **values)
    return kind


async def letters(visitor: httpx.AsyncClient, staff: Headers, **query: Any) -> str:
    answer = await visitor.get("/v1/offers/admin", params=query, headers=staff)
    assert answer.status_code == 200, answer.text
    return "".join(item["name"][0] for item in answer.json()["items"])


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({}, "abcde"),
        ({"status": "draft"}, "acde"),
        ({"status": "active"}, "b"),
        ({"status": "inactive"}, ""),
        ({"special": "true"}, "b"),
        ({"special": "false"}, "acde"),
        ({"operator": "jio"}, "abce"),
        ({"operator": "AIRTEL"}, "ab"),
        ({"window": "scheduled"}, "c"),
        ({"window": "running"}, "abe"),
        ({"window": "over"}, "d"),
        ({"type": "kind {mark}"}, "ab"),
        ({"search": "{mark} 100 %"}, "b"),
        ({"search": "{mark} _ %"}, ""),
        ({"search": "{code}"}, "abcde"),
        ({"window": "running", "status": "draft", "operator": "VI"}, "ae"),
        ({"sort": "-name"}, "edcba"),
        ({"sort": "created_at"}, "abcde"),
        ({"sort": "-created_at"}, "edcba"),
        ({"sort": "updated_at"}, "abcde"),
        ({"sort": "-updated_at"}, "edcba"),
    ],
)
async def test_each_filter_and_order(
    visitor: httpx.AsyncClient, manager: Headers, stock: str, mark: str, query: dict[str, Any], expected: str
) -> None:
    assert stock
    filled = {name: value.format(mark=mark, code=mark[:12]) for name, value in query.items()}
    assert await letters(visitor, manager, **({"search": mark, "sort": "name"} | filled)) == expected


async def test_a_type_is_named_by_its_id_too(
    visitor: httpx.AsyncClient, manager: Headers, stock: str, mark: str
) -> None:
    types = await visitor.get("/v1/offers/types/admin", params={"search": stock}, headers=manager)
    [kind] = types.json()["items"]
    query = {"search": mark, "type": kind["offer_type_id"], "sort": "name"}
    assert await letters(visitor, manager, **query) == "ab"


async def test_pages_of_two_give_every_offer_once(
    visitor: httpx.AsyncClient, manager: Headers, stock: str, mark: str
) -> None:
    assert stock
    for sort, right in (("name", "abcde"), ("-updated_at", "edcba")):
        names, query = "", {"search": mark, "sort": sort, "limit": 2, "include_total": "true"}
        while True:
            answer = (await visitor.get("/v1/offers/admin", params=query, headers=manager)).json()
            assert answer["total"] == 5
            names += "".join(item["name"][0] for item in answer["items"])
            if answer["next_cursor"] is None:
                break
            query["cursor"] = answer["next_cursor"]
        assert names == right


async def test_a_page_costs_the_same_queries_whatever_its_length(
    visitor: httpx.AsyncClient, manager: Headers, market_stores: Stores, stock: str, mark: str
) -> None:
    assert stock
    seen: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        seen.append(statement)

    engine = market_stores.database.engine.sync_engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        for limit in (1, 5):
            seen.clear()
            await letters(visitor, manager, search=mark, limit=limit)
            assert sum("FROM offer" in statement for statement in seen) == 2
    finally:
        event.remove(engine, "before_cursor_execute", note)


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("status=gone", "query.status"),
        ("window=later", "query.window"),
        ("sort=price", "query.sort"),
        ("search=%00", "query.search"),
        ("limit=0", "query.limit"),
        ("cursor=x", "query.cursor"),
        ("colour=red", "query.colour"),
    ],
)
async def test_a_wrong_parameter_is_named(
    visitor: httpx.AsyncClient, manager: Headers, query: str, field: str
) -> None:
    answer = await visitor.get(f"/v1/offers/admin?{query}", headers=manager)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, field)
