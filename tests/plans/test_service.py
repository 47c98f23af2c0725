"""The catalogue in memory: what is sold when, how fast a change is seen, what survives an outage."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import select, text, update
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.core.rooms import snapshots
from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.operators import service as operators
from gencharge.plans import sample
from gencharge.plans import service as plans
from gencharge.plans.models import (
    Plan,
    PlanVersion,
)
from tests.conftest import database_of, test_settings
from tests.make.plans import (
    AUGUST,
    JULY,
    make_plan,
)


async def test_a_thousand_different_queries_leave_at_most_512_answers(
    shop: FastAPI, visitor: httpx.AsyncClient
) -> None:
    for number in range(560):
        assert (await visitor.get(f"/v1/plans?limit=1&search=none{number}")).status_code == 200
    snapshot = plans.Catalogue.of(shop).snapshot
    assert snapshot is not None
    assert len(snapshot.on_sale(clock.now()).responses) == 512


async def test_seeding_again_changes_nothing_and_puts_back_only_what_is_missing(
    servers: Path, worker_id: str
) -> None:
    settings = test_settings(servers, database_of(servers, worker_id, "seeding"))
    stores = Stores.open(settings)
    run = stores.database.run

    async def state(db: AsyncSession) -> list[Any]:
        rows = await db.execute(text("SELECT md5(p::text) FROM plans p ORDER BY plan_id"))
        return [*rows.scalars(), await snapshots.version_of(db, snapshots.CATALOGUE)]

    assert await run(operators.seed)
    assert await run(plans.seed)
    first = await run(state)
    assert not await run(operators.seed)
    assert not await run(plans.seed)
    assert await run(state) == first
    lost = sample.plans()[0]["plan_id"]

    async def lose(db: AsyncSession) -> None:
        await db.execute(
            update(Plan).where(Plan.plan_id != lost, Plan.max_price_paise.is_(None)).values(price_paise=777)
        )

    await run(lose)
    assert not await run(plans.seed)  # an admin's price stays
    await stores.close()


async def test_the_terms_of_every_seeded_plan_are_kept_and_can_not_be_changed(shop_stores: Stores) -> None:
    catalogue = await shop_stores.database.run(plans.load_catalogue)
    async with shop_stores.database.transaction() as db:
        snapshots = {row.plan_id: row.snapshot for row in await db.scalars(select(PlanVersion))}
    assert len(snapshots) == 56
    for plan in sample.plans():
        assert snapshots[plan["plan_id"]] == catalogue.get(plan["plan_id"]).terms()

    async def rewrite(db: AsyncSession) -> None:
        await db.execute(update(PlanVersion).values(snapshot={}))

    with pytest.raises(DBAPIError, match="permission denied"):
        await shop_stores.database.run(rewrite)


@pytest.mark.parametrize(
    ("overrides", "constraint"),
    [
        ({"price_paise": 0}, "ck_plans_price"),
        ({"validity_count": None}, "ck_plans_validity"),
        ({"validity_unit": "year"}, "ck_plans_validity"),
        ({"validity_unit": "base_plan", "is_addon": True}, "ck_plans_validity"),
        ({"is_addon": True}, "ck_plans_is_addon"),
        ({"category": "gold"}, "ck_plans_category"),
        ({"plan_type": "both"}, "ck_plans_plan_type"),
        ({"status": "gone"}, "ck_plans_status"),
        ({"active_from": AUGUST, "active_until": JULY}, "ck_plans_window"),
        ({"operator": "AIRCEL"}, "fk_plans_operator_operators"),
        ({"group_id": UUID(int=9)}, "fk_plans_group_id_plan_groups"),
    ],
    ids=lambda value: str(value)[:40],
)
async def test_the_database_refuses_a_plan_that_makes_no_sense(
    shop_stores: Stores, overrides: dict[str, Any], constraint: str
) -> None:
    async def add(db: AsyncSession) -> None:
        db.add(make_plan(**overrides))
        await db.flush()

    with pytest.raises(IntegrityError, match=constraint):
        await shop_stores.database.run(add)
