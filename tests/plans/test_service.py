"""The catalogue in memory: what is sold when, how fast a change is seen, what survives an outage."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import delete, select, text, update
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.core.rooms import snapshots
from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.core.values.ids import new_id
from gencharge.core.values.money import Money
from gencharge.operators import service as operators
from gencharge.plans import sample
from gencharge.plans import service as plans
from gencharge.plans.errors import PlanNotFound
from gencharge.plans.models import (
    Plan,
    PlanCategory,
    PlanStatus,
    PlanType,
    PlanVersion,
    ValidityUnit,
    is_addon,
)
from gencharge.plans.schemas import Benefits
from tests.conftest import database_of, test_settings

JULY = datetime(2030, 7, 1, tzinfo=UTC)
AUGUST = datetime(2030, 8, 1, tzinfo=UTC)


def make_snapshot(**but: Any) -> plans.PlanSnapshot:
    values: dict[str, Any] = {
        "plan_id": new_id(),
        "version": 1,
        "name": "Jio ₹299",
        "description": "",
        "operator": "JIO",
        "circles": frozenset(),
        "plan_type": PlanType.PREPAID,
        "category": PlanCategory.UNLIMITED,
        "price": Money.rupees(299),
        "validity_count": 28,
        "validity_unit": ValidityUnit.DAY,
        "benefits": {},
        "is_addon": False,
        "most_popular": False,
        "group_id": UUID(int=1),
        "group": "Unlimited",
        "criteria": "",
        "status": PlanStatus.ACTIVE,
        "active_from": None,
        "active_until": None,
    }
    return plans.PlanSnapshot(**(values | but))


def make_plan(**but: Any) -> Plan:
    """A row of `plans` on sale, in the first group of the sample catalogue."""
    values: dict[str, Any] = {
        "plan_id": new_id(),
        "operator": "JIO",
        "plan_type": "prepaid",
        "category": "unlimited",
        "name": f"Test {uuid4().hex}",
        "price_paise": 12_300,
        "validity_count": 5,
        "validity_unit": "day",
        "is_addon": False,
        "group_id": sample.groups()[0]["group_id"],
        "status": "active",
    }
    return Plan(**(values | but))


@pytest.fixture
async def add_plan(shop: FastAPI, shop_stores: Stores) -> AsyncIterator[Callable[..., Awaitable[Plan]]]:
    """Put a plan into the shop and its process's memory; taken out again after the test."""
    added: list[UUID] = []

    async def add(**but: Any) -> Plan:
        plan = make_plan(**but)
        async with shop_stores.database.transaction() as db:
            db.add(plan)
            await plans.bump_version(db)
        added.append(plan.plan_id)
        await plans.Catalogue.of(shop).refresh(shop_stores.database)
        return plan

    yield add
    async with shop_stores.database.transaction() as db:
        await db.execute(delete(Plan).where(Plan.plan_id.in_(added)))
        await plans.bump_version(db)
    await plans.Catalogue.of(shop).refresh(shop_stores.database)


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


def test_benefits_keep_talktime_in_paise_and_give_it_back_as_money() -> None:
    benefits = Benefits(talktime=Money.rupees("81.75"), sms_per_day=100, extras=("Music",))
    kept = benefits.stored()
    assert kept["talktime_paise"] == 8175
    assert Benefits.from_stored(kept) == benefits
    assert Benefits.from_stored({}) == Benefits()


async def test_a_thousand_different_queries_leave_at_most_512_answers(
    shop: FastAPI, visitor: httpx.AsyncClient
) -> None:
    for number in range(560):
        assert (await visitor.get(f"/v1/plans?limit=1&search=none{number}")).status_code == 200
    snapshot = plans.Catalogue.of(shop).snapshot
    assert snapshot is not None
    assert len(snapshot.on_sale(clock.now()).responses) == 512


async def test_the_list_follows_the_clock_over_the_edges_of_a_window(
    visitor: httpx.AsyncClient, add_plan: Callable[..., Awaitable[Plan]]
) -> None:
    plan = await add_plan(active_from=JULY, active_until=AUGUST)
    seen = []
    for instant in (JULY - timedelta(seconds=1), JULY, AUGUST - timedelta(seconds=1), AUGUST):
        with clock.at(instant):
            listed = (await visitor.get("/v1/plans", params={"search": plan.name})).json()["items"]
            single = await visitor.get(f"/v1/plans/{plan.plan_id}")
            seen.append((len(listed), single.status_code, single.json().get("status")))
    assert seen == [(0, 404, 404), (1, 200, "active"), (1, 200, "active"), (0, 200, "inactive")]


async def test_a_draft_is_hidden_and_an_inactive_plan_is_found_by_its_id_only(
    visitor: httpx.AsyncClient, add_plan: Callable[..., Awaitable[Plan]]
) -> None:
    draft = await add_plan(status="draft")
    gone = await add_plan(status="inactive")
    assert (await visitor.get(f"/v1/plans/{draft.plan_id}")).status_code == 404
    assert (await visitor.get(f"/v1/plans/{gone.plan_id}")).json()["status"] == "inactive"
    for plan in (draft, gone):
        assert (await visitor.get("/v1/plans", params={"search": plan.name})).json()["items"] == []


async def test_a_plan_that_comes_between_two_pages_moves_no_other_plan(
    visitor: httpx.AsyncClient, add_plan: Callable[..., Awaitable[Plan]]
) -> None:
    whole = (await visitor.get("/v1/plans?sort=price&limit=100")).json()["items"]
    first = (await visitor.get("/v1/plans?sort=price&limit=10")).json()
    await add_plan(price_paise=100)
    rest = await visitor.get(
        "/v1/plans", params={"sort": "price", "limit": 100, "cursor": first["next_cursor"]}
    )
    assert first["items"] + rest.json()["items"] == whole


async def test_a_plan_for_one_circle_is_listed_for_that_circle_only(
    visitor: httpx.AsyncClient, add_plan: Callable[..., Awaitable[Plan]]
) -> None:
    plan = await add_plan(circles=["KA"])
    for circle, count in (("ka", 1), ("MU", 0)):
        answer = await visitor.get("/v1/plans", params={"circle": circle, "search": plan.name})
        assert len(answer.json()["items"]) == count


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
        await db.execute(update(Plan).where(Plan.plan_id != lost).values(price_paise=777))

    await run(lose)
    assert not await run(plans.seed)  # an admin's price stays
    await stores.close()


async def test_the_terms_of_every_seeded_plan_are_kept_and_can_not_be_changed(shop_stores: Stores) -> None:
    catalogue = await shop_stores.database.run(plans.load_catalogue)
    async with shop_stores.database.transaction() as db:
        kept = {row.plan_id: row.snapshot for row in await db.scalars(select(PlanVersion))}
    assert len(kept) == 41
    for plan in sample.plans():
        assert kept[plan["plan_id"]] == catalogue.get(plan["plan_id"]).terms()

    async def rewrite(db: AsyncSession) -> None:
        await db.execute(update(PlanVersion).values(snapshot={}))

    with pytest.raises(DBAPIError, match="permission denied"):
        await shop_stores.database.run(rewrite)


@pytest.mark.parametrize(
    ("but", "constraint"),
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
    shop_stores: Stores, but: dict[str, Any], constraint: str
) -> None:
    async def add(db: AsyncSession) -> None:
        db.add(make_plan(**but))
        await db.flush()

    with pytest.raises(IntegrityError, match=constraint):
        await shop_stores.database.run(add)
