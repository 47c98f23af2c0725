"""What admins do with each other's accounts."""

from __future__ import annotations

import httpx
import pytest
from fastapi import FastAPI

from gencharge.admins.models import Admin
from gencharge.core.stores.stores import Stores
from tests.auth.conftest import assert_problem
from tests.make import factories
from tests.make.admins import Headers, approve, granted, make_role, make_staff, newcomer, topics


async def test_an_admin_is_made_shown_changed_and_announced(
    api: httpx.AsyncClient, boss: Admin, as_admin: Headers, stores: Stores
) -> None:
    headers = as_admin(boss)
    body = newcomer(role="Support", operator_scope=["jio", "VI", "JIO"])
    answer = await api.post("/v1/admins", json=body, headers=headers)
    assert answer.status_code == 201, answer.text
    admin = answer.json()
    assert (admin["role"], admin["operator_scope"], admin["status"]) == ("Support", ["JIO", "VI"], "active")
    shown = (await api.get(f"/v1/admins/{admin['admin_id']}", headers=headers)).json()
    assert "Users:edit" in shown["permissions"]
    changed = await api.patch(
        f"/v1/admins/{admin['admin_id']}", json={"name": "Meera K. Nair"}, headers=headers
    )
    assert changed.json()["name"] == "Meera K. Nair"
    announced = await topics(stores, "admin_id", admin["admin_id"])
    assert [topic for topic, _ in announced] == ["AdminCreated", "AdminUpdated"]
    assert announced[0][1]["changes"]["role"] == {"old": None, "new": "Support"}
    assert announced[1][1]["changes"] == {"name": {"old": "Meera Nair", "new": "Meera K. Nair"}}
    for empty in ({}, {"name": None}, {"role": "SuperAdmin"}):
        refused = await api.patch(f"/v1/admins/{admin['admin_id']}", json=empty, headers=headers)
        assert_problem(refused, 422, "validation_failed")


async def test_a_number_or_an_address_that_is_taken_is_named(
    api: httpx.AsyncClient, boss: Admin, as_admin: Headers, stores: Stores
) -> None:
    user = await stores.database.run(factories.make_user)
    other = await make_staff(stores)
    headers = as_admin(boss)
    for field, value, code in [
        ("phone_number", user.phone_number, "phone_number_already_exists"),
        ("phone_number", other.phone_number, "phone_number_already_exists"),
        ("email", str(user.email).upper(), "email_already_exists"),
    ]:
        refused = await api.post("/v1/admins", json=newcomer(**{field: value}), headers=headers)
        assert assert_problem(refused, 409, code)["errors"][0]["field"] == f"body.{field}"
    refused = await api.patch(f"/v1/admins/{other.admin_id}", json={"email": boss.email}, headers=headers)
    assert_problem(refused, 409, "email_already_exists")


async def test_block_role_change_new_number_and_archive_end_the_sessions_of_an_admin(
    api: httpx.AsyncClient, staffed: FastAPI, boss: Admin, as_admin: Headers, stores: Stores
) -> None:
    headers = as_admin(boss)
    other = await make_staff(stores, "Viewer")
    path = f"/v1/admins/{other.admin_id}"

    async def signed_in() -> dict[str, str]:
        theirs = await factories.sign_in(staffed, other, role="Viewer")
        assert (await api.get("/v1/admins/me", headers=theirs)).status_code == 200
        return theirs

    async def check_out(answer: httpx.Response, theirs: dict[str, str], status: int = 200) -> None:
        assert answer.status_code == status, answer.text
        assert_problem(await api.get("/v1/admins/me", headers=theirs), 401, "session_ended")

    theirs = await signed_in()
    answer = await api.patch(path, json={"name": "Another Name"}, headers=headers)
    assert (await api.get("/v1/admins/me", headers=theirs)).status_code == 200
    number = {"phone_number": factories.new_phone()}
    second = as_admin(await make_staff(stores, "SuperAdmin"))
    await check_out(await approve(api, await api.patch(path, json=number, headers=headers), second), theirs)
    theirs = await signed_in()
    grant = {"role": "Viewer", "operator_scope": ["VI"]}
    await check_out(await api.put(f"{path}/role", json=grant, headers=headers), theirs)
    theirs = await signed_in()
    reason = {"reason": "lost device"}
    answer = await api.post(f"{path}/block", json=reason, headers=headers)
    await check_out(answer, theirs)
    assert answer.json()["status"] == "blocked"
    again = await api.post(f"{path}/block", json=reason, headers=headers)
    assert_problem(again, 409, "admin_not_active")
    assert (await api.post(f"{path}/unblock", headers=headers)).json()["status"] == "active"
    assert_problem(await api.post(f"{path}/unblock", headers=headers), 409, "admin_not_blocked")
    theirs = await signed_in()
    await check_out(await api.delete(path, headers=headers), theirs, 204)
    assert [topic for topic, _ in await topics(stores, "admin_id", str(other.admin_id))] == [
        "AdminUpdated",
        "AdminUpdated",
        "AdminRoleChanged",
        "AdminBlocked",
        "AdminUnblocked",
        "AdminArchived",
    ]


async def test_an_archived_admins_number_and_address_are_free_and_nothing_changes_any_more(
    api: httpx.AsyncClient, boss: Admin, as_admin: Headers
) -> None:
    headers = as_admin(boss)
    body = newcomer()
    first = (await api.post("/v1/admins", json=body, headers=headers)).json()
    path = f"/v1/admins/{first['admin_id']}"
    assert (await api.delete(path, headers=headers)).status_code == 204
    second = await api.post("/v1/admins", json=body, headers=headers)
    assert second.status_code == 201, second.text
    assert (await api.get(path, headers=headers)).json()["status"] == "archived"
    for answer in [
        await api.delete(path, headers=headers),
        await api.patch(path, json={"name": "Back Again"}, headers=headers),
        await api.put(f"{path}/role", json={"role": "Viewer"}, headers=headers),
        await api.post(f"{path}/unblock", headers=headers),
    ]:
        assert_problem(answer, 409, "admin_already_archived")


async def test_an_admin_who_may_move_money_is_made_by_two(
    api: httpx.AsyncClient, boss: Admin, as_admin: Headers, stores: Stores
) -> None:
    headers, other = as_admin(boss), as_admin(await make_staff(stores, "SuperAdmin"))
    body = newcomer(role="Manager", operator_scope=["JIO"], reason="joins on Monday")
    waiting = await api.post("/v1/admins", json=body, headers=headers)
    assert waiting.json()["summary"] == "Make Meera Nair an admin: Manager for JIO."
    path, hindi = f"/v1/approvals/{waiting.json()['approval_id']}", other | {"Accept-Language": "hi"}
    shown = await api.get(path, headers=hindi)
    assert shown.json()["summary"] == "Meera Nair को एडमिन बनाया जाए: Manager (JIO)।"
    assert shown.headers["content-language"] == "hi"
    listed = (await api.get("/v1/approvals", headers=hindi)).json()["items"]
    assert shown.json()["summary"] in {each["summary"] for each in listed}
    assert body["phone_number"] not in waiting.text
    assert (await approve(api, waiting, headers)).json()["code"] == "approval_second_admin_required"
    query = {"search": body["email"]}
    assert (await api.get("/v1/admins", params=query, headers=headers)).json()["items"] == []
    assert (await approve(api, waiting, other)).status_code == 200
    [admin] = (await api.get("/v1/admins", params=query, headers=headers)).json()["items"]
    assert (admin["role"], admin["operator_scope"], admin["status"]) == ("Manager", ["JIO"], "active")
    for taken in (body, newcomer(role="Manager", email=body["email"])):
        refused = await api.post("/v1/admins", json=taken, headers=headers)
        assert refused.status_code == 409, refused.text


async def test_nobody_approves_what_they_could_not_grant(
    api: httpx.AsyncClient, staffed: FastAPI, boss: Admin, as_admin: Headers, stores: Stores
) -> None:
    name = await make_role(stores, "Admins:read", "Admins:write", "Admins:edit")
    await granted(staffed, name, "Admins:edit")
    small = as_admin(await make_staff(stores, name), name)
    waiting = await api.post("/v1/admins", json=newcomer(role="Manager"), headers=as_admin(boss))
    assert_problem(await approve(api, waiting, small), 403, "permission_not_held")


async def test_a_grant_dies_with_the_rights_of_who_asked_for_it(
    api: httpx.AsyncClient, boss: Admin, as_admin: Headers, stores: Stores
) -> None:
    asker, other = await make_staff(stores, "SuperAdmin"), as_admin(boss)
    waiting = await api.post("/v1/admins", json=newcomer(role="Manager"), headers=as_admin(asker))
    blocked = await api.post(
        f"/v1/admins/{asker.admin_id}/block", json={"reason": "was stolen"}, headers=other
    )
    assert blocked.status_code == 200
    assert_problem(await approve(api, waiting, other), 403, "permission_not_held")


@pytest.mark.parametrize(
    ("before", "after", "status"),
    [
        (("Support", ("JIO",)), ("Manager", ["JIO"]), 202),
        (("Manager", ("JIO",)), ("Manager", ["JIO", "VI"]), 202),
        (("Manager", ("JIO",)), ("Manager", []), 202),
        (("Support", ("JIO",)), ("Support", []), 200),
        (("Manager", ()), ("Manager", ["JIO"]), 200),
        (("Manager", ("JIO", "VI")), ("Manager", ["VI"]), 200),
        (("Manager", ()), ("Support", []), 200),
        (("SuperAdmin", ("JIO",)), ("Manager", ["JIO"]), 200),
    ],
)
async def test_more_rights_or_operators_take_a_second_admin_and_fewer_do_not(
    api: httpx.AsyncClient,
    boss: Admin,
    as_admin: Headers,
    stores: Stores,
    before: tuple[str, tuple[str, ...]],
    after: tuple[str, list[str]],
    status: int,
) -> None:
    admin = await make_staff(stores, before[0], operator_scope=before[1])
    path = f"/v1/admins/{admin.admin_id}"
    grant = {"role": after[0], "operator_scope": after[1]}
    answer = await api.put(f"{path}/role", json=grant, headers=as_admin(boss))
    assert answer.status_code == status, answer.text
    if status == 202:
        shown = (await api.get(path, headers=as_admin(boss))).json()
        assert (shown["role"], shown["operator_scope"]) == (before[0], list(before[1]))
        own = as_admin(admin, before[0])
        assert (await approve(api, answer, own)).status_code in {403, 404, 409}
        other = as_admin(await make_staff(stores, "SuperAdmin"))
        assert (await approve(api, answer, other)).status_code == 200
    shown = (await api.get(path, headers=as_admin(boss))).json()
    assert (shown["role"], shown["operator_scope"]) == after


async def test_nobody_approves_their_own_promotion(
    api: httpx.AsyncClient, boss: Admin, as_admin: Headers, stores: Stores
) -> None:
    admin = await make_staff(stores, "SuperAdmin", operator_scope=("JIO",))
    path = f"/v1/admins/{admin.admin_id}/role"
    answer = await api.put(path, json={"role": "SuperAdmin", "operator_scope": []}, headers=as_admin(boss))
    # Though their token says that they are not limited to an operator.
    refused = await approve(api, answer, as_admin(admin, operator_scope=()))
    assert_problem(refused, 409, "own_account")
