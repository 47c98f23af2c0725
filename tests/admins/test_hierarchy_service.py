"""Rank, scope and the last SuperAdmin, also under races."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI

from gencharge.admins import staff_service as staff
from gencharge.admins.errors import AdminNotFound, LastSuperAdmin, PermissionNotHeld, RankTooLow, RoleNotFound
from gencharge.admins.hierarchy_service import Staff
from gencharge.admins.models import Admin, AdminStatus, Role
from gencharge.core.errors import Problem
from gencharge.core.stores.stores import Stores
from gencharge.core.values.ids import new_id
from gencharge.sessions.errors import OperatorOutOfScope
from gencharge.sessions.guards import ALL
from tests.auth.conftest import assert_problem
from tests.make import factories
from tests.make.admins import Headers, granted, make_role, make_staff, newcomer


async def test_nobody_grants_what_they_do_not_hold(
    api: httpx.AsyncClient, staffed: FastAPI, as_admin: Headers, stores: Stores
) -> None:
    name = await make_role(stores, "Admins:write", "Admins:edit", "Users:read")
    await granted(staffed, name, "Admins:edit")
    actor, other = await make_staff(stores, name), await make_staff(stores, name)
    headers = as_admin(actor, name)
    refused = await api.post("/v1/admins", json=newcomer(role="Support"), headers=headers)
    problem = assert_problem(refused, 403, "permission_not_held")
    assert "Sessions:delete" in problem["missing"]
    assert "Users:read" not in problem["missing"]
    refused = await api.put(f"/v1/admins/{other.admin_id}/role", json={"role": "SuperAdmin"}, headers=headers)
    assert_problem(refused, 403, "permission_not_held")
    # What they do hold, they may ask for.
    assert (await api.post("/v1/admins", json=newcomer(role=name), headers=headers)).status_code == 202


async def test_nobody_touches_an_admin_who_holds_more_not_even_their_number(
    api: httpx.AsyncClient, staffed: FastAPI, boss: Admin, as_admin: Headers, stores: Stores
) -> None:
    name = await make_role(stores, "Admins:write", "Admins:edit", "Admins:delete")
    await granted(staffed, name, "Admins:delete")
    actor = await make_staff(stores, name)
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
    lowered = await make_staff(stores, "Viewer")
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
    renamed = await api.patch("/v1/admins/me", json={"name": "Ravi R. Iyer"}, headers=headers)
    assert (renamed.status_code, renamed.json()["name"]) == (200, "Ravi R. Iyer")
    assert set((await api.get("/v1/admins/me", headers=headers)).json()["permissions"]) == ALL


async def test_a_scoped_admin_is_refused_and_could_grant_no_wider_scope_either(
    api: httpx.AsyncClient, as_admin: Headers, stores: Stores
) -> None:
    actor = await make_staff(stores, "SuperAdmin", operator_scope=("JIO",))
    answer = await api.post("/v1/admins", json=newcomer(), headers=as_admin(actor))
    assert_problem(answer, 403, "operator_scope_too_narrow")
    wide, narrow = (
        await make_staff(stores, "Viewer"),
        await make_staff(stores, "Viewer", operator_scope=("JIO",)),
    )

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


async def test_two_superadmins_who_lower_each_other_at_once_leave_one(empty: Stores) -> None:
    for _ in range(10):
        pair = [await make_staff(empty, "SuperAdmin") for _ in range(2)]

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
    last = await make_staff(empty, "SuperAdmin")
    # These don't count: limited to some operators, and blocked.
    await make_staff(empty, "SuperAdmin", operator_scope=("JIO",))
    actor, blocked = await make_staff(empty, name), await make_staff(empty, "SuperAdmin")
    actor_id = actor.admin_id
    await empty.database.run(lambda db: staff.block(db, actor_id, blocked.admin_id, reason="away"))

    async def refused(unit: Any) -> None:
        with pytest.raises(LastSuperAdmin) as caught:
            await empty.database.run(unit)
        problem: Problem = caught.value
        assert (problem.status, problem.code()) == (409, "last_super_admin")

    target = last.admin_id
    await refused(lambda db: staff.block(db, actor_id, target, reason="away"))
    await refused(lambda db: staff.archive(db, actor_id, target))
    await refused(lambda db: staff.assign_role(db, actor_id, target, role="Viewer", operator_scope=[]))
    await refused(
        lambda db: staff.assign_role(db, actor_id, target, role="SuperAdmin", operator_scope=["JIO"])
    )
    await empty.database.run(lambda db: staff.unblock(db, actor_id, blocked.admin_id))
    await empty.database.run(lambda db: staff.archive(db, actor_id, target))


ROLES = {
    "SuperAdmin": frozenset({"Plans:edit", "Plans:read", "Admins:edit"}),
    "Viewer": frozenset({"Plans:read"}),
}


def staff_of(**admins: tuple[str | None, AdminStatus, tuple[str, ...]]) -> tuple[Staff, dict[str, Admin]]:
    """Staff as the locks would give it: name -> role, status and operators."""
    roles = {name: Role(role_id=new_id(), name=name, description="") for name in ROLES}
    rows = {
        name: Admin(
            admin_id=new_id(),
            name=name,
            role_id=roles[role].role_id if role is not None else None,
            status=status.value,
            operator_scope=list(scope),
        )
        for name, (role, status, scope) in admins.items()
    }
    staff = Staff(
        roles={role.role_id: role for role in roles.values()},
        permissions={role.role_id: ROLES[name] for name, role in roles.items()},
        admins={admin.admin_id: admin for admin in rows.values()},
    )
    return staff, rows


ACTIVE, BLOCKED, ARCHIVED = AdminStatus.ACTIVE, AdminStatus.BLOCKED, AdminStatus.ARCHIVED


@pytest.mark.parametrize(
    ("role", "status"), [("SuperAdmin", BLOCKED), ("SuperAdmin", ARCHIVED), (None, ACTIVE)]
)
def test_only_an_active_admin_with_a_role_holds_anything(role: str | None, status: AdminStatus) -> None:
    staff, rows = staff_of(boss=("SuperAdmin", ACTIVE, ()), other=(role, status, ()))
    assert staff.held_by(rows["boss"].admin_id) == ROLES["SuperAdmin"]
    assert staff.held_by(rows["other"].admin_id) == frozenset()
    assert staff.held_by(new_id()) == frozenset()


def test_a_grant_beyond_ones_own_names_what_is_missing() -> None:
    staff, rows = staff_of(viewer=("Viewer", ACTIVE, ()))
    actor = rows["viewer"].admin_id
    staff.check_grant(actor, {"Plans:read"})
    with pytest.raises(PermissionNotHeld) as refused:
        staff.check_grant(actor, {"Plans:read", "Plans:edit", "Admins:edit"})
    assert refused.value.extra["missing"] == ["Admins:edit", "Plans:edit"]


@pytest.mark.parametrize(
    ("own", "requested", "allowed"),
    [
        ((), (), True),
        ((), ("JIO",), True),
        (("JIO", "VI"), ("VI",), True),
        (("JIO", "VI"), ("JIO", "VI"), True),
        (("JIO",), (), False),
        (("JIO",), ("JIO", "VI"), False),
        (("JIO",), ("VI",), False),
    ],
)
def test_a_scope_reaches_no_further_than_ones_own(
    own: tuple[str, ...], requested: tuple[str, ...], allowed: bool
) -> None:
    staff, rows = staff_of(actor=("SuperAdmin", ACTIVE, own), target=("Viewer", ACTIVE, requested))
    actor, target = rows["actor"].admin_id, rows["target"]
    if allowed:
        staff.check_scope(actor, requested)
        staff.check_rank(actor, target)
        return
    with pytest.raises(OperatorOutOfScope):
        staff.check_scope(actor, requested)
    with pytest.raises(RankTooLow):
        staff.check_rank(actor, target)


@pytest.mark.parametrize("status", [ACTIVE, BLOCKED])
def test_a_blocked_admin_keeps_the_rank_that_they_will_have_again(status: AdminStatus) -> None:
    staff, rows = staff_of(viewer=("Viewer", ACTIVE, ()), boss=("SuperAdmin", status, ()))
    with pytest.raises(RankTooLow):
        staff.check_rank(rows["viewer"].admin_id, rows["boss"])
    staff.check_rank(rows["viewer"].admin_id, rows["viewer"])


def test_an_unknown_role_or_admin_is_not_found_and_the_roles_are_listed() -> None:
    staff, rows = staff_of(gone=(None, ARCHIVED, ()))
    assert staff.role_named("Viewer").name == "Viewer"
    assert staff.role_of(rows["gone"]) is None
    for ask in (lambda: staff.role_named("viewer"), lambda: staff.role(new_id())):
        with pytest.raises(RoleNotFound) as refused:
            ask()
        assert set(refused.value.extra["available"]) == set(ROLES)
    with pytest.raises(AdminNotFound):
        staff.admin(new_id())
