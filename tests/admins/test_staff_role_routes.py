"""The staff's routes of roles: which answers wait for a second admin."""

from __future__ import annotations

import httpx
import pytest
from fastapi import FastAPI

from gencharge.admins.models import Admin
from gencharge.admins.roles import SENSITIVE
from gencharge.core.stores.stores import Stores
from tests.auth.conftest import assert_problem
from tests.make.admins import Headers, granted, make_role, make_staff, role_body, role_id, topics

NOTE = {"note": "was checked"}


@pytest.fixture
async def other(staffed: FastAPI, stores: Stores, as_admin: Headers) -> dict[str, str]:
    """The headers of a second SuperAdmin."""
    await granted(staffed, "SuperAdmin", "Roles:edit")
    return as_admin(await make_staff(stores, "SuperAdmin"))


@pytest.mark.parametrize("permission", sorted(SENSITIVE))
async def test_a_role_that_moves_money_or_grants_rights_waits_for_a_second_admin(
    api: httpx.AsyncClient, boss: Admin, as_admin: Headers, permission: str
) -> None:
    body = role_body(permissions=["Users:read", permission], reason="a new desk")
    answer = await api.post("/v1/roles", json=body, headers=as_admin(boss))
    assert answer.status_code == 202, answer.text
    waiting = answer.json()
    assert (waiting["act"], waiting["status"], waiting["reason"]) == ("create_role", "pending", "a new desk")
    assert waiting["summary"] == f"Make the role {body['name']}, which allows {permission}."
    again = await api.post("/v1/roles", json=body, headers=as_admin(boss))
    assert again.json()["approval_id"] == waiting["approval_id"]


async def test_the_second_admin_makes_it_and_not_the_first(
    api: httpx.AsyncClient, boss: Admin, as_admin: Headers, other: dict[str, str], stores: Stores
) -> None:
    headers, body = as_admin(boss), role_body(permissions=["Payments:edit"])
    waiting = (await api.post("/v1/roles", json=body, headers=headers)).json()
    path = f"/v1/approvals/{waiting['approval_id']}/approve"
    own = await api.post(path, json=NOTE, headers=headers)
    assert_problem(own, 403, "approval_second_admin_required")
    listed = (await api.get("/v1/roles?limit=100", headers=headers)).json()["items"]
    assert body["name"] not in {role["name"] for role in listed}
    assert (await api.post(path, json=NOTE, headers=other)).status_code == 200
    new_id = await role_id(api, headers, body["name"])
    assert (await api.get(f"/v1/roles/{new_id}", headers=headers)).json()["permissions"] == ["Payments:edit"]
    assert [topic for topic, _ in await topics(stores, "role_id", new_id)] == ["RoleCreated"]


async def test_more_of_what_is_sensitive_waits_and_less_does_not(
    api: httpx.AsyncClient, boss: Admin, as_admin: Headers, other: dict[str, str], stores: Stores
) -> None:
    headers, name = as_admin(boss), await make_role(stores, "Payments:edit", "Wallet:edit")
    path = f"/v1/roles/{await role_id(api, headers, name)}"
    less = await api.put(path, json=role_body(name=name, permissions=["Payments:edit"]), headers=headers)
    assert (less.status_code, less.json()["permissions"]) == (200, ["Payments:edit"])
    more = role_body(name=name, permissions=["Payments:edit", "Wallet:edit", "Plans:read"])
    waiting = await api.put(path, json=more, headers=headers)
    assert waiting.status_code == 202, waiting.text
    assert waiting.json()["summary"] == f"Let the role {name} allow Wallet:edit, too."
    assert (await api.get(path, headers=headers)).json()["permissions"] == ["Payments:edit"]
    approve = f"/v1/approvals/{waiting.json()['approval_id']}/approve"
    assert (await api.post(approve, json=NOTE, headers=other)).status_code == 200
    assert (await api.get(path, headers=headers)).json()["permissions"] == sorted(more["permissions"])


async def test_what_was_overtaken_is_refused_and_stays_as_it_was(
    api: httpx.AsyncClient, boss: Admin, as_admin: Headers, other: dict[str, str], stores: Stores
) -> None:
    headers, name = as_admin(boss), await make_role(stores, "Plans:read")
    path = f"/v1/roles/{await role_id(api, headers, name)}"
    wider = role_body(name=name, permissions=["Plans:read", "Wallet:edit"])
    waiting = (await api.put(path, json=wider, headers=headers)).json()
    # Somebody takes Plans:read away; the request would give it back.
    assert (await api.put(path, json=role_body(name=name, permissions=[]), headers=other)).status_code == 200
    approve = f"/v1/approvals/{waiting['approval_id']}/approve"
    assert_problem(await api.post(approve, json=NOTE, headers=other), 412, "resource_changed")
    assert (await api.get(path, headers=headers)).json()["permissions"] == []
