"""`/analytics/cohorts`, `/analytics/segments` and `/analytics/forecast` over HTTP."""

from __future__ import annotations

import httpx
import pytest
from fastapi import FastAPI

from gencharge.analytics.jobs import count_customers, count_plans
from gencharge.core.stores.stores import Stores
from tests.make.money import buy, find_plan, make_customer, make_number
from tests.make.recharge import staff_headers


@pytest.fixture
async def headers(app: FastAPI, shop: Stores) -> dict[str, str]:
    return await staff_headers(app, shop)


@pytest.mark.parametrize("name", ["cohorts", "segments", "forecast"])
async def test_what_is_counted_of_customers_answers_and_its_etag_holds(
    shop: Stores, client: httpx.AsyncClient, headers: dict[str, str], name: str
) -> None:
    plan = await find_plan(shop, "JIO", 299)
    await buy(shop, await make_customer(shop), await make_number(shop), plan.plan_id)
    await count_customers(shop)
    await count_plans(shop)
    answer = await client.get(f"/v1/analytics/{name}", headers=headers)
    assert answer.status_code == 200, answer.text
    figures = answer.json()
    assert figures["counted_at"]
    assert {
        "cohorts": lambda: figures["cohorts"][-1]["months"][0]["percent"] == 100.0,
        "segments": lambda: (
            figures["customers"] == sum(part["customers"] for part in figures["segments"]) > 0
        ),
        "forecast": lambda: sum(day["ending"] for day in figures["days"]) > 0 and figures["plan"][0]["name"],
    }[name]()
    again = await client.get(
        f"/v1/analytics/{name}", headers=headers | {"If-None-Match": answer.headers["ETag"]}
    )
    assert (again.status_code, again.content) == (304, b"")
    wrong = await client.get(f"/v1/analytics/{name}", headers=headers, params={"from": "2026-01-01"})
    assert wrong.status_code == 422
    assert "there are operator" in str(wrong.json()["errors"])
