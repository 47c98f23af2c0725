"""Other people's sessions, as the staff see and end them."""

from __future__ import annotations

import httpx
from fastapi import FastAPI
from sqlalchemy import text

from gencharge.admins.models import Admin
from gencharge.core.settings import Settings
from gencharge.core.stores.stores import Stores
from gencharge.core.values.ids import new_id
from gencharge.users.models import User
from tests.auth.conftest import assert_problem
from tests.make import factories


async def test_a_users_sessions_are_listed_without_any_token_and_ended(
    app: FastAPI, client: httpx.AsyncClient, headers: dict[str, str], user: User, stores: Stores
) -> None:
    theirs = [await factories.sign_in(app, user) for _ in range(3)]
    first = await client.get(f"/v1/sessions?owner_id={user.user_id}&limit=2", headers=headers)
    assert first.status_code == 200, first.text
    page = first.json()
    rest = await client.get(
        "/v1/sessions",
        params={"owner_id": str(user.user_id), "cursor": page["next_cursor"]},
        headers=headers,
    )
    items = page["items"] + rest.json()["items"]
    assert len(items) == 3
    assert {field for item in items for field in item} == {
        "owner_id",
        "kind",
        "session_id",
        "device",
        "address",
        "created_at",
        "last_used_at",
        "expires_at",
    }
    newest = items[0]["session_id"]
    path = f"/v1/sessions/{user.user_id}"
    assert (await client.delete(f"{path}/{newest}", headers=headers)).status_code == 204
    assert_problem(await client.get("/users/me", headers=theirs[2]), 401, "session_ended")
    assert (await client.get("/users/me", headers=theirs[0])).status_code == 200
    assert_problem(await client.delete(f"{path}/{newest}", headers=headers), 404, "session_not_found")
    assert (await client.delete(path, headers=headers)).json() == {"ended": 2}
    assert_problem(await client.get("/users/me", headers=theirs[0]), 401, "session_ended")
    async with stores.database.transaction() as db:
        announced = await db.scalars(
            text(
                "SELECT payload -> 'session_ids' FROM events"
                " WHERE topic = 'SessionsEndedByAdmin' AND user_id = :id ORDER BY id"
            ),
            {"id": user.user_id},
        )
        assert [len(ids) for ids in announced] == [1, 2]


async def test_a_session_of_another_owner_is_not_found(
    app: FastAPI, client: httpx.AsyncClient, headers: dict[str, str], user: User, stores: Stores
) -> None:
    other = await stores.database.run(factories.make_user)
    await factories.sign_in(app, other)
    listed = await client.get(f"/v1/sessions?owner_id={other.user_id}", headers=headers)
    session_id = listed.json()["items"][0]["session_id"]
    answer = await client.delete(f"/v1/sessions/{user.user_id}/{session_id}", headers=headers)
    assert_problem(answer, 404, "session_not_found")
    nobody = new_id()
    assert_problem(
        await client.get(f"/v1/sessions?owner_id={nobody}", headers=headers), 404, "user_not_found"
    )
    assert_problem(await client.delete(f"/v1/sessions/{nobody}", headers=headers), 404, "user_not_found")
    assert_problem(await client.get("/v1/sessions", headers=headers), 422, "validation_failed")


async def test_support_ends_no_session_of_a_superadmin_but_the_reverse_works(
    app: FastAPI,
    client: httpx.AsyncClient,
    headers: dict[str, str],
    support: Admin,
    stores: Stores,
    settings: Settings,
) -> None:
    boss = await stores.database.run(factories.make_admin)
    theirs = await factories.sign_in(app, boss)
    path = f"/v1/sessions/{boss.admin_id}"
    as_boss = factories.headers_for(settings, boss)
    listed = await client.get(f"/v1/sessions?owner_id={support.admin_id}", headers=as_boss)
    assert listed.json()["items"] == []
    assert_problem(await client.delete(path, headers=headers), 403, "rank_too_low")
    assert_problem(await client.delete(f"{path}/{new_id()}", headers=headers), 403, "rank_too_low")
    listing = await client.get(f"/v1/sessions?owner_id={boss.admin_id}", headers=headers)
    assert_problem(listing, 403, "rank_too_low")
    assert (await client.get("/v1/admins/me", headers=theirs)).status_code == 200
    own_headers = await factories.sign_in(app, support, role="Support")
    ended = await client.delete(f"/v1/sessions/{support.admin_id}", headers=as_boss)
    assert ended.json() == {"ended": 1}
    assert_problem(await client.get("/v1/admins/me", headers=own_headers), 401, "session_ended")
