"""The staff's routes of admins and roles."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import httpx

from gencharge.admins.models import Admin
from gencharge.core.stores.stores import Stores
from gencharge.core.values.ids import new_id
from tests.auth.conftest import assert_problem
from tests.make.admins import Headers, make_staff, newcomer


async def test_making_an_admin_or_granting_a_role_needs_a_second_factor_given_just_now(
    api: httpx.AsyncClient, boss: Admin, as_admin: Headers, stores: Stores
) -> None:
    other = await make_staff(stores)
    stale = as_admin(boss, second_factor_at=0)
    assert_problem(await api.post("/v1/admins", json=newcomer(), headers=stale), 403, "step_up_required")
    grant = {"role": "Viewer"}
    refused = await api.put(f"/v1/admins/{other.admin_id}/role", json=grant, headers=stale)
    assert_problem(refused, 403, "step_up_required")


async def test_an_unknown_role_or_operator_is_answered_with_those_that_there_are(
    api: httpx.AsyncClient, boss: Admin, as_admin: Headers, stores: Stores
) -> None:
    headers = as_admin(boss)
    refused = await api.post("/v1/admins", json=newcomer(role="Boss"), headers=headers)
    problem = assert_problem(refused, 404, "role_not_found")
    assert {"SuperAdmin", "Manager", "Support", "ContentEditor", "Viewer"} <= set(problem["available"])
    assert "ContentEditor" in problem["detail"]
    unknown = assert_problem(await api.get("/v1/admins?role=Boss", headers=headers), 422, "validation_failed")
    assert unknown["errors"][0]["field"] == "query.role"
    assert "Manager" in unknown["errors"][0]["message"]
    other = await make_staff(stores)
    grant = {"role": "Support", "operator_scope": ["JIO", "ORANGE"]}
    refused = await api.put(f"/v1/admins/{other.admin_id}/role", json=grant, headers=headers)
    problem = assert_problem(refused, 422, "operator_invalid")
    assert problem["errors"][0]["field"] == "body.operator_scope.1"
    assert "AIRTEL" in problem["errors"][0]["message"]
    assert_problem(await api.get(f"/v1/admins/{new_id()}", headers=headers), 404, "admin_not_found")


async def test_the_list_filters_sorts_and_pages(
    api: httpx.AsyncClient, boss: Admin, as_admin: Headers, stores: Stores
) -> None:
    headers = as_admin(boss)
    mark = uuid4().hex[:10]
    names = ["Chitra", "Asha", "Bela"]
    created = [
        await make_staff(
            stores,
            "Viewer" if number else "Manager",
            name=name,
            email=f"{mark}.{number}@example.com",
            operator_scope=("JIO",) if number == 1 else (),
        )
        for number, name in enumerate(names)
    ]
    reason = {"reason": "a test"}
    await api.post(f"/v1/admins/{created[2].admin_id}/block", json=reason, headers=headers)

    async def listed(**query: Any) -> list[str]:
        answer = await api.get("/v1/admins", params={"search": mark, **query}, headers=headers)
        assert answer.status_code == 200, answer.text
        return [item["name"] for item in answer.json()["items"]]

    assert await listed() == ["Bela", "Asha", "Chitra"]
    assert await listed(sort="created_at") == names
    assert await listed(sort="name") == ["Asha", "Bela", "Chitra"]
    assert await listed(role="Viewer", sort="name") == ["Asha", "Bela"]
    assert await listed(status="blocked") == ["Bela"]
    assert await listed(operator="jio") == ["Asha"]
    assert await listed(search=created[0].phone_number[3:]) == ["Chitra"]
    assert await listed(search=f"{mark}.%") == []
    page = await api.get(
        "/v1/admins",
        params={"search": mark, "limit": 2, "sort": "name", "include_total": True},
        headers=headers,
    )
    assert page.json()["total"] == 3
    rest = {"search": mark, "sort": "name", "cursor": page.json()["next_cursor"]}
    last = (await api.get("/v1/admins", params=rest, headers=headers)).json()
    assert ([item["name"] for item in last["items"]], last["next_cursor"]) == (["Chitra"], None)
    assert_problem(await api.get("/v1/admins?rol=x", headers=headers), 422, "validation_failed")


async def test_only_those_whose_role_allows_it_see_or_change_the_staff(
    api: httpx.AsyncClient, boss: Admin, as_admin: Headers, stores: Stores
) -> None:
    manager = await make_staff(stores, "Manager")
    headers = as_admin(manager, "Manager")
    assert (await api.get("/v1/admins", headers=headers)).status_code == 200
    assert_problem(await api.post("/v1/admins", json=newcomer(), headers=headers), 403, "permission_denied")
    answer = await api.delete(f"/v1/admins/{boss.admin_id}", headers=headers)
    assert_problem(answer, 403, "permission_denied")
    support = as_admin(await make_staff(stores, "Support"), "Support")
    assert_problem(await api.get("/v1/admins", headers=support), 403, "permission_denied")
