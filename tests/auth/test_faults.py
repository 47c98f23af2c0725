"""Signing in while somebody snoops, races, steals or pulls a plug."""

from __future__ import annotations

import asyncio
import statistics
import time
from typing import Any

import httpx
from fastapi import FastAPI
from sqlalchemy import text

from gencharge.api.main import create_app
from gencharge.core.settings import Settings
from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.users.models import User, UserStatus
from tests import factories
from tests.auth.conftest import Phones, assert_problem, bearer, log_in, sign_up


async def test_known_and_unknown_numbers_get_the_same_answer_and_about_the_same_time(
    app: FastAPI, phones: Phones, stores: Stores
) -> None:
    known = [(await stores.database.run(factories.make_user)).phone_number for _ in range(30)]
    unknown = [factories.new_phone() for _ in range(30)]
    times: dict[bool, list[float]] = {True: [], False: []}
    answers = set()
    for pair in zip(known, unknown, strict=True):
        for phone_number in pair:
            async with factories.new_client(app) as client:
                started = time.perf_counter()
                answer = await client.post("/auth/login", json={"phone_number": phone_number})
                times[phone_number in known].append(time.perf_counter() - started)
                await phones.desk.courier.drain()
            varying = {"x-request-id"}
            headers = {name: value for name, value in answer.headers.items() if name not in varying}
            answers.add((answer.status_code, answer.content, str(sorted(headers.items()))))
            assert bool(await phones.messages(phone_number)) is (phone_number in known)
    assert len(answers) == 1
    medians = [statistics.median(times[kind]) for kind in (True, False)]
    assert max(medians) < 2 * min(medians) + 0.005


async def test_a_wrong_code_for_an_unknown_number_looks_like_one_for_a_known_number(
    app: FastAPI, phones: Phones, stores: Stores
) -> None:
    user = await stores.database.run(factories.make_user)
    unknown = factories.new_phone()
    seen: dict[str, list[Any]] = {}
    with clock.at(clock.now()):
        for phone_number in (user.phone_number, unknown):
            async with factories.new_client(app) as client:
                await client.post("/auth/login", json={"phone_number": phone_number})
                for _ in range(6):
                    answer = await client.post(
                        "/auth/verify-otp-login", json={"phone_number": phone_number, "otp": "000000"}
                    )
                    body = {key: value for key, value in answer.json().items() if key != "request_id"}
                    found = (answer.status_code, body, answer.headers.get("retry-after"))
                    seen.setdefault(phone_number, []).append(found)
    if await phones.code(user.phone_number) != "000000":
        assert seen[user.phone_number] == seen[unknown]
        assert [status for status, *_ in seen[unknown]] == [401, 401, 401, 401, 429, 429]


async def test_without_redis_signing_in_is_503_and_those_who_are_signed_in_go_on(
    app: FastAPI, settings: Settings, phones: Phones, client: httpx.AsyncClient
) -> None:
    tokens = await sign_up(client, phones, factories.new_phone())
    lonely = create_app(settings.model_copy(update={"redis_url": "unix:///nonexistent/redis.sock"}))
    async with lonely.router.lifespan_context(lonely), factories.new_client(lonely) as other:
        number = {"phone_number": factories.new_phone()}
        for path, body in [
            ("signup", number),
            ("login", number),
            ("verify-otp-signup", number | {"otp": "111111"}),
            ("verify-otp-login", number | {"otp": "111111"}),
        ]:
            answer = await other.post(f"/auth/{path}", json=body)
            assert_problem(answer, 503, "sign_in_unavailable")
            assert int(answer.headers["retry-after"]) >= 1
        assert (await other.get("/users/me", headers=bearer(tokens))).status_code == 200
        refreshed = await other.post("/auth/refresh", json={"refresh_token": tokens["refresh_token"]})
        assert refreshed.status_code == 200, refreshed.text
        assert (await other.post("/auth/logout", headers=bearer(refreshed.json()))).status_code == 204
        assert_problem(await other.get("/users/me", headers=bearer(refreshed.json())), 401, "session_ended")


async def test_without_postgresql_signing_in_is_503_and_no_code_is_used_up(settings: Settings) -> None:
    lost = "postgresql://gencharge@/gencharge_test?host=/nonexistent"
    lonely = create_app(settings.model_copy(update={"database_url": lost}))
    async with lonely.router.lifespan_context(lonely), factories.new_client(lonely) as client:
        body = {"phone_number": factories.new_phone()}
        for path, extra in [("login", {}), ("verify-otp-login", {"otp": "111111"})]:
            answer = await client.post(f"/auth/{path}", json=body | extra)
            assert_problem(answer, 503, "database_unavailable")
            assert answer.headers["retry-after"]


async def test_fifty_verifies_of_one_code_at_once_make_one_session(
    client: httpx.AsyncClient, phones: Phones, stores: Stores
) -> None:
    user = await stores.database.run(factories.make_user)
    await client.post("/auth/login", json={"phone_number": user.phone_number})
    body = {"phone_number": user.phone_number, "otp": await phones.code(user.phone_number)}
    answers = await asyncio.gather(*(client.post("/auth/verify-otp-login", json=body) for _ in range(50)))
    assert sorted(answer.status_code for answer in answers) == [200] + [401] * 49
    async with stores.database.transaction() as db:
        count = await db.scalar(
            text("SELECT count(*) FROM sessions WHERE user_id = :id"), {"id": user.user_id}
        )
    assert count == 1


async def test_a_blocked_user_is_told_after_proving_the_number_and_a_deactivated_one_is_back(
    client: httpx.AsyncClient, phones: Phones, stores: Stores
) -> None:
    user = await stores.database.run(factories.make_user)
    await _set_status(stores, user, UserStatus.BLOCKED)
    assert_problem(await log_in(client, phones, user.phone_number), 403, "user_blocked")
    other = await stores.database.run(factories.make_user)
    await _set_status(stores, other, UserStatus.DEACTIVATED)
    back = await log_in(client, phones, other.phone_number)
    me = await client.get("/users/me", headers=bearer(back.json()))
    assert me.json()["status"] == "active"


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
    with clock.later(seconds=11):
        assert_problem(
            await client.post("/auth/refresh", json={"refresh_token": tokens["refresh_token"]}),
            401,
            "refresh_token_invalid",
        )
    assert_problem(await client.get("/users/me", headers=bearer(thief)), 401, "session_ended")
    assert_problem(await client.get("/users/me", headers=bearer(tokens)), 401, "session_ended")
    async with stores.database.transaction() as db:
        found = await db.execute(
            text("SELECT 1 FROM events WHERE topic = 'RefreshTokenReused' AND user_id = :id"),
            {"id": tokens["user_id"]},
        )
        assert found.first() is not None
