"""The staff's routes of plans: roles, scope, filters, cost."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest

from gencharge.core.settings import Settings
from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from tests.counting import counting, listening
from tests.make.plans import (
    UNLIMITED,
    body,
    create,
    staff,
)


async def test_a_manager_of_jio_neither_sees_nor_touches_airtels_plans(
    staff_client: httpx.AsyncClient, manager: dict[str, str], jio: dict[str, str]
) -> None:
    theirs = await create(staff_client, manager, operator="AIRTEL")
    ours = await create(staff_client, jio)
    listed = (await staff_client.get("/v1/plans/admin?limit=100", headers=jio)).json()["items"]
    assert {plan["operator"] for plan in listed} == {"JIO"}
    assert (await staff_client.get("/v1/plans/admin?operator=AIRTEL", headers=jio)).json()["items"] == []
    path = f"/v1/plans/admin/{theirs['plan_id']}"
    for answer in (
        await staff_client.get(path, headers=jio),
        await staff_client.get(f"{path}/versions", headers=jio),
        await staff_client.patch(f"/v1/plans/{theirs['plan_id']}", json={"price": 1}, headers=jio),
        await staff_client.delete(f"/v1/plans/{theirs['plan_id']}", headers=jio),
    ):
        assert (answer.status_code, answer.json()["code"]) == (404, "plan_not_found")
    refused = await staff_client.post("/v1/plans", json=body(operator="AIRTEL"), headers=jio)
    assert (refused.status_code, refused.json()["code"]) == (403, "operator_out_of_scope")
    moved = await staff_client.patch(f"/v1/plans/{ours['plan_id']}", json={"operator": "AIRTEL"}, headers=jio)
    assert (moved.status_code, moved.json()["code"]) == (403, "operator_out_of_scope")


async def test_the_list_takes_every_filter(staff_client: httpx.AsyncClient, manager: dict[str, str]) -> None:
    mark = f"mark{uuid4().hex[:8]}"
    later = (clock.now() + timedelta(days=9)).isoformat()
    plan = await create(
        staff_client,
        manager,
        name=f"100% {mark} Alpha",
        description=f"{mark}_x",
        price=777,
        circles=["KA"],
        status="active",
        active_from=later,
        most_popular=True,
        operator="BSNL",
    )
    other = await create(staff_client, manager, name=f"{mark} Beta", price=778)

    async def ids(**query: Any) -> list[str]:
        answer = await staff_client.get("/v1/plans/admin", params={"search": mark, **query}, headers=manager)
        assert answer.status_code == 200, answer.text
        return [item["plan_id"] for item in answer.json()["items"]]

    both = [plan["plan_id"], other["plan_id"]]
    assert await ids(sort="price") == both
    assert await ids(sort="-price") == both[::-1]
    assert await ids(sort="created_at") == both
    assert sorted(await ids()) == sorted(both)
    for query in (
        {"status": "active"},
        {"scheduled": "true"},
        {"operator": "bsnl"},
        {"circle": "ka", "operator": "BSNL"},
        {"popular": "true"},
        {"max_price": "777"},
        {"search": f"{mark} 100%"},
    ):
        assert await ids(**query) == both[:1], query
    for query in ({"status": "draft"}, {"scheduled": "false"}, {"popular": "false"}, {"min_price": "778"}):
        assert await ids(**query) == both[1:], query
    assert await ids(category="roaming") == []
    assert await ids(plan_type="postpaid") == []
    assert len(await ids(group="UNLIMITED")) == len(await ids(group=str(UNLIMITED))) == 2
    assert await ids(circle="MU") == both[1:]
    assert await ids(search="100_ " + mark) == []
    page = (
        await staff_client.get(
            "/v1/plans/admin", params={"search": mark, "limit": 1, "sort": "name"}, headers=manager
        )
    ).json()
    rest = await staff_client.get(
        "/v1/plans/admin",
        params={"search": mark, "limit": 1, "sort": "name", "cursor": page["next_cursor"]},
        headers=manager,
    )
    assert page["items"][0]["plan_id"] != rest.json()["items"][0]["plan_id"]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("operator=AIRCEL", "query.operator"),
        ("circle=XX", "query.circle"),
        ("group=None", "query.group"),
        ("min_price=2&max_price=1", "query.max_price"),
        ("search=%00", "query.search"),
        ("colour=red", "query.colour"),
        ("sort=colour", "query.sort"),
    ],
)
async def test_a_filter_that_makes_no_sense_is_refused(
    staff_client: httpx.AsyncClient, manager: dict[str, str], query: str, field: str
) -> None:
    refused = await staff_client.get(f"/v1/plans/admin?{query}", headers=manager)
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, field)


async def test_what_roles_do_not_allow_is_refused(
    staff_client: httpx.AsyncClient, manager: dict[str, str], staff_settings: Settings
) -> None:
    plan = await create(staff_client, manager)
    viewer = staff(staff_settings, "Viewer")
    assert (await staff_client.get("/v1/plans/admin", headers=viewer)).status_code == 200
    path = f"/v1/plans/{plan['plan_id']}"
    for refused in (
        await staff_client.post("/v1/plans", json=body(), headers=viewer),
        await staff_client.patch(path, json={"price": 1}, headers=viewer),
        await staff_client.delete(path, headers=viewer),
        await staff_client.post("/v1/plans/admin/import", content=b"name\nx", headers=viewer),
    ):
        assert (refused.status_code, refused.json()["code"]) == (403, "permission_denied")
    for path in ("/v1/plans/admin", "/v1/plans/groups/admin", "/v1/plans/admin/export"):
        assert (await staff_client.get(path)).status_code == 401


async def test_a_page_of_the_list_costs_the_same_few_queries_whatever_its_size(
    staff_client: httpx.AsyncClient, manager: dict[str, str], staff_stores: Stores
) -> None:
    counted = []
    with listening(staff_stores.database):
        for limit in (1, 100):
            with counting() as seen:
                answer = await staff_client.get(f"/v1/plans/admin?limit={limit}", headers=manager)
            assert answer.status_code == 200
            counted.append(seen.statements)
    assert counted[0] == counted[1] <= 5
