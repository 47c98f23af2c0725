"""How fast every process sees a change of the catalogue, and what survives an outage."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from fastapi import FastAPI
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.core.events.relay import Relay
from gencharge.core.rooms import snapshots
from gencharge.core.settings import Settings
from gencharge.core.stores.stores import Stores
from gencharge.operators.models import Maintenance
from gencharge.plans import service as plans
from gencharge.plans.errors import PlanNotFound
from gencharge.plans.models import (
    Plan,
    PlanCategory,
    PlanStatus,
    ValidityUnit,
    is_addon,
)
from tests.make.plans import AUGUST, JULY, make_snapshot
from tests.make.processes import another_process, seconds_until


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
    plans_settings: Settings, shop_stores: Stores
) -> None:
    relay = Relay(shop_stores, (snapshots.PUBLISH_CHANGES,))
    async with another_process(plans_settings, poll_seconds=30) as (app, client):
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
    plans_settings: Settings,
) -> None:
    holder, watch = plans.Catalogue(), snapshots.Watch()
    watch.poll_seconds = 0.02
    away = plans_settings.model_copy(update={"database_url": "postgresql://x@/none?host=/nowhere"})
    stores = Stores.open(away)
    watcher = asyncio.create_task(watch.run([holder], stores))
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


def test_a_plan_is_on_sale_from_its_first_instant_to_before_its_last() -> None:
    plan = make_snapshot(active_from=JULY, active_until=AUGUST)
    instant = timedelta(microseconds=1)
    assert [plan.available_at(when) for when in (JULY - instant, JULY, AUGUST - instant, AUGUST)] == [
        False,
        True,
        True,
        False,
    ]
    assert not make_snapshot(status=PlanStatus.DRAFT).available_at(JULY)
    assert not make_snapshot(status=PlanStatus.INACTIVE).available_at(JULY)


def test_the_shelf_changes_exactly_at_the_edges_of_a_window_and_keeps_its_answers_between() -> None:
    always, july = make_snapshot(), make_snapshot(active_from=JULY, active_until=AUGUST)
    draft = make_snapshot(status=PlanStatus.DRAFT, active_from=JULY + timedelta(days=3))
    catalogue = plans.CatalogueSnapshot(1, [always, july, draft])
    before = catalogue.on_sale(JULY - timedelta(microseconds=1))
    within = catalogue.on_sale(JULY)
    assert (before.plans, within.plans) == ((always,), (always, july))
    assert catalogue.on_sale(AUGUST - timedelta(microseconds=1)) is within  # a draft's window is no edge
    after = catalogue.on_sale(AUGUST)
    assert after.plans == (always,)
    assert after.responses is not before.responses
    assert (within.since, within.until) == (JULY, AUGUST)


def test_a_snapshot_can_not_be_changed_and_knows_every_plan_on_sale_or_not() -> None:
    plan = make_snapshot(status=PlanStatus.INACTIVE)
    catalogue = plans.CatalogueSnapshot(1, [plan])
    assert catalogue.get(plan.plan_id) is plan
    assert catalogue.on_sale(JULY).plans == ()
    with pytest.raises(AttributeError):
        plan.version = 2  # type: ignore[misc]
    with pytest.raises(TypeError):
        catalogue.plans[plan.plan_id] = plan  # type: ignore[index]
    with pytest.raises(PlanNotFound):
        catalogue.get(uuid4())


def test_a_plan_for_some_circles_is_sold_there_and_where_the_circle_is_not_known() -> None:
    plan = make_snapshot(circles=frozenset({"KA", "TN"}))
    assert [plan.sold_in(circle) for circle in ("KA", "MU", None)] == [True, False, True]
    assert make_snapshot().sold_in("MU")


@pytest.mark.parametrize(
    ("category", "unit", "addon"),
    [
        (PlanCategory.UNLIMITED, ValidityUnit.DAY, False),
        (PlanCategory.POSTPAID_RENTAL, ValidityUnit.MONTH, False),
        (PlanCategory.DATA_ADDON, ValidityUnit.DAY, True),
        (PlanCategory.TALKTIME, ValidityUnit.DAY, True),
        (PlanCategory.ROAMING, ValidityUnit.DAY, True),
        (PlanCategory.UNLIMITED, ValidityUnit.BASE_PLAN, True),
    ],
)
def test_packs_that_live_beside_a_base_plan_are_add_ons(
    category: PlanCategory, unit: ValidityUnit, addon: bool
) -> None:
    assert is_addon(category, unit) is addon


def test_a_maintenance_window_is_shown_until_it_ends_and_its_end_makes_new_answers() -> None:
    window = Maintenance(JULY, AUGUST, "Works", "काम")
    catalogue = plans.CatalogueSnapshot(1, [make_snapshot()], operators=["JIO"], maintenance={"JIO": window})
    before, running = catalogue.on_sale(JULY - timedelta(days=30)), catalogue.on_sale(JULY)
    assert before is running, "its start changes no answer"
    assert running.maintenance == {"JIO": window}
    after = catalogue.on_sale(AUGUST)
    assert after.maintenance == {}
    assert after.responses is not running.responses
