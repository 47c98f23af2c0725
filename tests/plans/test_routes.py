"""The public plan list: every filter, every order, pages, caching, wrong values."""

from __future__ import annotations

from uuid import UUID, uuid4

import httpx
import pytest
from fastapi import FastAPI

from gencharge.core.http.openapi import resolved
from gencharge.plans import service as plans
from tests.make.plans import (
    list_all,
)


async def test_the_list_has_the_52_plans_of_the_sample_catalogue(visitor: httpx.AsyncClient) -> None:
    answer = await visitor.get("/v1/plans?limit=100&include_total=true")
    assert answer.status_code == 200
    document = answer.json()
    assert set(document) == {"items", "next_cursor", "total", "maintenance"}
    assert (len(document["items"]), document["next_cursor"], document["total"]) == (56, None, 56)


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
    for plan in await list_all(visitor, operator="VI"):
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
    groups = [(group["name"], group["plan_count"]) for group in answer.json()["items"]]
    assert groups == [
        ("Unlimited", 35),
        ("Data add-ons", 4),
        ("Talktime", 7),
        ("Roaming", 2),
        ("Postpaid", 8),
    ]
    assert all(UUID(group["group_id"]) and group["description"] for group in answer.json()["items"])


async def test_every_route_documents_its_filters_and_errors(visitor: httpx.AsyncClient) -> None:
    document = (await visitor.get("/openapi.json")).json()
    listed = document["paths"]["/v1/plans"]["get"]
    names = {resolved(document, parameter)["name"] for parameter in listed["parameters"]}
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
