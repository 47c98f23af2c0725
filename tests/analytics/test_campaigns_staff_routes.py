"""`/analytics/campaigns`: what the kept counts say, by the days on which campaigns started, to who may see offers."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from gencharge.campaigns import jobs
from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.core.values.money import SignedMoney
from tests.make.campaigns import plan, result, start
from tests.make.factories import make_user
from tests.make.money import buy, find_plan, fund, make_number
from tests.make.recharge import run_sql, staff_headers

PATH = "/v1/analytics/campaigns"


@pytest.fixture
async def headers(app: FastAPI, shop: Stores) -> dict[str, str]:
    return await staff_headers(app, shop)


async def ask(client: httpx.AsyncClient, headers: dict[str, str], **query: Any) -> Any:
    answer = await client.get(PATH, headers=headers, params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_campaigns_are_shown_with_what_they_brought_against_their_control_groups(
    shop: Stores, client: httpx.AsyncClient, headers: dict[str, str]
) -> None:
    people = [(await shop.database.run(make_user)).user_id for _ in range(4)]
    sold = await find_plan(shop)
    for person in people:
        await fund(shop, person, 5_000)
    campaign = await plan(shop)
    await start(shop)
    await run_sql(shop, "DELETE FROM campaign_members WHERE user_id <> ALL(:people)", people=people)
    await run_sql(shop, "UPDATE campaign_members SET is_control = user_id = :user_id", user_id=people[3])
    for person in (people[0], people[1], people[3]):
        await buy(shop, person, await make_number(shop), sold.plan_id)
    empty = await ask(client, headers)
    assert (empty["counted_at"], empty["campaigns"][0]["counted_at"]) == (None, None)
    with clock.later(minutes=2):
        await jobs.count(shop)
        own = await result(shop, campaign.campaign_id)
    figures = await ask(client, headers)
    (one,) = figures["campaigns"]
    assert (one["reached"], one["control"], one["recharged"]) == (3, 1, 2)
    assert (one["recharged_percent"], one["control_recharged_percent"]) == (66.67, 100.0)
    assert one["revenue"] == 598.0
    assert (one["extra_revenue"], own.extra_revenue) == (-299.0, SignedMoney(-29_900))
    assert figures["totals"] == {
        "campaigns": 1,
        "reached": 3,
        "control": 1,
        "shown": 0,
        "used": 0,
        "cost": 0.0,
        "revenue": 598.0,
        "extra_revenue": -299.0,
    }
    yesterday = (clock.now().astimezone(clock.IST).date() - timedelta(days=1)).isoformat()
    assert (await ask(client, headers, to=yesterday))["campaigns"] == []


async def test_the_answer_is_304_until_something_more_is_counted(
    shop: Stores, client: httpx.AsyncClient, headers: dict[str, str]
) -> None:
    first = await client.get(PATH, headers=headers)
    again = await client.get(PATH, headers=headers | {"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    with clock.later(hours=1):
        await jobs.count(shop)
    changed = await client.get(PATH, headers=headers | {"If-None-Match": first.headers["ETag"]})
    assert changed.status_code == 200


async def test_days_that_can_not_be_are_refused(client: httpx.AsyncClient, headers: dict[str, str]) -> None:
    refused = await client.get(PATH, headers=headers, params={"from": "2026-11-02", "to": "2026-11-01"})
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["message"] == "from must not be after to"


async def test_an_admin_of_one_operator_sees_no_campaigns(
    app: FastAPI, shop: Stores, client: httpx.AsyncClient
) -> None:
    limited = await staff_headers(app, shop, operators=["JIO"])
    assert (await client.get(PATH, headers=limited)).status_code == 403
