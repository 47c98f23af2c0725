"""`/reports/schedules` over HTTP: mine only, validated, ended."""

from __future__ import annotations

import httpx
import pytest
from fastapi import FastAPI

from gencharge.core.stores.stores import Stores
from tests.make.recharge import staff_headers

PATH = "/v1/reports/schedules"
BODY = {"report": "transactions", "every": "week", "weekday": 1, "hour": 6, "filters": {"operator": "JIO"}}


@pytest.fixture
async def headers(app: FastAPI, shop: Stores) -> dict[str, str]:
    return await staff_headers(app, shop)


async def test_a_schedule_is_made_listed_and_ended_by_who_made_it(
    app: FastAPI, shop: Stores, client: httpx.AsyncClient, headers: dict[str, str]
) -> None:
    created = await client.post(PATH, headers=headers, json=BODY)
    assert created.status_code == 201, created.text
    schedule = created.json()
    assert schedule["next_at"].endswith("T00:30:00Z"), "six in India"
    assert len(schedule["recipients"]) == 1
    assert (await client.get(PATH, headers=headers)).json()["items"] == [schedule]
    other = await staff_headers(app, shop)
    one = f"{PATH}/{schedule['report_schedule_id']}"
    assert (await client.get(PATH, headers=other)).json()["items"] == []
    assert (await client.delete(one, headers=other)).json()["code"] == "report_schedule_not_found"
    assert (await client.delete(one, headers=headers)).status_code == 204
    assert (await client.delete(one, headers=headers)).status_code == 404


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"hour": 24}, "body.hour"),
        ({"weekday": 8}, "body.weekday"),
        ({"month_day": 29}, "body.month_day"),
        ({"every": "year"}, "body.every"),
        ({"filters": {"to": "2026-11-01"}}, "body.filters.to"),
    ],
)
async def test_a_schedule_that_can_not_be_is_refused_with_the_field(
    client: httpx.AsyncClient, headers: dict[str, str], change: dict[str, object], field: str
) -> None:
    refused = await client.post(PATH, headers=headers, json=BODY | change)
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["field"] == field


async def test_an_admin_of_one_operator_schedules_only_what_keeps_to_it(
    app: FastAPI, shop: Stores, client: httpx.AsyncClient
) -> None:
    limited = await staff_headers(app, shop, operators=["JIO"])
    refused = await client.post(PATH, headers=limited, json=BODY | {"report": "users"})
    assert refused.json()["errors"][0]["field"] == "body.report"
    assert (await client.post(PATH, headers=limited, json=BODY)).status_code == 201
