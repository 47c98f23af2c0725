"""Signing up, signing in, refreshing: who gets tokens."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import httpx
from fastapi import FastAPI
from sqlalchemy import text

from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.users.models import User, UserStatus
from gencharge.velocity.models import CautionReason, VelocityCaution
from tests.auth.conftest import Phones, assert_problem, bearer, log_in, sign_up
from tests.make import factories
from tests.make.velocity import caution_of


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


async def test_a_sign_in_on_a_device_that_is_not_known_has_the_customer_spend_less_for_a_day(
    app: FastAPI, phones: Phones, stores: Stores
) -> None:
    number = factories.new_phone()
    async with factories.new_client(app) as own, factories.new_client(app) as elsewhere:
        tokens = await sign_up(own, phones, number)
        user_id = UUID(tokens["user_id"])
        assert await caution_of(stores, user_id) is None, "who signs up empties nobody's account"
        with clock.later(minutes=5):
            assert (await log_in(own, phones, number)).status_code == 200
        assert await caution_of(stores, user_id) is None
        with clock.later(minutes=10):
            before = clock.now()
            assert (await log_in(elsewhere, phones, number)).status_code == 200
            after = clock.now()
    ends_at = await caution_of(stores, user_id)
    assert ends_at is not None
    assert before <= ends_at - timedelta(hours=24) <= after


async def test_who_signs_up_counts_as_a_newcomer_of_the_address_for_a_day(
    client: httpx.AsyncClient, phones: Phones, stores: Stores
) -> None:
    before = clock.now()
    tokens = await sign_up(client, phones, factories.new_phone())
    async with stores.database.transaction() as db:
        caution = await db.get(VelocityCaution, UUID(tokens["user_id"]))
    assert caution is not None
    assert caution.reason == CautionReason.NEW_ACCOUNT
    assert before <= caution.ends_at - timedelta(hours=24) <= clock.now()


async def test_a_sign_in_says_whether_the_device_is_new(app: FastAPI, phones: Phones, stores: Stores) -> None:
    number = factories.new_phone()
    async with factories.new_client(app) as own, factories.new_client(app) as elsewhere:
        user_id = (await sign_up(own, phones, number))["user_id"]
        for minutes, client in ((5, own), (10, elsewhere), (15, own)):
            with clock.later(minutes=minutes):
                assert (await log_in(client, phones, number)).status_code == 200
    query = text(
        "SELECT payload ->> 'is_new_device' FROM events WHERE topic = 'SignedIn' AND user_id = :id ORDER BY occurred_at"
    )
    async with stores.database.transaction() as db:
        flags = (await db.scalars(query, {"id": user_id})).all()
    assert flags == ["false", "false", "true", "false"]


async def test_a_device_that_shows_what_it_got_last_is_known_from_every_address(
    app: FastAPI, phones: Phones, stores: Stores
) -> None:
    number = factories.new_phone()
    async with factories.new_client(app) as home, factories.new_client(app) as train:
        tokens = await sign_up(home, phones, number)
        body = {"phone_number": number, "refresh_token": tokens["refresh_token"]}
        with clock.later(minutes=5):
            sent = await train.post("/auth/login", json=body)
            credentials = {"phone_number": number, "otp": await phones.code(number)}
            answer = await train.post(
                "/auth/verify-otp-login", json=credentials | {"challenge_id": sent.json()["challenge_id"]}
            )
    assert answer.status_code == 200, answer.text
    assert await caution_of(stores, UUID(tokens["user_id"])) is None


async def test_an_admin_has_nothing_to_spend(
    client: httpx.AsyncClient, phones: Phones, stores: Stores
) -> None:
    admin = await stores.database.run(factories.make_admin)
    assert (await log_in(client, phones, admin.phone_number)).status_code == 200
    assert await caution_of(stores, admin.admin_id) is None
