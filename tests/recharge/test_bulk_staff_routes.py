"""Many refunds over HTTP: a dry run unless it is asked for, within the admin's operators."""

from __future__ import annotations

import httpx
from fastapi import FastAPI

from gencharge.core.stores.stores import Stores
from tests.make.recharge import money_of, staff_headers
from tests.recharge.test_bulk_staff_service import sell

PATH = "/v1/recharge/admin/bulk-refunds"


async def test_nothing_is_refunded_unless_the_dry_run_is_switched_off(
    app: FastAPI, shop: Stores, client: httpx.AsyncClient
) -> None:
    customer, recharge_id = await sell(shop)
    body = {"recharges": [{"user_id": str(customer), "recharge_id": str(recharge_id)}], "reason": "outage"}
    airtel = await staff_headers(app, shop, operators=["AIRTEL"])
    hidden = (await client.post(PATH, json=body, headers=airtel)).json()
    assert hidden["recharges"][0]["refusal_code"] == "recharge_not_found"
    staff = await staff_headers(app, shop)
    tried = await client.post(PATH, json=body, headers=staff)
    assert (tried.status_code, tried.json()["is_dry_run"]) == (200, True)
    assert await money_of(shop, customer) == (470_100, 0)
    done = await client.post(PATH, json=body | {"is_dry_run": False}, headers=staff)
    assert done.json()["recharges"][0]["outcome"] == "refunded"
    assert await money_of(shop, customer) == (500_000, 0)
    many = {"recharges": body["recharges"] * 51, "reason": "outage"}
    wrong = await client.post(PATH, json=many, headers=staff)
    assert (wrong.status_code, wrong.json()["errors"][0]["field"]) == (422, "body.recharges")
