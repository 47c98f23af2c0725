"""Admins over HTTP: who may do what to whom."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from fastapi import FastAPI

from gencharge.admins import staff_service as staff
from gencharge.admins.errors import LastSuperAdmin, RankTooLow
from gencharge.admins.models import Admin
from gencharge.core.errors import Problem
from gencharge.core.settings import Settings
from gencharge.core.stores.stores import Stores
from gencharge.core.values.ids import new_id
from gencharge.sessions.errors import OperatorOutOfScope
from gencharge.sessions.guards import ALL
from tests import factories
from tests.admins.conftest import Headers, granted, make_role, topics
from tests.auth.conftest import assert_problem
from tests.conftest import database_of, test_settings


def newcomer(**but: Any) -> dict[str, Any]:
    """The body of a new admin."""
    body = {
        "name": "Meera Nair",
        "email": f"{uuid4().hex}@example.com",
        "phone_number": factories.new_phone(),
        "role": "Support",
    }
    return body | but


async def make(stores: Stores, role: str = "Support", **but: Any) -> Admin:
    return await stores.database.run(lambda db: factories.make_admin(db, role, **but))


async def test_an_admin_is_made_shown_changed_and_announced(
    api: httpx.AsyncClient, boss: Admin, as_admin: Headers, stores: Stores
) -> None:
    headers = as_admin(boss)
    body = newcomer(role="Manager", operator_scope=["jio", "VI", "JIO"])
    made = await api.post("/v1/admins", json=body, headers=headers)
    assert made.status_code == 201, made.text
    admin = made.json()
    assert (admin["role"], admin["operator_scope"], admin["status"]) == ("Manager", ["JIO", "VI"], "active")
    shown = (await api.get(f"/v1/admins/{admin['admin_id']}", headers=headers)).json()
    assert "Plans:edit" in shown["permissions"]
    changed = await api.patch(
        f"/v1/admins/{admin['admin_id']}", json={"name": "Meera K. Nair"}, headers=headers
    )
    assert changed.json()["name"] == "Meera K. Nair"
    said = await topics(stores, "admin_id", admin["admin_id"])
    assert [topic for topic, _ in said] == ["AdminCreated", "AdminUpdated"]
    assert said[0][1]["changes"]["role"] == {"old": None, "new": "Manager"}
    assert said[1][1]["changes"] == {"name": {"old": "Meera Nair", "new": "Meera K. Nair"}}
    for empty in ({}, {"name": None}, {"role": "SuperAdmin"}):
        refused = await api.patch(f"/v1/admins/{admin['admin_id']}", json=empty, headers=headers)
        assert_problem(refused, 422, "validation_failed")


async def test_making_an_admin_or_granting_a_role_needs_a_second_factor_given_just_now(
    api: httpx.AsyncClient, boss: Admin, as_admin: Headers, stores: Stores
) -> None:
    other = await make(stores)
    stale = as_admin(boss, second_factor_at=0)
    assert_problem(await api.post("/v1/admins", json=newcomer(), headers=stale), 403, "step_up_required")
    grant = {"role": "Viewer"}
    refused = await api.put(f"/v1/admins/{other.admin_id}/role", json=grant, headers=stale)
    assert_problem(refused, 403, "step_up_required")


async def test_a_number_or_an_address_that_is_taken_is_named(
    api: httpx.AsyncClient, boss: Admin, as_admin: Headers, stores: Stores
) -> None:
    user = await stores.database.run(factories.make_user)
    other = await make(stores)
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
    mine = await api.patch("/v1/admins/me", json={"email": other.email}, headers=headers)
    assert_problem(mine, 409, "email_already_exists")


async def test_an_unknown_role_or_operator_is_answered_with_those_that_there_are(
    api: httpx.AsyncClient, boss: Admin, as_admin: Headers, stores: Stores
) -> None:
    headers = as_admin(boss)
    refused = await api.post("/v1/admins", json=newcomer(role="Boss"), headers=headers)
    problem = assert_problem(refused, 404, "role_not_found")
    assert {"SuperAdmin", "Manager", "Support", "ContentEditor", "Viewer"} <= set(problem["available"])
    assert "ContentEditor" in problem["detail"]
    assert_problem(await api.get("/v1/admins?role=Boss", headers=headers), 404, "role_not_found")
    other = await make(stores)
    grant = {"role": "Support", "operator_scope": ["JIO", "ORANGE"]}
    refused = await api.put(f"/v1/admins/{other.admin_id}/role", json=grant, headers=headers)
    problem = assert_problem(refused, 422, "operator_invalid")
    assert problem["errors"][0]["field"] == "body.operator_scope.1"
    assert "AIRTEL" in problem["errors"][0]["message"]
    assert_problem(await api.get(f"/v1/admins/{new_id()}", headers=headers), 404, "admin_not_found")


async def test_nobody_grants_what_they_do_not_hold(
    api: httpx.AsyncClient, staffed: FastAPI, as_admin: Headers, stores: Stores
) -> None:
    name = await make_role(stores, "Admins:write", "Admins:edit", "Users:read")
    await granted(staffed, name, "Admins:edit")
    actor, other = await make(stores, name), await make(stores, name)
    headers = as_admin(actor, name)
    refused = await api.post("/v1/admins", json=newcomer(role="Support"), headers=headers)
    problem = assert_problem(refused, 403, "permission_not_held")
    assert "Sessions:delete" in problem["missing"]
    assert "Users:read" not in problem["missing"]
    refused = await api.put(f"/v1/admins/{other.admin_id}/role", json={"role": "SuperAdmin"}, headers=headers)
    assert_problem(refused, 403, "permission_not_held")
    assert (await api.post("/v1/admins", json=newcomer(role=name), headers=headers)).status_code == 201


async def test_nobody_touches_an_admin_who_holds_more_not_even_their_number(
    api: httpx.AsyncClient, staffed: FastAPI, boss: Admin, as_admin: Headers, stores: Stores
) -> None:
    name = await make_role(stores, "Admins:write", "Admins:edit", "Admins:delete")
    await granted(staffed, name, "Admins:delete")
    actor = await make(stores, name)
    headers = as_admin(actor, name)
    path = f"/v1/admins/{boss.admin_id}"
    for answer in [
        await api.patch(path, json={"phone_number": factories.new_phone()}, headers=headers),
        await api.post(f"{path}/block", json={"reason": "a coup"}, headers=headers),
        await api.put(f"{path}/role", json={"role": name}, headers=headers),
        await api.delete(path, headers=headers),
        await api.delete(f"{path}/second-factor", headers=headers),
    ]:
        assert "Roles:edit" in assert_problem(answer, 403, "rank_too_low")["missing"]


async def test_what_the_database_says_of_an_actor_counts_and_not_an_older_token(
    api: httpx.AsyncClient, boss: Admin, as_admin: Headers, stores: Stores
) -> None:
    lowered = await make(stores, "Viewer")
    refused = await api.post("/v1/admins", json=newcomer(role="Manager"), headers=as_admin(lowered))
    assert_problem(refused, 403, "permission_not_held")
    refused = await api.delete(f"/v1/admins/{boss.admin_id}", headers=as_admin(lowered))
    assert_problem(refused, 403, "rank_too_low")


async def test_nobody_does_it_to_themselves(api: httpx.AsyncClient, boss: Admin, as_admin: Headers) -> None:
    headers = as_admin(boss)
    path = f"/v1/admins/{boss.admin_id}"
    for answer in [
        await api.patch(path, json={"name": "Somebody Else"}, headers=headers),
        await api.put(f"{path}/role", json={"role": "Viewer"}, headers=headers),
        await api.post(f"{path}/block", json={"reason": "tired"}, headers=headers),
        await api.post(f"{path}/unblock", headers=headers),
        await api.delete(path, headers=headers),
        await api.delete(f"{path}/second-factor", headers=headers),
    ]:
        assert_problem(answer, 409, "own_account")
    mine = await api.patch("/v1/admins/me", json={"name": "Ravi R. Iyer"}, headers=headers)
    assert (mine.status_code, mine.json()["name"]) == (200, "Ravi R. Iyer")
    assert set((await api.get("/v1/admins/me", headers=headers)).json()["permissions"]) == ALL


async def test_a_scoped_admin_is_refused_and_could_grant_no_wider_scope_either(
    api: httpx.AsyncClient, as_admin: Headers, stores: Stores
) -> None:
    actor = await make(stores, "SuperAdmin", operator_scope=("JIO",))
    answer = await api.post("/v1/admins", json=newcomer(), headers=as_admin(actor))
    assert_problem(answer, 403, "operator_scope_too_narrow")
    wide, narrow = await make(stores, "Viewer"), await make(stores, "Viewer", operator_scope=("JIO",))

    async def assign(admin: Admin, scope: list[str]) -> None:
        await stores.database.run(
            lambda db: staff.assign_role(
                db, actor.admin_id, admin.admin_id, role="Support", operator_scope=scope
            )
        )

    with pytest.raises(RankTooLow):
        await assign(wide, ["JIO"])
    for scope in ([], ["VI"], ["JIO", "VI"]):
        with pytest.raises(OperatorOutOfScope):
            await assign(narrow, scope)
    await assign(narrow, ["JIO"])


async def test_block_role_change_new_number_and_archive_end_the_sessions_of_an_admin(
    api: httpx.AsyncClient, staffed: FastAPI, boss: Admin, as_admin: Headers, stores: Stores
) -> None:
    headers = as_admin(boss)
    other = await make(stores, "Viewer")
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
    await check_out(await api.patch(path, json=number, headers=headers), theirs)
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


async def test_a_number_that_was_changed_is_free_for_another(
    api: httpx.AsyncClient, boss: Admin, as_admin: Headers, stores: Stores
) -> None:
    other = await make(stores)
    old = other.phone_number
    moved = await api.patch(
        f"/v1/admins/{other.admin_id}",
        json={"phone_number": factories.new_phone()},
        headers=as_admin(boss),
    )
    assert moved.status_code == 200
    made = await api.post("/v1/admins", json=newcomer(phone_number=old), headers=as_admin(boss))
    assert made.status_code == 201


async def test_the_list_filters_sorts_and_pages(
    api: httpx.AsyncClient, boss: Admin, as_admin: Headers, stores: Stores
) -> None:
    headers = as_admin(boss)
    mark = uuid4().hex[:10]
    names = ["Chitra", "Asha", "Bela"]
    made = [
        await make(
            stores,
            "Viewer" if number else "Manager",
            name=name,
            email=f"{mark}.{number}@example.com",
            operator_scope=("JIO",) if number == 1 else (),
        )
        for number, name in enumerate(names)
    ]
    reason = {"reason": "a test"}
    await api.post(f"/v1/admins/{made[2].admin_id}/block", json=reason, headers=headers)

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
    assert await listed(search=made[0].phone_number[3:]) == ["Chitra"]
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
    manager = await make(stores, "Manager")
    headers = as_admin(manager, "Manager")
    assert (await api.get("/v1/admins", headers=headers)).status_code == 200
    assert_problem(await api.post("/v1/admins", json=newcomer(), headers=headers), 403, "permission_denied")
    answer = await api.delete(f"/v1/admins/{boss.admin_id}", headers=headers)
    assert_problem(answer, 403, "permission_denied")
    support = as_admin(await make(stores, "Support"), "Support")
    assert_problem(await api.get("/v1/admins", headers=support), 403, "permission_denied")


@pytest.fixture
async def empty(servers: Path, worker_id: str) -> Any:
    """Stores of a database without any admin."""
    settings: Settings = test_settings(servers, database_of(servers, worker_id, "staff"))
    stores = Stores.open(settings)
    yield stores
    await stores.close()


async def test_two_superadmins_who_lower_each_other_at_once_leave_one(empty: Stores) -> None:
    for _ in range(10):
        pair = [await make(empty, "SuperAdmin") for _ in range(2)]

        async def lower(actor: Admin, other: Admin) -> None:
            await empty.database.run(
                lambda db: staff.assign_role(
                    db, actor.admin_id, other.admin_id, role="Viewer", operator_scope=[]
                )
            )

        results = await asyncio.gather(lower(*pair), lower(*reversed(pair)), return_exceptions=True)
        assert sorted(type(result).__name__ for result in results) == ["NoneType", "RankTooLow"]
        for admin in pair:
            await _close(empty, admin.admin_id)


async def _close(stores: Stores, admin_id: UUID) -> None:
    from sqlalchemy import text

    async with stores.database.transaction() as db:
        await db.execute(text("UPDATE admins SET status = 'archived' WHERE admin_id = :id"), {"id": admin_id})


async def test_the_last_superadmin_stays_one_whoever_tries(empty: Stores) -> None:
    name = await make_role(empty, *ALL, name="Everything")
    last = await make(empty, "SuperAdmin")
    # These don't count: limited to some operators, and blocked.
    await make(empty, "SuperAdmin", operator_scope=("JIO",))
    actor, blocked = await make(empty, name), await make(empty, "SuperAdmin")
    me = actor.admin_id
    await empty.database.run(lambda db: staff.block(db, me, blocked.admin_id, reason="away"))

    async def refused(unit: Any) -> None:
        with pytest.raises(LastSuperAdmin) as caught:
            await empty.database.run(unit)
        problem: Problem = caught.value
        assert (problem.status, problem.code()) == (409, "last_super_admin")

    target = last.admin_id
    await refused(lambda db: staff.block(db, me, target, reason="away"))
    await refused(lambda db: staff.archive(db, me, target))
    await refused(lambda db: staff.assign_role(db, me, target, role="Viewer", operator_scope=[]))
    await refused(lambda db: staff.assign_role(db, me, target, role="SuperAdmin", operator_scope=["JIO"]))
    await empty.database.run(lambda db: staff.unblock(db, me, blocked.admin_id))
    await empty.database.run(lambda db: staff.archive(db, me, target))
