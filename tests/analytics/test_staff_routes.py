"""`/analytics/transactions` over HTTP."""

from __future__ import annotations

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import delete

from gencharge.analytics.models import RechargeFigures
from gencharge.core.stores.stores import Stores
from tests.make.analytics import count
from tests.make.money import buy, find_plan, make_customer, make_number
from tests.make.recharge import staff_headers

PATH = "/v1/analytics/transactions"


async def sell(stores: Stores, operator: str, rupees: int) -> None:
    plan = await find_plan(stores, operator, rupees)
    await buy(
        stores, await make_customer(stores), await make_number(stores, operator, circle="MH"), plan.plan_id
    )
    await count(stores)


@pytest.fixture
async def headers(app: FastAPI, shop: Stores) -> dict[str, str]:
    return await staff_headers(app, shop)


async def test_the_staff_see_what_was_sold_and_by_what(
    shop: Stores, client: httpx.AsyncClient, headers: dict[str, str]
) -> None:
    await sell(shop, "JIO", 299)
    await sell(shop, "JIO", 299)
    await sell(shop, "AIRTEL", 299)
    answer = await client.get(PATH, headers=headers)
    assert answer.status_code == 200, answer.text
    figures = answer.json()
    totals = figures["totals"]
    assert (totals["sold"], totals["delivered"], totals["failed"], totals["success_percent"]) == (
        3,
        3,
        0,
        100.0,
    )
    assert totals["price"] == totals["paid"] == 897.00
    assert [
        (part["key"], part["count"], part["percent"]) for part in figures["distributions"]["operator"]
    ] == [
        ("JIO", 2, 66.67),
        ("AIRTEL", 1, 33.33),
    ]
    assert figures["distributions"]["circle"] == [
        {"key": "MH", "name": None, "count": 3, "percent": 100.0, "paid": 897.0}
    ]
    assert figures["distributions"]["failure"] == []
    assert figures["top"]["plans"][0]["count"] == 2
    assert figures["top"]["plans"][0]["name"]
    assert figures["periods"]["today"] == {"delivered": 3, "failed": 0, "paid": 897.0}
    assert figures["periods"]["yesterday"]["delivered"] == 0
    assert len(figures["daily"]) == 30
    assert figures["daily"][-1]["delivered"] == 3
    assert len(figures["monthly"]) == 13
    assert figures["monthly"][-1]["paid"] == 897.0
    assert figures["growth"] == {"week_over_week_percent": None, "month_over_month_percent": None}


async def test_an_admin_of_one_operator_sees_its_figures_only(
    app: FastAPI, shop: Stores, client: httpx.AsyncClient
) -> None:
    await sell(shop, "JIO", 299)
    await sell(shop, "AIRTEL", 299)
    scoped = await staff_headers(app, shop, "Manager", operators=("JIO",))
    figures = (await client.get(PATH, headers=scoped)).json()
    assert {part["key"] for part in figures["distributions"]["operator"]} == {"JIO"}
    other = (await client.get(PATH, headers=scoped, params={"operator": "AIRTEL"})).json()
    assert other["totals"]["sold"] == 0
    assert all(part == [] for part in other["distributions"].values())


async def test_the_etag_holds_until_something_is_counted(
    shop: Stores, client: httpx.AsyncClient, headers: dict[str, str]
) -> None:
    first = await client.get(PATH, headers=headers)
    known = headers | {"If-None-Match": first.headers["ETag"]}
    again = await client.get(PATH, headers=known)
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["Cache-Control"] == first.headers["Cache-Control"] == "private, no-cache"
    assert (await client.get(PATH, headers=known, params={"operator": "JIO"})).status_code == 200
    await sell(shop, "JIO", 299)
    assert (await client.get(PATH, headers=known)).status_code == 200


async def test_an_impossible_query_names_its_parameter(
    client: httpx.AsyncClient, headers: dict[str, str]
) -> None:
    answer = await client.get(PATH, headers=headers, params={"operators": "JIO"})
    assert answer.status_code == 422
    assert "there are from, to, operator" in str(answer.json()["errors"])


async def test_days_far_away_have_no_figures(client: httpx.AsyncClient, headers: dict[str, str]) -> None:
    figures = (
        await client.get(PATH, headers=headers, params={"from": "2999-01-01", "to": "2999-01-03"})
    ).json()
    assert figures["totals"]["sold"] == 0
    assert figures["totals"]["success_percent"] is None
    assert len(figures["daily"]) == 3


async def test_revenue_is_by_operator_and_plan_and_its_etag_holds(
    app: FastAPI, shop: Stores, client: httpx.AsyncClient, headers: dict[str, str]
) -> None:
    await shop.database.run(lambda db: db.execute(delete(RechargeFigures)))
    await sell(shop, "JIO", 299)
    await sell(shop, "AIRTEL", 299)
    answer = await client.get("/v1/analytics/revenue", headers=headers)
    assert answer.status_code == 200, answer.text
    figures = answer.json()
    assert (figures["totals"]["paid"], figures["totals"]["gateway_fees"]) == (598.0, None)
    assert {part["key"] for part in figures["distributions"]["operator"]} == {"JIO", "AIRTEL"}
    assert all(part["name"] for part in figures["distributions"]["plan"])
    again = await client.get(
        "/v1/analytics/revenue", headers=headers | {"If-None-Match": answer.headers["ETag"]}
    )
    assert (again.status_code, again.content) == (304, b"")
    scoped = await staff_headers(app, shop, "Manager", operators=("JIO",))
    own = (await client.get("/v1/analytics/revenue", headers=scoped)).json()
    assert (own["totals"]["paid"], [part["key"] for part in own["distributions"]["operator"]]) == (
        299.0,
        ["JIO"],
    )


async def test_plans_that_run_have_an_etag_that_holds(
    shop: Stores, client: httpx.AsyncClient, headers: dict[str, str]
) -> None:
    path = "/v1/analytics/current-active-plans"
    answer = await client.get(path, headers=headers)
    assert answer.status_code == 200, answer.text
    assert {"totals", "distributions", "periods", "daily", "monthly", "growth"} <= set(answer.json())
    again = await client.get(path, headers=headers | {"If-None-Match": answer.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    refused = await client.get(path, headers=headers, params={"from": "2026-02-01", "to": "2026-01-01"})
    assert refused.status_code == 422
