"""Guards: who gets in where."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated

import httpx
import pytest
from fastapi import Depends, FastAPI

from gencharge.core import telemetry
from gencharge.core.http import web
from gencharge.core.http.edge import Edge
from gencharge.core.settings import Settings
from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.core.values.ids import new_id
from gencharge.sessions.guards import (
    Action,
    Gate,
    PartlySignedInAdmin,
    Principal,
    Requires,
    Resource,
    SignedIn,
    SignedInAdmin,
    SignedInUser,
    SteppedUpAdmin,
)
from tests.make import factories


@pytest.fixture
async def doors(settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    """A small application with one route behind each guard."""
    app = FastAPI()
    app.state.settings = settings
    web.install(app)
    router = web.router("doors")

    @router.get("/anybody")
    async def anybody(who: SignedIn) -> dict[str, str]:
        return {"id": str(who.user_id), "actor": telemetry.context().actor_id}

    @router.get("/user")
    async def user(who: SignedInUser) -> dict[str, str]:
        return {"kind": who.kind}

    @router.get("/admin")
    async def admin(who: SignedInAdmin) -> dict[str, str]:
        return {"kind": who.kind}

    @router.get("/plans")
    async def plans(
        who: Annotated[Principal, Depends(Requires(Resource.PLANS, Action.EDIT))],
    ) -> dict[str, str]:
        return {"role": who.role}

    @router.get("/prices")
    async def prices(
        who: Annotated[Principal, Depends(Requires(Resource.PLANS, Action.EDIT, scoped=True, step_up=True))],
    ) -> dict[str, list[str]]:
        return {"operators": list(who.operator_scope)}

    @router.get("/own")
    async def own(who: SteppedUpAdmin) -> dict[str, str]:
        return {"role": who.role}

    @router.get("/entering")
    async def entering(who: PartlySignedInAdmin) -> dict[str, bool]:
        return {"due": who.second_factor_due}

    app.router.routes.extend(router.routes)
    app.add_middleware(Edge, settings=settings, rooms=frozenset({"doors"}))
    Gate.of(app).grants = {"Manager": frozenset({"Plans:edit"}), "Viewer": frozenset({"Plans:read"})}
    async with factories.new_client(app) as client:
        yield client


@pytest.mark.parametrize(
    ("header", "code"),
    [
        (None, "not_signed_in"),
        ("", "not_signed_in"),
        ("Basic YTpi", "not_signed_in"),
        ("Bearer", "not_signed_in"),
        ("Bearer ", "access_token_invalid"),
        ("Bearer x", "access_token_invalid"),
        ("Bearer \xff", "access_token_invalid"),
        ("Bearer a b", "access_token_invalid"),
    ],
)
async def test_a_header_without_a_good_token_is_401_with_the_scheme_that_is_wanted(
    doors: httpx.AsyncClient, header: str | None, code: str
) -> None:
    headers = {} if header is None else {"Authorization": header.encode("latin-1")}
    answer = await doors.get("/doors/user", headers=headers)  # type: ignore[arg-type]
    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["www-authenticate"].startswith("Bearer")
    assert answer.json()["code"] == code


async def test_a_user_is_admitted_and_stamped_on_the_request(
    doors: httpx.AsyncClient, settings: Settings
) -> None:
    user_id = new_id()
    for _ in range(2):  # verified, and remembered
        answer = await doors.get("/doors/anybody", headers=factories.headers_for(settings, user_id))
        assert answer.json() == {"id": str(user_id), "actor": str(user_id)}
    lower = {
        "authorization": factories.headers_for(settings, user_id)["Authorization"].replace("Bearer", "bearer")
    }
    assert (await doors.get("/doors/user", headers=lower)).status_code == 200


async def test_a_users_token_opens_no_admin_route_and_an_admins_no_user_route(
    doors: httpx.AsyncClient, settings: Settings
) -> None:
    as_user = factories.headers_for(settings, new_id())
    as_admin = factories.headers_for(settings, new_id(), kind="admin", role="SuperAdmin")
    for path, headers, status, code in [
        ("user", as_user, 200, None),
        ("admin", as_admin, 200, None),
        ("anybody", as_admin, 200, None),
        ("admin", as_user, 403, "admins_only"),
        ("user", as_admin, 403, "users_only"),
        ("plans", as_user, 403, "admins_only"),
    ]:
        answer = await doors.get(f"/doors/{path}", headers=headers)
        assert (answer.status_code, answer.json().get("code")) == (status, code), path


async def test_a_role_opens_what_it_is_granted_and_nothing_else(
    doors: httpx.AsyncClient, settings: Settings
) -> None:
    for role, status in [("Manager", 200), ("Viewer", 403), ("Unheard", 403), ("", 403)]:
        headers = factories.headers_for(settings, new_id(), kind="admin", role=role)
        answer = await doors.get("/doors/plans", headers=headers)
        assert answer.status_code == status, role
        if status == 403:
            assert answer.json()["code"] == "permission_denied"


async def test_who_owes_a_second_factor_is_let_in_only_where_it_is_given(
    doors: httpx.AsyncClient, settings: Settings
) -> None:
    owing = factories.headers_for(
        settings, new_id(), kind="admin", role="Manager", second_factor_due=True, second_factor_at=0
    )
    for path in ("anybody", "admin", "plans", "prices", "own"):
        answer = await doors.get(f"/doors/{path}", headers=owing)
        assert (answer.status_code, answer.json()["code"]) == (403, "second_factor_required"), path
    assert (await doors.get("/doors/entering", headers=owing)).json() == {"due": True}
    answer = await doors.get("/doors/entering", headers=factories.headers_for(settings, new_id()))
    assert (answer.status_code, answer.json()["code"]) == (403, "admins_only")


async def test_a_step_up_is_asked_for_after_ten_minutes_with_or_without_a_permission(
    doors: httpx.AsyncClient, settings: Settings
) -> None:
    with clock.at(clock.now()):
        now = int(clock.now().timestamp())
        for age_seconds, status in [(0, 200), (599, 200), (602, 403), (now, 403)]:
            headers = factories.headers_for(
                settings, new_id(), kind="admin", role="Manager", second_factor_at=now - age_seconds
            )
            for path in ("prices", "own"):
                answer = await doors.get(f"/doors/{path}", headers=headers)
                assert answer.status_code == status, (path, age_seconds)
                if status == 403:
                    assert answer.json()["code"] == "step_up_required"
            assert (await doors.get("/doors/plans", headers=headers)).status_code == 200


async def test_an_admin_of_some_operators_is_refused_where_the_route_does_not_keep_to_them(
    doors: httpx.AsyncClient, settings: Settings
) -> None:
    headers = factories.headers_for(
        settings,
        new_id(),
        kind="admin",
        role="Manager",
        operator_scope=("JIO",),
        second_factor_at=int(clock.now().timestamp()),
    )
    answer = await doors.get("/doors/plans", headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (403, "operator_scope_too_narrow")
    assert (await doors.get("/doors/prices", headers=headers)).json() == {"operators": ["JIO"]}


async def test_a_remembered_token_still_runs_out(doors: httpx.AsyncClient, settings: Settings) -> None:
    headers = factories.headers_for(settings, new_id())
    assert (await doors.get("/doors/user", headers=headers)).status_code == 200
    with clock.later(seconds=61):
        answer = await doors.get("/doors/user", headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (401, "access_token_expired")
    assert 'error="invalid_token"' in answer.headers["www-authenticate"]


async def test_the_seeded_roles_reach_the_guards_of_a_running_application(
    app: FastAPI, stores: Stores
) -> None:
    await stores.database.run(lambda db: factories.make_admin(db, "Viewer"))
    for _ in range(100):
        if Gate.of(app).grants:
            break
        await _tick()
    grants = Gate.of(app).grants
    assert "Plans:edit" in grants["Manager"]
    assert "Plans:edit" not in grants["Viewer"]
    assert "Backups:delete" in grants["SuperAdmin"]


async def _tick() -> None:
    import asyncio

    await asyncio.sleep(0.05)
