"""The staff's view of a number's queue: started and ordered with a reason, within their operators."""

from __future__ import annotations

import httpx
from fastapi import FastAPI

from gencharge.core.stores.stores import Stores
from tests.make.money import make_number
from tests.make.recharge import list_events, staff_headers
from tests.recharge.test_queue_routes import add_customer, line

QUEUE = "/v1/recharge/admin/plans/queue"
REASON = {"reason": "the customer called"}


async def test_the_staff_order_and_start_and_the_reason_is_kept(
    app: FastAPI, shop: Stores, client: httpx.AsyncClient
) -> None:
    number, customer = await make_number(shop), await add_customer(shop)
    first, second, third = await line(shop, customer, number)
    staff = await staff_headers(app, shop)
    body = {"phone_number": number, "recharge_ids": [third, second]} | REASON
    ordered = await client.put(QUEUE, json=body, headers=staff)
    assert [item["recharge_id"] for item in ordered.json()["plans"]] == [third, second]
    [event] = await list_events(shop, customer, "PlanQueueReordered")
    assert (event["reason"], event["operator"]) == ("the customer called", "JIO")

    path = f"/v1/recharge/admin/{customer}/{third}/start"
    refused = await client.post(path, json=REASON, headers=staff)
    assert refused.json()["running_plan"]["recharge_id"] == first
    started = await client.post(path, json=REASON | {"replaced_recharge_id": first}, headers=staff)
    assert (started.status_code, started.json()["status"]) == (200, "active")
    [event] = await list_events(shop, customer, "QueuedPlanStarted")
    assert event["reason"] == "the customer called"
    shown = await client.get(QUEUE, params={"phone_number": number}, headers=staff)
    assert [item["recharge_id"] for item in shown.json()["plans"]] == [second]


async def test_another_operators_queue_is_not_there(
    app: FastAPI, shop: Stores, client: httpx.AsyncClient
) -> None:
    number, customer = await make_number(shop), await add_customer(shop)
    first, second, third = await line(shop, customer, number)
    airtel = await staff_headers(app, shop, operators=["AIRTEL"])
    shown = await client.get(QUEUE, params={"phone_number": number}, headers=airtel)
    assert shown.json()["plans"] == []
    body = {"phone_number": number, "recharge_ids": [third, second]} | REASON
    assert (await client.put(QUEUE, json=body, headers=airtel)).json()["code"] == "plan_queue_changed"
    path = f"/v1/recharge/admin/{customer}/{second}/start"
    answer = await client.post(path, json=REASON | {"replaced_recharge_id": first}, headers=airtel)
    assert answer.json()["code"] == "recharge_not_found"
