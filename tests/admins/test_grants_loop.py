"""How fast every process goes by a changed role."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from gencharge.admins.models import Admin
from gencharge.admins.roles import SNAPSHOT
from gencharge.core.events.relay import Relay
from gencharge.core.rooms import snapshots
from gencharge.core.settings import Settings
from gencharge.core.stores.stores import Stores
from tests.auth.conftest import assert_problem
from tests.make import factories
from tests.make.admins import Headers, granted, make_role, role_body, role_id
from tests.make.processes import another_process, eventually, seconds_until


async def seconds_until_refused(client: httpx.AsyncClient, headers: dict[str, str]) -> float:
    """How long an answer is not yet 403."""

    async def refused() -> bool:
        answer = await client.get("/v1/admins", headers=headers)
        if answer.status_code == 403:
            assert_problem(answer, 403, "permission_denied")
        return answer.status_code == 403

    return await seconds_until(refused)


@pytest.mark.parametrize("lost", [False, True], ids=["with redis", "without redis"])
async def test_a_permission_that_is_taken_away_is_refused_in_every_process_within_a_second(
    settings: Settings, staffed: FastAPI, boss: Admin, as_admin: Headers, stores: Stores, lost: bool
) -> None:
    name = await make_role(stores, "Admins:read", "Users:read")
    admin = await stores.database.run(lambda db: factories.make_admin(db, name))
    theirs = as_admin(admin, name)
    overrides = {"redis_url": "unix:///nowhere/redis.sock"} if lost else {}
    own = settings.model_copy(update=overrides)
    async with another_process(own) as (here, client), another_process(own) as (there, other):
        for app, requester in ((here, client), (there, other)):
            await granted(app, name, "Admins:read")
            await granted(app, "SuperAdmin", "Roles:edit")
            assert (await requester.get("/v1/admins", headers=theirs)).status_code == 200
        path = f"/v1/roles/{await role_id(client, as_admin(boss), name)}"
        body = role_body(name=name, permissions=["Users:read"])
        assert (await client.put(path, json=body, headers=as_admin(boss))).status_code == 200
        waits = await asyncio.gather(
            seconds_until_refused(client, theirs), seconds_until_refused(other, theirs)
        )
        assert max(waits) <= 1


async def test_redis_tells_the_processes_at_once(
    settings: Settings, staffed: FastAPI, stores: Stores
) -> None:
    relay = Relay(stores, (snapshots.PUBLISH_CHANGES,))
    channel = snapshots.channel(stores, SNAPSHOT)
    async with another_process(settings, poll_seconds=30) as (app, _client):
        await granted(app, "SuperAdmin", "Roles:edit")

        async def listening() -> bool:
            subscribers: Any = await stores.redis.pubsub_numsub(channel)
            return bool(subscribers[0][1] >= 2)

        await eventually(listening)
        name = await make_role(stores, "Users:read")
        await relay.drain()
        await granted(app, name, "Users:read", seconds=1)
