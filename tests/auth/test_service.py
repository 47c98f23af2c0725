"""Signing up, signing in, refreshing: who gets tokens."""

from __future__ import annotations

import httpx
from sqlalchemy import text

from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.users.models import User, UserStatus
from tests.auth.conftest import Phones, assert_problem, bearer, log_in, sign_up
from tests.make import factories


async def test_a_blocked_user_is_told_after_proving_the_number_and_a_deactivated_one_is_back(
    client: httpx.AsyncClient, phones: Phones, stores: Stores
) -> None:
    user = await stores.database.run(factories.make_user)
    await _set_status(stores, user, UserStatus.BLOCKED)
    assert_problem(await log_in(client, phones, user.phone_number), 403, "user_blocked")
    other = await stores.database.run(factories.make_user)
    await _set_status(stores, other, UserStatus.DEACTIVATED)
    back = await log_in(client, phones, other.phone_number)
    profile = await client.get("/users/me", headers=bearer(back.json()))
    assert profile.json()["status"] == "active"


async def test_a_user_who_is_blocked_meanwhile_gets_no_new_tokens(
    client: httpx.AsyncClient, phones: Phones, stores: Stores
) -> None:
    tokens = await sign_up(client, phones, factories.new_phone())
    async with stores.database.transaction() as db:
        user = await db.get(User, tokens["user_id"])
    assert user is not None
    await _set_status(stores, user, UserStatus.BLOCKED)
    client.cookies.clear()
    answer = await client.post("/auth/refresh", json={"refresh_token": tokens["refresh_token"]})
    assert_problem(answer, 403, "user_blocked")


async def _set_status(stores: Stores, user: User, status: UserStatus) -> None:
    async with stores.database.transaction() as db:
        await db.execute(
            text("UPDATE users SET status = :status WHERE user_id = :id"),
            {"status": status.value, "id": user.user_id},
        )


async def test_a_stolen_refresh_token_shuts_thief_and_owner_out_and_tells_the_owner(
    client: httpx.AsyncClient, phones: Phones, stores: Stores
) -> None:
    tokens = await sign_up(client, phones, factories.new_phone())
    client.cookies.clear()
    thief = (await client.post("/auth/refresh", json={"refresh_token": tokens["refresh_token"]})).json()
    client.cookies.clear()
    used = await client.post("/auth/refresh", json={"refresh_token": thief["refresh_token"]})
    assert used.status_code == 200, used.text
    with clock.later(seconds=11):
        assert_problem(
            await client.post("/auth/refresh", json={"refresh_token": tokens["refresh_token"]}),
            401,
            "refresh_token_invalid",
        )
    assert_problem(await client.get("/users/me", headers=bearer(thief)), 401, "session_ended")
    assert_problem(await client.get("/users/me", headers=bearer(tokens)), 401, "session_ended")
    async with stores.database.transaction() as db:
        result = await db.execute(
            text("SELECT 1 FROM events WHERE topic = 'RefreshTokenReused' AND user_id = :id"),
            {"id": tokens["user_id"]},
        )
        assert result.first() is not None
