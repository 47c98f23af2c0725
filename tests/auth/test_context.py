"""Signing in while a store is away."""

from __future__ import annotations

import httpx
from fastapi import FastAPI

from gencharge.api.main import create_app
from gencharge.core.settings import Settings
from tests.auth.conftest import Phones, assert_problem, bearer, sign_up
from tests.make import factories
from tests.make.auth import NO_CHALLENGE, _ask, _give


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
            ("verify-otp-signup", number | {"otp": "111111", "challenge_id": NO_CHALLENGE}),
            ("verify-otp-login", number | {"otp": "111111", "challenge_id": NO_CHALLENGE}),
        ]:
            answer = await other.post(f"/auth/{path}", json=body)
            assert_problem(answer, 503, "sign_in_unavailable")
            assert int(answer.headers["retry-after"]) >= 1
        assert (await other.get("/users/me", headers=bearer(tokens))).status_code == 200
        refreshed = await other.post("/auth/refresh", json={"refresh_token": tokens["refresh_token"]})
        assert refreshed.status_code == 200, refreshed.text
        assert (await other.post("/auth/logout", headers=bearer(refreshed.json()))).status_code == 204
        assert_problem(await other.get("/users/me", headers=bearer(refreshed.json())), 401, "session_ended")


async def test_without_postgresql_signing_in_is_503_and_no_code_is_used_up(
    settings: Settings, phones: Phones, client: httpx.AsyncClient, known: str
) -> None:
    asked = {"phone_number": known, "challenge_id": (await _ask(client, known)).json()["challenge_id"]}
    lost = "postgresql://gencharge@/gencharge_test?host=/nonexistent"
    lonely = create_app(settings.model_copy(update={"database_url": lost}))
    code = await phones.code(known)
    async with lonely.router.lifespan_context(lonely), factories.new_client(lonely) as other:
        for path, body in [
            ("login", {"phone_number": factories.new_phone()}),
            ("verify-otp-login", asked | {"otp": code}),
        ]:
            answer = await other.post(f"/auth/{path}", json=body)
            assert_problem(answer, 503, "database_unavailable")
            assert answer.headers["retry-after"]
    assert (await _give(client, known, code)).status_code == 200
