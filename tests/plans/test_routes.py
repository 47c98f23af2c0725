"""The public plan list: every filter, every order, pages, caching, wrong values."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from fastapi import FastAPI

from gencharge.plans import service as plans

Plan = dict[str, Any]


async def _all(visitor: httpx.AsyncClient, **query: str | int) -> list[Plan]:
    answer = await visitor.get("/v1/plans", params={"limit": 100, **query})
    assert answer.status_code == 200, answer.text
    found: list[Plan] = answer.json()["items"]
    return found


def _days(plan: Plan) -> int:
    n = plan["validity"]["n"]
    return n * {"day": 1, "month": 30}[plan["validity"]["unit"]] if n else 0


async def test_the_list_has_the_41_plans_of_the_sample_catalogue(visitor: httpx.AsyncClient) -> None:
    answer = await visitor.get("/v1/plans?limit=100&include_total=true")
    assert answer.status_code == 200
    document = answer.json()
    assert set(document) == {"items", "next_cursor", "total"}
    assert (len(document["items"]), document["next_cursor"], document["total"]) == (41, None, 41)


async def test_a_plan_has_all_its_fields_and_a_price_with_two_decimals(visitor: httpx.AsyncClient) -> None:
    answer = await visitor.get("/v1/plans?operator=JIO&min_price=299&max_price=299")
    assert b'"price":299.00' in answer.content
    [plan] = answer.json()["items"]
    assert plan["name"] == "Jio ₹299 · 1.5 GB/day · 28 days"
    assert plan["operator"] == "JIO"
    assert plan["circles"] == []
    assert (plan["plan_type"], plan["category"], plan["group"]) == ("prepaid", "unlimited", "Unlimited")
    assert plan["validity"] == {"n": 28, "unit": "day"}
    assert plan["benefits"]["data_per_day_mb"] == 1536
    assert plan["benefits"]["sms_per_day"] == 100
    assert plan["benefits"]["voice_unlimited"] is True
    assert (plan["is_addon"], plan["most_popular"], plan["status"]) == (False, True, "active")


def _vi_month(plan: Plan) -> bool:
    return plan["operator"] == "VI" and plan["plan_type"] == "prepaid" and _days(plan) == 28


FILTERS: list[tuple[dict[str, Any], int, Callable[[Plan], bool]]] = [
    ({"operator": "JIO"}, 14, lambda plan: plan["operator"] == "JIO"),
    ({"operator": "jio"}, 14, lambda plan: plan["operator"] == "JIO"),
    ({"operator": "BSNL"}, 0, lambda plan: False),
    ({"circle": "KA"}, 41, lambda plan: True),
    ({"plan_type": "postpaid"}, 7, lambda plan: plan["plan_type"] == "postpaid"),
    ({"plan_type": "prepaid"}, 34, lambda plan: plan["plan_type"] == "prepaid"),
    ({"category": "data_addon"}, 4, lambda plan: plan["category"] == "data_addon" and plan["is_addon"]),
    ({"category": "roaming"}, 0, lambda plan: False),
    ({"group": "unlimited"}, 30, lambda plan: plan["group"] == "Unlimited"),
    ({"group": "Data add-ons"}, 4, lambda plan: plan["group"] == "Data add-ons"),
    ({"min_price": "3499"}, 3, lambda plan: plan["price"] >= 3499),
    ({"max_price": "22.00"}, 2, lambda plan: plan["price"] <= 22),
    ({"min_price": 299, "max_price": 349}, 7, lambda plan: 299 <= plan["price"] <= 349),
    ({"min_validity_days": 84}, 11, lambda plan: _days(plan) >= 84),
    ({"max_validity_days": 1}, 2, lambda plan: _days(plan) == 1),
    ({"min_validity_days": 30, "max_validity_days": 30}, 7, lambda plan: plan["validity"]["unit"] == "month"),
    ({"popular": "true"}, 14, lambda plan: plan["most_popular"]),
    ({"popular": "false"}, 27, lambda plan: not plan["most_popular"]),
    ({"search": "1.5 gb/day 84"}, 3, lambda plan: "1.5 GB/day · 84 days" in plan["name"]),
    ({"search": "₹299"}, 3, lambda plan: plan["price"] == 299),
    ({"search": "nothing like this"}, 0, lambda plan: False),
    ({"operator": "VI", "plan_type": "prepaid", "max_validity_days": 28}, 3, _vi_month),
]


@pytest.mark.parametrize(("query", "count", "fits"), FILTERS, ids=[str(entry[0]) for entry in FILTERS])
async def test_a_filter_lists_what_fits_and_only_that(
    visitor: httpx.AsyncClient, query: dict[str, Any], count: int, fits: Callable[[Plan], bool]
) -> None:
    found = await _all(visitor, **query)
    assert len(found) == count
    assert found == [plan for plan in await _all(visitor) if fits(plan)]


async def test_a_group_may_be_named_by_its_id(visitor: httpx.AsyncClient) -> None:
    groups = (await visitor.get("/v1/plans/groups")).json()["items"]
    for group in groups:
        assert len(await _all(visitor, group=group["group_id"])) == group["plan_count"]


ORDERS: list[tuple[str, Callable[[Plan], Any], bool]] = [
    ("price", lambda plan: plan["price"], False),
    ("-price", lambda plan: plan["price"], True),
    ("name", lambda plan: plan["name"].casefold(), False),
    ("popular", lambda plan: (not plan["most_popular"], plan["price"]), False),
    ("validity", lambda plan: (_days(plan) or 10_000, plan["price"]), False),
    ("-validity", lambda plan: (-_days(plan), plan["price"]), False),
]


@pytest.mark.parametrize(("sort", "key", "falling"), ORDERS, ids=[entry[0] for entry in ORDERS])
async def test_pages_of_any_size_give_the_whole_order_once(
    visitor: httpx.AsyncClient, sort: str, key: Callable[[Plan], Any], falling: bool
) -> None:
    whole = await _all(visitor, sort=sort)
    assert [key(plan) for plan in whole] == sorted(map(key, whole), reverse=falling)
    seen: list[Plan] = []
    query: dict[str, Any] = {"sort": sort, "limit": 7}
    while True:
        document = (await visitor.get("/v1/plans", params=query)).json()
        seen += document["items"]
        if document["next_cursor"] is None:
            break
        assert len(document["items"]) == 7
        query["cursor"] = document["next_cursor"]
    assert seen == whole


WRONG = [
    ("operator=XYZ", "query.operator", "JIO, AIRTEL, VI, BSNL, MTNL"),
    ("operator=", "query.operator", "1 character"),
    ("circle=XX", "query.circle", "KA"),
    ("group=Nonsense", "query.group", "Unlimited, Data add-ons, Postpaid"),
    ("plan_type=both", "query.plan_type", "'prepaid' or 'postpaid'"),
    ("category=unlimted", "query.category", "'unlimited'"),
    ("sort=cheap", "query.sort", "'price'"),
    ("min_price=-1", "query.min_price", "plain digits"),
    ("min_price=0.001", "query.min_price", "two decimals"),
    ("min_price=NaN", "query.min_price", "rupees"),
    ("min_price=१००", "query.min_price", "plain digits"),
    ("max_price=1e400", "query.max_price", "plain digits"),
    ("min_price=500&max_price=100", "query.max_price", "Must be at least min_price"),
    ("min_validity_days=0", "query.min_validity_days", "1"),
    (
        "min_validity_days=60&max_validity_days=28",
        "query.max_validity_days",
        "Must be at least min_validity_days",
    ),
    ("popular=perhaps", "query.popular", "boolean"),
    ("limit=0", "query.limit", "1"),
    ("limit=101", "query.limit", "100"),
    ("operatr=JIO", "query.operatr", "not permitted"),
    ("price=299", "query.price", "not permitted"),
    ("operator=JIO&operator=VI", "query.operator", "once"),
    ("cursor=nonsense", "query.cursor", "next_cursor"),
    ("search=" + "x" * 61, "query.search", "60"),
]


@pytest.mark.parametrize(("query", "field", "says"), WRONG, ids=[entry[0][:40] for entry in WRONG])
async def test_a_wrong_value_is_refused_with_the_field_and_what_would_be_right(
    visitor: httpx.AsyncClient, query: str, field: str, says: str
) -> None:
    for _ in range(2):  # a refusal is never kept as an answer
        answer = await visitor.get(f"/v1/plans?{query}")
        assert answer.status_code == 422, answer.text
        assert answer.headers["content-type"] == "application/problem+json"
        [problem] = answer.json()["errors"]
        assert problem["field"] == field
        assert says in problem["message"]


async def test_a_cursor_of_another_order_is_refused(visitor: httpx.AsyncClient) -> None:
    cursor = (await visitor.get("/v1/plans?sort=price&limit=5")).json()["next_cursor"]
    for sort in ("-price", "name"):
        answer = await visitor.get("/v1/plans", params={"sort": sort, "cursor": cursor})
        assert answer.status_code == 422
        assert answer.json()["code"] == "cursor_invalid"


async def test_the_same_list_has_the_same_strong_etag_and_is_not_sent_twice(
    visitor: httpx.AsyncClient,
) -> None:
    first = await visitor.get("/v1/plans?operator=JIO")
    etag = first.headers["etag"]
    assert etag.startswith('"')
    assert first.headers["cache-control"] == "public, no-cache"
    again = await visitor.get("/v1/plans?operator=JIO")
    assert (again.headers["etag"], again.content) == (etag, first.content)
    for named in (etag, f"W/{etag}", f'"other", {etag}', "*"):
        same = await visitor.get("/v1/plans?operator=JIO", headers={"If-None-Match": named})
        assert (same.status_code, same.content) == (304, b"")
        assert same.headers["etag"] == etag
        assert same.headers["cache-control"] == first.headers["cache-control"]
        assert "x-request-id" in same.headers
    other = await visitor.get("/v1/plans?operator=VI", headers={"If-None-Match": etag})
    assert other.status_code == 200
    assert other.headers["etag"] != etag


async def test_a_request_that_comes_again_is_answered_without_the_routes_function(
    shop: FastAPI, visitor: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    from gencharge.plans import public_list

    catalogue = plans.Catalogue.of(shop)
    query = f"?search={uuid4().hex[:8]}"
    first = await visitor.get("/v1/plans" + query)
    assert catalogue.snapshot is not None
    monkeypatch.setattr(public_list, "page_of", None)
    assert (await visitor.get("/v1/plans" + query)).content == first.content
    assert (await visitor.get("/plans" + query)).content == first.content  # the seeds' path, too


async def test_every_plan_of_the_list_is_found_by_its_id(visitor: httpx.AsyncClient) -> None:
    for plan in await _all(visitor, operator="VI"):
        answer = await visitor.get(f"/v1/plans/{plan['plan_id']}")
        assert answer.status_code == 200
        assert answer.json() == plan
        etag = answer.headers["etag"]
        same = await visitor.get(f"/v1/plans/{plan['plan_id']}", headers={"If-None-Match": etag})
        assert same.status_code == 304


async def test_an_unknown_plan_is_not_found_and_a_wrong_id_is_invalid(visitor: httpx.AsyncClient) -> None:
    missing = await visitor.get(f"/v1/plans/{uuid4()}")
    assert (missing.status_code, missing.json()["code"]) == (404, "plan_not_found")
    wrong = await visitor.get("/v1/plans/12")
    assert (wrong.status_code, wrong.json()["errors"][0]["field"]) == (422, "path.plan_id")


async def test_groups_are_listed_in_their_order_with_what_they_hold(visitor: httpx.AsyncClient) -> None:
    answer = await visitor.get("/v1/plans/groups")
    assert answer.status_code == 200
    found = [(group["name"], group["plan_count"]) for group in answer.json()["items"]]
    assert found == [("Unlimited", 30), ("Data add-ons", 4), ("Postpaid", 7)]
    assert all(UUID(group["group_id"]) and group["description"] for group in answer.json()["items"])


async def test_every_route_documents_its_filters_and_errors(visitor: httpx.AsyncClient) -> None:
    document = (await visitor.get("/openapi.json")).json()
    listed = document["paths"]["/v1/plans"]["get"]
    names = {parameter["name"] for parameter in listed["parameters"]}
    assert {"search", "operator", "circle", "sort", "cursor", "min_validity_days", "include_total"} <= names
    for path, statuses in (
        ("/v1/plans", {"200", "304", "422", "503"}),
        ("/v1/plans/groups", {"200", "304", "503"}),
        ("/v1/plans/{plan_id}", {"200", "304", "404", "422", "503"}),
        ("/v1/operators", {"200", "304", "503"}),
        ("/v1/operators/lookup", {"200", "401", "422", "503"}),
        ("/v1/operators/connections/{phone_number}", {"200", "400", "401", "403", "422", "503"}),
    ):
        for method, operation in document["paths"][path].items():
            assert operation["summary"]
            if method in {"get", "put"}:  # the staff's methods on the same paths have errors of their own
                assert statuses <= set(operation["responses"]), path
