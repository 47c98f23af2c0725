"""Roles: listed, added, replaced, deleted."""

from __future__ import annotations

import asyncio
from uuid import UUID

import httpx
from fastapi import FastAPI

from gencharge.admins.models import Admin
from gencharge.core.stores.stores import Stores
from gencharge.core.values.ids import new_id
from gencharge.sessions.guards import ALL
from tests.auth.conftest import assert_problem
from tests.make import factories
from tests.make.admins import Headers, granted, make_role, role_body, role_id, topics


async def test_every_permission_is_listed_once_with_a_sentence(
    api: httpx.AsyncClient, boss: Admin, as_admin: Headers
) -> None:
    answer = await api.get("/v1/roles/permissions?limit=100", headers=as_admin(boss))
    groups = answer.json()["items"]
    assert len(groups) == 23
    named = {part["permission"]: part["description"] for group in groups for part in group["permissions"]}
    assert set(named) == ALL
    assert len(set(named.values())) == len(ALL)
    assert named["Plans:edit"] == "Change plans."


async def test_a_role_is_made_shown_replaced_and_deleted(
    api: httpx.AsyncClient, boss: Admin, as_admin: Headers, stores: Stores
) -> None:
    headers = as_admin(boss)
    body = role_body()
    answer = await api.post("/v1/roles", json=body, headers=headers)
    assert answer.status_code == 201, answer.text
    role = answer.json()
    assert (role["permissions"], role["permissions_version"]) == (["Contact:edit", "Users:read"], 1)
    assert (role["seeded"], role["admins"]) == (False, 0)
    path = f"/v1/roles/{role['role_id']}"
    replaced = await api.put(
        path, json=body | {"permissions": ["Users:read", "Users:read", "Plans:read"]}, headers=headers
    )
    assert replaced.json()["permissions"] == ["Plans:read", "Users:read"]
    assert replaced.json()["permissions_version"] == 2
    same = await api.put(path, json=body | {"permissions": ["Plans:read", "Users:read"]}, headers=headers)
    assert same.json()["permissions_version"] == 2
    assert (await api.get(path, headers=headers)).json() == same.json()
    assert (await api.delete(path, headers=headers)).status_code == 204
    assert_problem(await api.get(path, headers=headers), 404, "role_not_found")
    announced = await topics(stores, "role_id", role["role_id"])
    assert [topic for topic, _ in announced] == ["RoleCreated", "RoleUpdated", "RoleDeleted"]
    assert announced[1][1]["changes"] == {
        "permissions": {"old": ["Contact:edit", "Users:read"], "new": ["Plans:read", "Users:read"]}
    }


async def test_what_a_role_can_not_be(api: httpx.AsyncClient, boss: Admin, as_admin: Headers) -> None:
    headers = as_admin(boss)
    unknown = await api.post(
        "/v1/roles", json=role_body(permissions=["Plans:fly", "Plans:read"]), headers=headers
    )
    problem = assert_problem(unknown, 404, "permission_not_found")
    assert "Plans:fly" in problem["detail"]
    assert set(problem["available"]) == ALL
    taken = await api.post("/v1/roles", json=role_body(name="viewer"), headers=headers)
    assert assert_problem(taken, 409, "role_already_exists")["errors"][0]["field"] == "body.name"
    for wrong in ({"name": "1st"}, {"name": "a,b"}, {"permissions": None}):
        answer = await api.post("/v1/roles", json=role_body(**wrong), headers=headers)
        assert_problem(answer, 422, "validation_failed")
    missing = await api.put(f"/v1/roles/{new_id()}", json=role_body(), headers=headers)
    assert "Manager" in assert_problem(missing, 404, "role_not_found")["available"]


async def test_writing_a_role_needs_a_second_factor_given_just_now(
    api: httpx.AsyncClient, boss: Admin, as_admin: Headers
) -> None:
    stale = as_admin(boss, second_factor_at=0)
    assert_problem(await api.post("/v1/roles", json=role_body(), headers=stale), 403, "step_up_required")
    viewer = await role_id(api, stale, "Viewer")
    answer = await api.put(f"/v1/roles/{viewer}", json=role_body(), headers=stale)
    assert_problem(answer, 403, "step_up_required")


async def test_the_seeded_roles_stay(
    api: httpx.AsyncClient, boss: Admin, staffed: FastAPI, as_admin: Headers, stores: Stores
) -> None:
    everything = await make_role(stores, *ALL)
    await granted(staffed, everything, "Roles:edit")
    actor = await stores.database.run(lambda db: factories.make_admin(db, everything))
    headers = as_admin(actor, everything)
    viewer, top = await role_id(api, headers, "Viewer"), await role_id(api, headers, "SuperAdmin")
    for answer in [
        await api.delete(f"/v1/roles/{viewer}", headers=headers),
        await api.put(f"/v1/roles/{viewer}", json=role_body(), headers=headers),
        await api.put(f"/v1/roles/{top}", json=role_body(name="SuperAdmin"), headers=headers),
    ]:
        assert_problem(answer, 409, "role_protected")


async def test_nobody_writes_what_they_do_not_hold_or_their_own_role(
    api: httpx.AsyncClient, boss: Admin, staffed: FastAPI, as_admin: Headers, stores: Stores
) -> None:
    role_name = await make_role(
        stores, "Roles:read", "Roles:write", "Roles:edit", "Roles:delete", "Users:read"
    )
    await granted(staffed, role_name, "Roles:edit")
    actor = await stores.database.run(lambda db: factories.make_admin(db, role_name))
    headers = as_admin(actor, role_name)
    refused = await api.post("/v1/roles", json=role_body(), headers=headers)
    assert assert_problem(refused, 403, "permission_not_held")["missing"] == ["Contact:edit"]
    support = await role_id(api, headers, "Support")
    stripped = await api.put(
        f"/v1/roles/{support}", json=role_body(name="Support", permissions=[]), headers=headers
    )
    assert "Sessions:delete" in assert_problem(stripped, 403, "rank_too_low")["missing"]
    own = await role_id(api, headers, role_name)
    answer = await api.put(f"/v1/roles/{own}", json=role_body(), headers=headers)
    assert_problem(answer, 409, "own_role")
    small = await api.post("/v1/roles", json=role_body(permissions=["Users:read"]), headers=headers)
    wider = await api.put(f"/v1/roles/{small.json()['role_id']}", json=role_body(), headers=headers)
    assert_problem(wider, 403, "permission_not_held")


async def test_a_role_goes_when_only_those_who_left_had_it(
    api: httpx.AsyncClient, boss: Admin, as_admin: Headers, stores: Stores
) -> None:
    headers = as_admin(boss)
    name = await make_role(stores, "Users:read")
    admin = await stores.database.run(lambda db: factories.make_admin(db, name))
    path = f"/v1/roles/{await role_id(api, headers, name)}"
    assert_problem(await api.delete(path, headers=headers), 409, "role_in_use")
    assert (await api.delete(f"/v1/admins/{admin.admin_id}", headers=headers)).status_code == 204
    assert (await api.delete(path, headers=headers)).status_code == 204
    gone = (await api.get(f"/v1/admins/{admin.admin_id}", headers=headers)).json()
    assert (gone["status"], gone["role"], gone["permissions"]) == ("archived", None, [])


async def test_a_new_name_ends_the_sessions_whose_tokens_carry_the_old_one(
    api: httpx.AsyncClient, staffed: FastAPI, boss: Admin, as_admin: Headers, stores: Stores
) -> None:
    headers = as_admin(boss)
    name = await make_role(stores, "Admins:read")
    await granted(staffed, name, "Admins:read")
    admin = await stores.database.run(lambda db: factories.make_admin(db, name))
    theirs = await factories.sign_in(staffed, admin, role=name)
    path = f"/v1/roles/{await role_id(api, headers, name)}"
    body = role_body(name=name, permissions=["Admins:read", "Users:read"])
    assert (await api.put(path, json=body, headers=headers)).status_code == 200
    assert (await api.get("/v1/admins", headers=theirs)).status_code == 200
    assert (await api.put(path, json=body | {"name": f"{name} x"}, headers=headers)).status_code == 200
    assert_problem(await api.get("/v1/admins", headers=theirs), 401, "session_ended")


async def test_a_role_that_changes_twice_at_once_counts_both(
    api: httpx.AsyncClient, boss: Admin, as_admin: Headers, stores: Stores
) -> None:
    headers = as_admin(boss)
    name = await make_role(stores, "Users:read")
    path = f"/v1/roles/{UUID(await role_id(api, headers, name))}"
    bodies = [role_body(name=name, permissions=[granted]) for granted in ("Plans:read", "Offers:read")]
    answers = await asyncio.gather(*(api.put(path, json=body, headers=headers) for body in bodies))
    assert {answer.status_code for answer in answers} == {200}
    last = (await api.get(path, headers=headers)).json()
    assert last["permissions_version"] == 3
    assert last["permissions"] in (["Plans:read"], ["Offers:read"])
