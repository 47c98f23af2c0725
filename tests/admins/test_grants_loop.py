"""How fast every process goes by a changed role."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from gencharge.admins.models import Admin
from gencharge.api.main import create_app
from gencharge.core.events.relay import Relay
from gencharge.core.rooms import snapshots
from gencharge.core.settings import Settings
from gencharge.core.stores.stores import Stores
from tests import factories
from tests.auth.conftest import assert_problem
from tests.make.admins import Headers, granted, make_role, role_body, role_id


@asynccontextmanager
async def process(settings: Settings, **but: Any) -> AsyncIterator[tuple[FastAPI, httpx.AsyncClient]]:
    """An application of its own on the same stores."""
    app = create_app(settings.model_copy(update=but))
    async with app.router.lifespan_context(app), factories.new_client(app) as client:
        yield app, client


async def seconds_until_refused(client: httpx.AsyncClient, headers: dict[str, str]) -> float:
    started = time.monotonic()
    while time.monotonic() - started < 5:
        answer = await client.get("/v1/admins", headers=headers)
        if answer.status_code == 403:
            assert_problem(answer, 403, "permission_denied")
            return time.monotonic() - started
        await asyncio.sleep(0.01)
    return float("inf")


@pytest.mark.parametrize("lost", [False, True], ids=["with redis", "without redis"])
async def test_a_permission_that_is_taken_away_is_refused_in_every_process_within_a_second(
    settings: Settings, staffed: FastAPI, boss: Admin, as_admin: Headers, stores: Stores, lost: bool
) -> None:
    name = await make_role(stores, "Admins:read", "Users:read")
    admin = await stores.database.run(lambda db: factories.make_admin(db, name))
    theirs = as_admin(admin, name)
    but = {"redis_url": "unix:///nowhere/redis.sock"} if lost else {}
    async with process(settings, **but) as (here, client), process(settings, **but) as (there, other):
        for app, asking in ((here, client), (there, other)):
            await granted(app, name, "Admins:read")
            await granted(app, "SuperAdmin", "Roles:edit")
            assert (await asking.get("/v1/admins", headers=theirs)).status_code == 200
        path = f"/v1/roles/{await role_id(client, as_admin(boss), name)}"
        body = role_body(name=name, permissions=["Users:read"])
        assert (await client.put(path, json=body, headers=as_admin(boss))).status_code == 200
        waits = await asyncio.gather(
            seconds_until_refused(client, theirs), seconds_until_refused(other, theirs)
        )
        assert max(waits) < 1.2  # a second, and some for a busy test machine


async def test_redis_tells_the_processes_at_once(
    settings: Settings, staffed: FastAPI, stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    relay = Relay(stores, (snapshots.PUBLISH_CHANGES,))
    with monkeypatch.context() as patch:
        patch.setattr(snapshots, "POLL_SECONDS", 30)
        async with process(settings) as (app, _client):
            await granted(app, "SuperAdmin", "Roles:edit")
            await asyncio.sleep(0.2)  # it listens again
            name = await make_role(stores, "Users:read")
            await relay.drain()
            await granted(app, name, "Users:read", seconds=1)
    # The tests' own application has gone to sleep for half a minute, too.
    name = await make_role(stores, "Users:read")
    await relay.drain()
    await granted(staffed, name, "Users:read", seconds=1)
