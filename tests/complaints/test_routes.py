"""A customer's complaints over HTTP."""

from __future__ import annotations

import httpx

from gencharge.core.settings import Settings
from gencharge.core.stores.stores import Stores
from tests.complaints.test_service import sell
from tests.make.factories import headers_for
from tests.make.money import make_customer

PATH = "/v1/complaints"


async def test_a_customer_complains_and_reads_the_deadline(
    shop: Stores, client: httpx.AsyncClient, settings: Settings
) -> None:
    customer, recharge_id = await sell(shop)
    headers = headers_for(settings, customer)
    body = {"recharge_id": str(recharge_id), "reason": "benefits_missing"}
    answer = await client.post(PATH, json=body, headers=headers)
    assert answer.status_code == 201, answer.text
    complaint = answer.json()
    assert (complaint["status"], complaint["resolution"]) == ("open", None)
    assert complaint["due_at"].endswith("18:30:00Z")
    assert answer.headers["location"] == f"{PATH}/{complaint['complaint_id']}"
    assert (await client.get(answer.headers["location"], headers=headers)).json() == complaint
    assert (await client.get(PATH, headers=headers)).json()["items"] == [complaint]
    again = await client.post(PATH, json=body, headers=headers)
    assert (again.status_code, again.json()["code"]) == (409, "complaint_already_open")
    other = headers_for(settings, await make_customer(shop))
    assert (await client.get(answer.headers["location"], headers=other)).json()[
        "code"
    ] == "complaint_not_found"
    assert (await client.post(PATH, json=body, headers=other)).json()["code"] == "recharge_not_found"


async def test_an_unknown_reason_is_named(
    shop: Stores, client: httpx.AsyncClient, settings: Settings
) -> None:
    customer, recharge_id = await sell(shop)
    body = {"recharge_id": str(recharge_id), "reason": "slow"}
    answer = await client.post(PATH, json=body, headers=headers_for(settings, customer))
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "body.reason")
