"""How fast a change of the catalogue is seen by every process, and what survives an outage."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any
from uuid import uuid4

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.api.main import create_app
from gencharge.core.events.relay import Relay
from gencharge.core.rooms import snapshots
from gencharge.core.settings import Settings
from gencharge.core.stores.stores import Stores
from gencharge.plans import service as plans
from gencharge.plans.models import Plan


@asynccontextmanager
async def another_process(settings: Settings) -> AsyncIterator[tuple[FastAPI, httpx.AsyncClient]]:
    """A second application instance on the same stores."""
    app = create_app(settings)
    async with app.router.lifespan_context(app):
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as client:
            yield app, client


async def seconds_until(happens: Callable[[], Awaitable[bool]]) -> float:
    started = asyncio.get_running_loop().time()
    while not await happens():
        assert asyncio.get_running_loop().time() - started < 5
        await asyncio.sleep(0.01)
    return asyncio.get_running_loop().time() - started


async def test_another_process_shows_a_change_within_a_second_even_without_redis(
    plans_settings: Settings, shop_stores: Stores
) -> None:
    deaf = plans_settings.model_copy(update={"redis_url": "unix:///nowhere/redis.sock"})
    async with another_process(deaf) as (_, client):
        old = (await client.get("/v1/plans?operator=VI")).headers["etag"]
        for name in (f"Renamed {uuid4().hex}", "Vi ₹199 · 2 GB · 28 days"):

            async def rename(db: AsyncSession, name: str = name) -> None:
                chosen = (Plan.operator == "VI") & (Plan.price_paise == 19_900)
                await db.execute(update(Plan).where(chosen).values(name=name))
                await plans.bump_version(db)

            async def shown(name: str = name) -> bool:
                items = (await client.get("/v1/plans?operator=VI")).json()["items"]
                return any(item["name"] == name for item in items)

            await shop_stores.database.run(rename)
            assert await seconds_until(shown) <= 1
        # The same content has the same ETag, whatever versions lie between.
        assert (await client.get("/v1/plans?operator=VI")).headers["etag"] == old


async def test_redis_tells_the_processes_of_a_change_at_once(
    plans_settings: Settings, shop_stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(snapshots, "POLL_SECONDS", 30)
    relay = Relay(shop_stores, (snapshots.PUBLISH_CHANGES,))
    async with another_process(plans_settings) as (app, client):
        await client.get("/v1/plans")
        holder = plans.Catalogue.of(app)
        channel = snapshots.channel(shop_stores, snapshots.CATALOGUE)

        async def listening() -> bool:
            subscribers: Any = await shop_stores.redis.pubsub_numsub(channel)
            return bool(subscribers[0][1] >= 2)

        await seconds_until(listening)
        version = await shop_stores.database.run(plans.bump_version)
        await relay.drain()

        async def seen() -> bool:
            return holder.snapshot is not None and holder.snapshot.version >= version

        assert await seconds_until(seen) < 1


async def test_a_change_that_is_rolled_back_raises_no_version(shop_stores: Stores) -> None:
    async def version(db: AsyncSession) -> int:
        return await snapshots.version_of(db, snapshots.CATALOGUE)

    async def bump_and_fail(db: AsyncSession) -> None:
        await plans.bump_version(db)
        raise ZeroDivisionError

    before = await shop_stores.database.run(version)
    with pytest.raises(ZeroDivisionError):
        await shop_stores.database.run(bump_and_fail)
    assert await shop_stores.database.run(version) == before


async def test_the_list_goes_on_while_postgresql_is_away_and_a_fresh_process_says_503(
    shop: FastAPI, plans_settings: Settings
) -> None:
    async with another_process(plans_settings) as (app, client):
        await client.get("/v1/plans")
        away = plans_settings.model_copy(update={"database_url": "postgresql://x@/none?host=/nowhere"})
        stores: Stores = app.state.stores
        await stores.database.close()
        app.state.stores = Stores.open(away)
        assert (await client.get("/v1/plans?search=postpaid")).status_code == 200
        await app.state.stores.close()
    async with another_process(away) as (_, client):
        answer = await client.get("/v1/plans")
        assert (answer.status_code, answer.json()["code"]) == (503, "database_unavailable")
        assert "retry-after" in answer.headers


async def test_the_watcher_outlives_an_outage_of_postgresql(
    plans_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(snapshots, "POLL_SECONDS", 0.02)
    holder = plans.Catalogue()
    away = plans_settings.model_copy(update={"database_url": "postgresql://x@/none?host=/nowhere"})
    stores = Stores.open(away)
    watcher = asyncio.create_task(snapshots.watch(holder, stores))
    await asyncio.sleep(0.2)
    assert not watcher.done()
    assert holder.snapshot is None
    watcher.cancel()
    with pytest.raises(asyncio.CancelledError):
        await watcher
    await stores.close()


async def test_a_change_is_told_to_nobody_while_redis_is_away_and_is_not_delivered_late(
    plans_settings: Settings,
) -> None:
    deaf = plans_settings.model_copy(update={"redis_url": "unix:///nowhere/redis.sock"})
    stores = Stores.open(deaf)
    await stores.database.run(plans.bump_version)
    await Relay(stores, (snapshots.PUBLISH_CHANGES,)).drain()
    waiting = await stores.database.fetch_row("SELECT count(*) FROM deliveries")
    assert waiting is not None
    assert waiting[0] == 0
    await stores.close()
