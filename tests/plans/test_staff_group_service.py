"""Plan groups: added, renamed, counted, deleted."""

from __future__ import annotations

import asyncio
from uuid import uuid4

import httpx

from gencharge.core.stores.stores import Stores
from tests.make.plans import (
    body,
    create,
    events_of,
)


async def test_groups_are_made_renamed_counted_and_deleted_when_empty(
    staff_client: httpx.AsyncClient, manager: dict[str, str], jio: dict[str, str], staff_stores: Stores
) -> None:
    name = f"Festival {uuid4().hex[:6]}"
    created = await staff_client.post(
        "/v1/plans/groups", json={"name": name, "sort_order": 99}, headers=manager
    )
    assert created.status_code == 201, created.text
    group_id = created.json()["group_id"]
    assert created.json()["plans"] == {"draft": 0, "active": 0, "inactive": 0}
    taken = await staff_client.post("/v1/plans/groups", json={"name": name.upper()}, headers=manager)
    assert (taken.status_code, taken.json()["code"]) == (409, "plan_group_already_exists")
    assert taken.json()["errors"][0]["field"] == "body.name"
    path = f"/v1/plans/groups/{group_id}"
    assert (await staff_client.patch(path, json={"name": "unlimited"}, headers=manager)).status_code == 409
    renamed = await staff_client.patch(path, json={"name": name.lower(), "description": "x"}, headers=manager)
    assert (renamed.status_code, renamed.json()["name"]) == (200, name.lower())
    assert (await staff_client.patch(path, json={}, headers=manager)).status_code == 200
    assert len(await events_of(staff_stores, "PlanGroupUpdated", plan_group_id=group_id)) == 1
    plan = await create(staff_client, manager, group_id=group_id, operator="VI")
    held = await staff_client.delete(path, headers=manager)
    assert (held.status_code, held.json()["code"]) == (409, "plan_group_in_use")
    for headers, count in ((manager, 1), (jio, 0)):
        listed = (await staff_client.get("/v1/plans/groups/admin", headers=headers)).json()["items"]
        assert next(one for one in listed if one["group_id"] == group_id)["plans"]["draft"] == count
    assert (await staff_client.delete(f"/v1/plans/{plan['plan_id']}", headers=manager)).status_code == 204
    assert (await staff_client.delete(path, headers=manager)).status_code == 204
    missing = await staff_client.delete(path, headers=manager)
    assert (missing.status_code, missing.json()["code"]) == (404, "plan_group_not_found")
    assert "Unlimited" in missing.json()["detail"]
    for topic in ("PlanGroupCreated", "PlanGroupDeleted"):
        assert len(await events_of(staff_stores, topic, plan_group_id=group_id)) == 1
    for refused in (
        await staff_client.post("/v1/plans/groups", json={"name": "x"}, headers=jio),
        await staff_client.patch(path, json={"name": "x"}, headers=jio),
        await staff_client.delete(path, headers=jio),
    ):
        assert (refused.status_code, refused.json()["code"]) == (403, "operator_scope_too_narrow")


async def test_deleting_a_group_while_a_plan_is_put_into_it_leaves_no_plan_without_a_group(
    staff_client: httpx.AsyncClient, manager: dict[str, str]
) -> None:
    for _ in range(5):
        created = await staff_client.post("/v1/plans/groups", json={"name": uuid4().hex}, headers=manager)
        group_id = created.json()["group_id"]
        gone, put = await asyncio.gather(
            staff_client.delete(f"/v1/plans/groups/{group_id}", headers=manager),
            staff_client.post("/v1/plans", json=body(group_id=group_id), headers=manager),
        )
        assert (gone.status_code, put.status_code) in {(204, 422), (409, 201)}
