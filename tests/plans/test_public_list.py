"""The public plan list: filters, orders, pages."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import delete

from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.plans import service as plans
from gencharge.plans.models import (
    Plan,
)
from gencharge.plans.routes import PlanRoute
from tests.make.operators import set_maintenance
from tests.make.plans import AUGUST, JULY, ListedPlan, list_all, make_plan


def _vi_month(plan: ListedPlan) -> bool:
    return plan["operator"] == "VI" and plan["plan_type"] == "prepaid" and _days(plan) == 28


FILTERS: list[tuple[dict[str, Any], int, Callable[[ListedPlan], bool]]] = [
    ({"operator": "JIO"}, 18, lambda plan: plan["operator"] == "JIO"),
    ({"operator": "jio"}, 18, lambda plan: plan["operator"] == "JIO"),
    ({"operator": "BSNL"}, 6, lambda plan: plan["operator"] == "BSNL"),
    ({"circle": "KA"}, 53, lambda plan: not plan["circles"]),
    ({"circle": "MH"}, 54, lambda plan: plan["circles"] in ([], ["MH"])),
    ({"plan_type": "postpaid"}, 8, lambda plan: plan["plan_type"] == "postpaid"),
    ({"plan_type": "prepaid"}, 48, lambda plan: plan["plan_type"] == "prepaid"),
    ({"category": "data_addon"}, 4, lambda plan: plan["category"] == "data_addon" and plan["is_addon"]),
    ({"category": "roaming"}, 2, lambda plan: plan["category"] == "roaming"),
    ({"group": "unlimited"}, 35, lambda plan: plan["group"] == "Unlimited"),
    ({"group": "Data add-ons"}, 4, lambda plan: plan["group"] == "Data add-ons"),
    ({"min_price": "3499"}, 3, lambda plan: plan["price"] >= 3499),
    ({"max_price": "22.00"}, 6, lambda plan: plan["price"] <= 22),
    ({"min_price": 299, "max_price": 349}, 7, lambda plan: 299 <= plan["price"] <= 349),
    ({"min_validity_days": 84}, 11, lambda plan: _days(plan) >= 84),
    ({"max_validity_days": 1}, 2, lambda plan: _days(plan) == 1),
    ({"min_validity_days": 30, "max_validity_days": 30}, 8, lambda plan: plan["validity"]["unit"] == "month"),
    ({"popular": "true"}, 14, lambda plan: plan["most_popular"]),
    ({"popular": "false"}, 42, lambda plan: not plan["most_popular"]),
    ({"search": "1.5 gb/day 84"}, 3, lambda plan: "1.5 GB/day · 84 days" in plan["name"]),
    ({"search": "1.5GB/day 84din"}, 3, lambda plan: "1.5 GB/day · 84 days" in plan["name"]),
    ({"search": "₹299"}, 3, lambda plan: plan["price"] == 299),
    ({"search": "nothing like this"}, 0, lambda plan: False),
    ({"operator": "VI", "plan_type": "prepaid", "max_validity_days": 28}, 4, _vi_month),
]


ORDERS: list[tuple[str, Callable[[ListedPlan], Any], bool]] = [
    ("price", lambda plan: plan["price"], False),
    ("-price", lambda plan: plan["price"], True),
    ("name", lambda plan: plan["name"].casefold(), False),
    ("popular", lambda plan: (not plan["most_popular"], plan["price"]), False),
    ("validity", lambda plan: (_days(plan) or 10_000, plan["price"]), False),
    ("-validity", lambda plan: (-_days(plan), plan["price"]), False),
]


WRONG = [
    ("operator=XYZ", "query.operator", "JIO, AIRTEL, VI, BSNL, MTNL"),
    ("operator=", "query.operator", "JIO, AIRTEL, VI, BSNL, MTNL"),
    ("circle=XX", "query.circle", "KA"),
    ("group=Nonsense", "query.group", "Unlimited, Data add-ons, Talktime, Roaming, Postpaid"),
    ("plan_type=both", "query.plan_type", "'prepaid' or 'postpaid'"),
    ("category=unlimted", "query.category", "'unlimited'"),
    ("sort=cheap", "query.sort", "'price'"),
    ("min_price=-1", "query.min_price", "plain digits"),
    ("min_price=0.001", "query.min_price", "two decimals"),
    ("min_price=NaN", "query.min_price", "rupees"),
    ("min_price=१००", "query.min_price", "plain digits"),
    ("max_price=1e400", "query.max_price", "plain digits"),
    ("min_price=500&max_price=100", "query.max_price", "Must be at least min_price"),
    ("min_validity_days=0", "query.min_validity_days", "1"),
    (
        "min_validity_days=60&max_validity_days=28",
        "query.max_validity_days",
        "Must be at least min_validity_days",
    ),
    ("popular=perhaps", "query.popular", "true or false"),
    ("limit=0", "query.limit", "1"),
    ("limit=101", "query.limit", "100"),
    ("operatr=JIO", "query.operatr", "no parameter here"),
    ("price=299", "query.price", "no parameter here"),
    ("operator=JIO&operator=VI", "query.operator", "once"),
    ("cursor=nonsense", "query.cursor", "next_cursor"),
    ("search=" + "x" * 61, "query.search", "60"),
]


def _days(plan: ListedPlan) -> int:
    n = plan["validity"]["n"]
    return n * {"day": 1, "month": 30}[plan["validity"]["unit"]] if n else 0


@pytest.mark.parametrize(("query", "count", "fits"), FILTERS, ids=[str(entry[0]) for entry in FILTERS])
async def test_a_filter_lists_what_fits_and_only_that(
    visitor: httpx.AsyncClient, query: dict[str, Any], count: int, fits: Callable[[ListedPlan], bool]
) -> None:
    listed = await list_all(visitor, **query)
    assert len(listed) == count
    assert listed == [plan for plan in await list_all(visitor) if fits(plan)]


async def test_plans_for_a_number_are_those_of_its_blocks_operator_unless_another_one_is_stated(
    visitor: httpx.AsyncClient,
) -> None:
    number = "70000 00001"  # of a block of Jio's
    listed = await list_all(visitor, phone_number=number, plan_type="prepaid")
    assert listed == await list_all(visitor, operator="JIO", plan_type="prepaid") != []
    assert await list_all(visitor, phone_number=number, operator="VI") == await list_all(
        visitor, operator="VI"
    )


async def test_a_number_of_an_unknown_block_needs_its_operator(visitor: httpx.AsyncClient) -> None:
    answer = await visitor.get("/v1/plans", params={"phone_number": "6010000000"})
    assert answer.status_code == 422
    [problem] = answer.json()["errors"]
    assert (problem["field"], problem["code"]) == ("query.operator", "operator_required")
    assert "JIO" in problem["message"]
    stated = {"phone_number": "6010000000", "operator": "JIO"}
    assert (await visitor.get("/v1/plans", params=stated)).status_code == 200


async def test_lists_for_numbers_do_not_push_out_the_lists_that_everybody_asks_for(
    visitor: httpx.AsyncClient, shop: FastAPI
) -> None:
    cache = PlanRoute.current_cache(shop)
    assert cache is not None
    await visitor.get("/v1/plans?operator=JIO")
    before = len(cache)
    answer = await visitor.get("/v1/plans?phone_number=7000000002")
    assert answer.headers["etag"]
    assert len(cache) == before


async def test_a_group_may_be_named_by_its_id(visitor: httpx.AsyncClient) -> None:
    groups = (await visitor.get("/v1/plans/groups")).json()["items"]
    for group in groups:
        assert len(await list_all(visitor, group=group["group_id"])) == group["plan_count"]


@pytest.mark.parametrize(("sort", "key", "falling"), ORDERS, ids=[entry[0] for entry in ORDERS])
async def test_pages_of_any_size_give_the_whole_order_once(
    visitor: httpx.AsyncClient, sort: str, key: Callable[[ListedPlan], Any], falling: bool
) -> None:
    whole = await list_all(visitor, sort=sort)
    assert [key(plan) for plan in whole] == sorted(map(key, whole), reverse=falling)
    seen: list[ListedPlan] = []
    query: dict[str, Any] = {"sort": sort, "limit": 7}
    while True:
        document = (await visitor.get("/v1/plans", params=query)).json()
        seen += document["items"]
        if document["next_cursor"] is None:
            break
        assert len(document["items"]) == 7
        query["cursor"] = document["next_cursor"]
    assert seen == whole


@pytest.mark.parametrize(("query", "field", "says"), WRONG, ids=[entry[0][:40] for entry in WRONG])
async def test_a_wrong_value_is_refused_with_the_field_and_what_would_be_right(
    visitor: httpx.AsyncClient, query: str, field: str, says: str
) -> None:
    for _ in range(2):  # a refusal is never kept as an answer
        answer = await visitor.get(f"/v1/plans?{query}")
        assert answer.status_code == 422, answer.text
        assert answer.headers["content-type"] == "application/problem+json"
        [problem] = answer.json()["errors"]
        assert problem["field"] == field
        assert says in problem["message"]


async def test_a_cursor_of_another_order_is_refused(visitor: httpx.AsyncClient) -> None:
    cursor = (await visitor.get("/v1/plans?sort=price&limit=5")).json()["next_cursor"]
    for sort in ("-price", "name"):
        answer = await visitor.get("/v1/plans", params={"sort": sort, "cursor": cursor})
        assert answer.status_code == 422
        assert answer.json()["code"] == "cursor_invalid"


@pytest.fixture
async def add_plan(shop: FastAPI, shop_stores: Stores) -> AsyncIterator[Callable[..., Awaitable[Plan]]]:
    """Put a plan into the shop and its process's memory; taken out again after the test."""
    added: list[UUID] = []

    async def add(**overrides: Any) -> Plan:
        plan = make_plan(**overrides)
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


async def test_the_list_names_the_operators_that_work_on_their_systems(
    shop: FastAPI, visitor: httpx.AsyncClient, shop_stores: Stores
) -> None:
    async def listed(**query: str) -> tuple[list[str], str]:
        await plans.Catalogue.of(shop).refresh(shop_stores.database)
        answer = await visitor.get("/v1/plans", params=query)
        return [window["operator"] for window in answer.json()["maintenance"]], answer.headers["etag"]

    nothing, before = await listed()
    await set_maintenance(shop_stores, "JIO", hours=1)
    await shop_stores.database.run(plans.bump_version)
    windows, during = await listed()
    assert (nothing, windows) == ([], ["JIO"])
    assert before != during
    assert (await listed(operator="JIO"))[0] == ["JIO"]
    assert (await listed(operator="VI"))[0] == []
    with clock.later(seconds=3_601):
        assert (await listed()) == ([], before), "the same bytes as without it"
    await set_maintenance(shop_stores, "JIO", hours=None)
    await shop_stores.database.run(plans.bump_version)
    assert (await listed())[0] == []
