"""The offers that a process holds in memory."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from uuid import UUID, uuid4

import httpx
from fastapi import FastAPI
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.core.events.relay import Relay
from gencharge.core.rooms import snapshots
from gencharge.core.settings import Settings
from gencharge.core.stores.stores import Stores
from gencharge.core.values.money import Money
from gencharge.offers import service as offers
from gencharge.offers.rules import OfferConditions
from gencharge.offers.snapshot import OffersSnapshot
from gencharge.plans import service as plans
from gencharge.plans.models import Plan
from tests.make.money import find_plan
from tests.make.offers import FRIDAY, GROUP, SATURDAY, make, make_type, offer, plan
from tests.make.processes import another_process, seconds_until
from tests.offers.conftest import Headers


def test_the_shelf_changes_at_the_edges_of_windows_and_only_then() -> None:
    held = OffersSnapshot(1, [offer(active_from=FRIDAY, active_until=SATURDAY)])
    minute = timedelta(minutes=1)
    assert held.active(FRIDAY - minute).offers == ()
    during = held.active(FRIDAY)
    assert len(during.offers) == 1
    assert held.active(SATURDAY - minute) is during
    assert held.active(SATURDAY).offers == ()


def test_an_offer_of_a_plan_meets_its_price_group_circle_and_operator() -> None:
    snapshot = offer(conditions={"circles": ["KA"], "min_amount": 100, "plan_groups": [GROUP]})
    assert snapshot.is_for_plan(plan())
    assert snapshot.is_for_plan(plan(circles=frozenset({"KA", "DL"})))
    assert not snapshot.is_for_plan(plan(circles=frozenset({"DL"})))
    assert not snapshot.is_for_plan(plan(price=Money.rupees(99)))
    assert not snapshot.is_for_plan(plan(group_id=UUID(int=1)))
    only = replace(snapshot, conditions=OfferConditions(operators=("VI",)))
    assert not only.is_for_plan(plan())


async def shows(client: httpx.AsyncClient, offer_id: str, name: str | None) -> bool:
    """Whether the public list has the offer under this name; None: not at all."""
    # Newest first: other tests of this database may have put more than a page on show.
    query = {"limit": 100, "sort": "newest"}
    items = (await client.get("/v1/offers", params=query)).json()["items"]
    return next((item["name"] for item in items if item["offer_id"] == offer_id), None) == name


async def test_every_process_shows_an_update_within_a_second_even_without_redis(
    visitor: httpx.AsyncClient, manager: Headers, offers_settings: Settings
) -> None:
    deaf = offers_settings.model_copy(update={"redis_url": "unix:///nowhere/redis.sock"})
    created = await make(visitor, manager, status="active")
    path = f"/v1/offers/{created['offer_id']}"
    async with another_process(deaf) as (_, client), another_process(offers_settings) as (_, third):
        clients = (visitor, client, third)
        for other in clients:
            await seconds_until(lambda other=other: shows(other, created["offer_id"], created["name"]))  # type: ignore[misc]
        changes: tuple[tuple[dict[str, str], str | None], ...] = (
            ({"name": "Another name"}, "Another name"),
            ({"status": "inactive"}, None),
            ({"status": "active"}, "Another name"),
        )
        for change, name in changes:
            answer = await visitor.patch(path, headers=manager, json=change)
            assert answer.json()["cache_status"] == "Invalidated", answer.text
            waited = 0.0
            for other in clients:
                waited += await seconds_until(
                    lambda other=other, name=name: shows(other, created["offer_id"], name)  # type: ignore[misc]
                )
            assert waited <= 1


async def test_redis_tells_the_processes_of_a_change_at_once(
    market_stores: Stores, offers_settings: Settings
) -> None:
    relay = Relay(market_stores, (snapshots.PUBLISH_CHANGES,))
    async with another_process(offers_settings, poll_seconds=30) as (app, client):
        await client.get("/v1/offers")
        channel = snapshots.channel(market_stores, offers.NAME)

        async def listening() -> bool:
            subscribers = await market_stores.redis.pubsub_numsub(channel)
            return bool(subscribers[0][1] >= 2)

        await seconds_until(listening)
        version = await market_stores.database.run(offers.bump_version)
        await relay.drain()

        async def seen() -> bool:
            held = offers.Offers.of(app).snapshot
            return held is not None and held.version >= version

        assert await seconds_until(seen) < 1


async def test_a_new_type_is_shown_within_a_second(visitor: httpx.AsyncClient, manager: Headers) -> None:
    created = await make_type(visitor, manager)

    async def shown() -> bool:
        items = (await visitor.get("/v1/offers/types")).json()["items"]
        return created["name"] in {item["name"] for item in items}

    assert await seconds_until(shown) <= 1


async def test_the_offers_of_a_plan_follow_the_plan(
    visitor: httpx.AsyncClient, manager: Headers, market: FastAPI, market_stores: Stores
) -> None:
    bought = await find_plan(market_stores, "VI", 299)
    created = await make(visitor, manager, status="active", conditions={"min_amount": 299}, name=uuid4().hex)
    query = {"plan_id": str(bought.plan_id), "search": created["name"]}

    async def is_listed() -> bool:
        return bool((await visitor.get("/v1/offers", params=query)).json()["items"])

    async def price(paise: int) -> None:
        async def unit(db: AsyncSession) -> None:
            await db.execute(update(Plan).where(Plan.plan_id == bought.plan_id).values(price_paise=paise))
            await plans.bump_version(db)

        await market_stores.database.run(unit)
        await plans.Catalogue.of(market).refresh(market_stores.database)

    await seconds_until(is_listed)
    await price(298_00)
    assert not await is_listed()
    await price(299_00)
    assert await is_listed()


async def test_a_fresh_process_without_postgresql_says_503(offers_settings: Settings) -> None:
    away = offers_settings.model_copy(update={"database_url": "postgresql://x@/none?host=/nowhere"})
    async with another_process(away) as (_, client):
        for path in ("/v1/offers", "/v1/offers/types", f"/v1/offers/{uuid4()}"):
            answer = await client.get(path)
            assert (answer.status_code, answer.json()["code"]) == (503, "database_unavailable")
