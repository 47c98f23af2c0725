"""Sessions are announced after the commit, and without waiting for Redis."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from fastapi import FastAPI
from redis.asyncio import Redis
from redis.exceptions import ConnectionError as RedisConnectionError

from gencharge.core.settings import Settings
from gencharge.core.stores.stores import Stores
from gencharge.sessions import announcer as announcing
from gencharge.sessions import service as sessions
from gencharge.sessions.guards import Gate
from tests.make import factories
from tests.make.sessions import DEAD_REDIS


async def test_a_transaction_that_is_rolled_back_ends_no_session(app: FastAPI, stores: Stores) -> None:
    user = await stores.database.run(factories.make_user)
    headers = await factories.sign_in(app, user)

    async def unit(db: Any) -> None:
        await sessions.revoke(db, user.user_id, reason="test")
        raise RuntimeError("after all not")

    with pytest.raises(RuntimeError):
        await stores.database.run(unit)
    await asyncio.sleep(0.1)
    async with factories.new_client(app) as client:
        assert (await client.get("/users/me", headers=headers)).status_code == 200


async def test_publishing_is_no_concern_of_the_request_that_ends_a_session(settings: Settings) -> None:
    redis: Redis = Redis.from_url(DEAD_REDIS)
    with pytest.raises(RedisConnectionError):
        await redis.ping()
    await redis.aclose()
    announcer = announcing.Announcer(Gate(settings), redis)
    announcer.announce([])
    await asyncio.gather(*announcer._publishing)
