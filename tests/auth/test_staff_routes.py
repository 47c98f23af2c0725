"""The staff's routes of sessions."""

from __future__ import annotations

import httpx
from fastapi import FastAPI

from gencharge.admins.models import Admin
from gencharge.core.settings import Settings
from gencharge.core.stores.stores import Stores
from gencharge.users.models import User
from tests.auth.conftest import assert_problem
from tests.make import factories


async def test_ones_own_sessions_are_elsewhere(
    app: FastAPI, client: httpx.AsyncClient, support: Admin
) -> None:
    own_headers = await factories.sign_in(app, support, role="Support")
    answer = await client.delete(f"/v1/sessions/{support.admin_id}", headers=own_headers)
    assert_problem(answer, 409, "own_account")
    assert len((await client.get("/v1/auth/sessions", headers=own_headers)).json()["items"]) == 1


async def test_who_may_not_see_sessions_does_not(
    client: httpx.AsyncClient, headers: dict[str, str], user: User, stores: Stores, settings: Settings
) -> None:
    path = f"/v1/sessions/{user.user_id}"
    viewer = await stores.database.run(lambda db: factories.make_admin(db, "Viewer"))
    as_viewer = factories.headers_for(settings, viewer, role="Viewer")
    assert_problem(await client.delete(path, headers=as_viewer), 403, "permission_denied")
    scoped = await stores.database.run(
        lambda db: factories.make_admin(db, "Support", operator_scope=("JIO",))
    )
    narrow = factories.headers_for(settings, scoped, role="Support")
    assert_problem(await client.delete(path, headers=narrow), 403, "operator_scope_too_narrow")
    as_user = factories.headers_for(settings, user)
    assert_problem(await client.delete(path, headers=as_user), 403, "admins_only")
    assert_problem(await client.delete(path), 401, "not_signed_in")
