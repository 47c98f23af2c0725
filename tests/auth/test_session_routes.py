"""Where I am signed in."""

from __future__ import annotations

import httpx
from fastapi import FastAPI

from gencharge.core.stores.stores import Stores
from tests.auth.conftest import Phones, assert_problem, bearer, log_in
from tests.make import factories


async def test_i_see_my_sessions_and_end_the_others(
    app: FastAPI, client: httpx.AsyncClient, phones: Phones, stores: Stores
) -> None:
    user = await stores.database.run(factories.make_user)
    first = (await log_in(client, phones, user.phone_number)).json()
    others = [await factories.sign_in(app, user) for _ in range(2)]
    listed = await client.get("/auth/sessions?limit=2&include_total=true", headers=bearer(first))
    assert listed.json()["total"] == 3
    rest = await client.get(
        "/auth/sessions", params={"cursor": listed.json()["next_cursor"]}, headers=bearer(first)
    )
    seen = listed.json()["items"] + rest.json()["items"]
    assert [session["current"] for session in seen] == [False, False, True]
    assert seen[2]["device"].startswith("python-httpx")
    one = seen[0]["session_id"]
    assert (await client.delete(f"/auth/sessions/{one}", headers=bearer(first))).status_code == 204
    assert_problem(
        await client.delete(f"/auth/sessions/{one}", headers=bearer(first)), 404, "session_not_found"
    )
    assert (await client.get("/users/me", headers=others[1])).status_code == 401
    ended = await client.delete("/auth/sessions", headers=bearer(first))
    assert ended.json() == {"ended": 1}
    assert (await client.get("/users/me", headers=others[0])).status_code == 401
    assert (await client.get("/users/me", headers=bearer(first))).status_code == 200
    stranger = await stores.database.run(factories.make_user)
    theirs = await client.get("/auth/sessions", headers=await factories.sign_in(app, stranger))
    foreign = theirs.json()["items"][0]["session_id"]
    assert_problem(
        await client.delete(f"/auth/sessions/{foreign}", headers=bearer(first)), 404, "session_not_found"
    )
    assert_problem(await client.delete("/auth/sessions/x", headers=bearer(first)), 422, "validation_failed")
