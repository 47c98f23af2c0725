"""How fast every process learns of an ended session, and what survives an outage."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import text

from gencharge.api.main import create_app
from gencharge.core.settings import Settings
from gencharge.core.stores.stores import Stores
from gencharge.core.values.ids import new_id
from gencharge.sessions import announcer as announcing
from gencharge.sessions import service as sessions
from gencharge.sessions.guards import Gate
from gencharge.users import lifecycle_service as lifecycle
from tests.make import factories
from tests.make.processes import seconds_until
from tests.make.sessions import DEAD_REDIS


@asynccontextmanager
async def _running(settings: Settings, **overrides: Any) -> AsyncIterator[FastAPI]:
    app = create_app(settings.model_copy(update=overrides))
    async with app.router.lifespan_context(app):
        await asyncio.sleep(0.1)  # the watchers have taken their places
        yield app


async def _seconds_until_refused(client: httpx.AsyncClient, headers: dict[str, str]) -> float:
    async def refused() -> bool:
        answer = await client.get("/users/me", headers=headers)
        if answer.status_code == 401:
            assert answer.json()["code"] == "session_ended"
        return answer.status_code == 401

    return await seconds_until(refused)


@pytest.mark.parametrize("dead", [(), ("there",), ("here", "there")], ids=["redis", "one without", "none"])
async def test_signing_out_here_is_known_there_within_a_second(
    settings: Settings, dead: tuple[str, ...]
) -> None:
    lost = {"redis_url": DEAD_REDIS}
    async with (
        _running(settings, **(lost if "here" in dead else {})) as here,
        _running(settings, **(lost if "there" in dead else {})) as there,
        factories.new_client(here) as client_here,
        factories.new_client(there) as client_there,
    ):
        stores: Stores = here.state.stores
        user = await stores.database.run(factories.make_user)
        headers = await factories.sign_in(here, user)
        others = await factories.sign_in(here, user)
        assert (await client_there.get("/users/me", headers=headers)).status_code == 200
        assert (await client_here.post("/auth/logout", headers=headers)).status_code == 204
        # Where it was done it is known at once, without asking anybody.
        assert (await client_here.get("/users/me", headers=headers)).status_code == 401
        seconds = await _seconds_until_refused(client_there, headers)
        assert seconds < 1.2  # a second, and some for a busy test machine
        assert (await client_there.get("/users/me", headers=others)).status_code == 200


async def test_a_process_that_starts_later_knows_what_ended_before(settings: Settings, app: FastAPI) -> None:
    stores: Stores = app.state.stores
    user = await stores.database.run(factories.make_user)
    headers = await factories.sign_in(app, user)
    await stores.database.run(lambda db: sessions.revoke(db, user.user_id, reason="test"))
    async with _running(settings) as fresh, factories.new_client(fresh) as client:
        assert await _seconds_until_refused(client, headers) < 1


@pytest.mark.parametrize("redis", ["redis", "none"])
async def test_a_blocked_user_is_refused_within_a_second_though_tokens_live_an_hour(
    settings: Settings, redis: str
) -> None:
    hour: dict[str, Any] = {"access_token_expire_minutes": 60}
    if redis == "none":
        hour["redis_url"] = DEAD_REDIS
    async with (
        _running(settings, **hour) as here,
        _running(settings, **hour) as there,
        factories.new_client(there) as client,
    ):
        stores: Stores = here.state.stores
        user = await stores.database.run(factories.make_user)
        headers = await factories.sign_in(here, user)
        assert (await client.get("/users/me", headers=headers)).status_code == 200
        await stores.database.run(
            lambda db: lifecycle.block(db, user.user_id, by=new_id(), reason="a test of long tokens")
        )
        assert await _seconds_until_refused(client, headers) < 1.2
        await asyncio.sleep(1.2)  # the next polls do not bring it back
        assert (await client.get("/users/me", headers=headers)).status_code == 401


async def test_a_process_that_starts_later_knows_what_ended_half_an_hour_before(
    settings: Settings, app: FastAPI
) -> None:
    stores: Stores = app.state.stores
    user = await stores.database.run(factories.make_user)
    headers = await factories.sign_in(app, user)

    async def revoke_earlier(db: Any) -> None:
        await sessions.revoke(db, user.user_id, reason="test")
        earlier = text(
            "UPDATE sessions SET revoked_at = revoked_at - interval '30 minutes' WHERE user_id = :id"
        )
        await db.execute(earlier, {"id": user.user_id})

    await stores.database.run(revoke_earlier)
    async with _running(settings) as fresh, factories.new_client(fresh) as client:
        assert await _seconds_until_refused(client, headers) < 1


async def test_flushing_redis_brings_no_ended_session_back(app: FastAPI, stores: Stores) -> None:
    user = await stores.database.run(factories.make_user)
    headers = await factories.sign_in(app, user)
    async with factories.new_client(app) as client:
        await client.post("/auth/logout", headers=headers)
        await stores.redis.flushdb()
        assert (await client.get("/users/me", headers=headers)).status_code == 401
    async with stores.database.transaction() as db:
        result = await db.execute(
            text("SELECT 1 FROM sessions WHERE user_id = :id AND revoked_at IS NULL"), {"id": user.user_id}
        )
        assert result.first() is None


async def test_the_subscription_comes_back_after_the_connection_was_lost(
    app: FastAPI, stores: Stores
) -> None:
    for client in await stores.redis.client_list(_type="pubsub"):
        await stores.redis.client_kill_filter(_id=client["id"])
    for _ in range(100):
        if dict(await stores.redis.pubsub_numsub(announcing.CHANNEL)).get(announcing.CHANNEL):
            break
        await asyncio.sleep(0.05)
    user = await stores.database.run(factories.make_user)
    headers = await factories.sign_in(app, user)
    principal, _ = Gate.of(app).admit(headers["Authorization"].encode())
    await stores.redis.publish(announcing.CHANNEL, str(principal.session_id))
    async with factories.new_client(app) as client:
        assert await _seconds_until_refused(client, headers) < 2
