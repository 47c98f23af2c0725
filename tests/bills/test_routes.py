"""Bills over HTTP: mine only, validated, paged, refused with the reason."""

from __future__ import annotations

import httpx
import pytest
from fastapi import FastAPI

from gencharge.bills.context_service import BillsContext
from gencharge.core.rooms import process
from gencharge.core.settings import Settings
from gencharge.core.stores.stores import Stores
from gencharge.core.values.ids import new_id
from gencharge.delivery.loop import Dispatcher
from tests.make.bills import put_bill
from tests.make.factories import headers_for
from tests.make.money import make_customer
from tests.make.outside import Outside


@pytest.fixture(autouse=True)
def patient_application(app: FastAPI, context: BillsContext) -> None:
    """The application asks as patiently as the test's own context."""
    process.put(app, context)


async def test_a_fetched_bill_is_mine_alone(
    client: httpx.AsyncClient, settings: Settings, outside: Outside
) -> None:
    own, theirs = headers_for(settings, new_id()), headers_for(settings, new_id())
    number = put_bill(outside, paise=649_50, part_payment="exact")
    fetched = await client.post(
        "/v1/bills/fetch", headers=own, json={"phone_number": number, "operator": "jio"}
    )
    assert fetched.status_code == 200, fetched.text
    bill = fetched.json()
    assert (bill["amount"], bill["minimum"], bill["status"]) == (649.50, 649.50, "due")
    assert (await client.get(f"/v1/bills/{bill['bill_id']}", headers=own)).json() == bill
    theirs_seen = await client.get(f"/v1/bills/{bill['bill_id']}", headers=theirs)
    assert (theirs_seen.status_code, theirs_seen.json()["code"]) == (404, "bill_not_found")
    assert (await client.get("/v1/bills", headers=own)).json()["items"] == [bill]
    assert (await client.get("/v1/bills", headers=theirs)).json()["items"] == []


async def test_bills_are_filtered_and_paged(
    client: httpx.AsyncClient, settings: Settings, outside: Outside
) -> None:
    own = headers_for(settings, new_id())
    numbers = [put_bill(outside) for _ in range(3)]
    for number in numbers:
        body = {"phone_number": number, "operator": "JIO"}
        assert (await client.post("/v1/bills/fetch", headers=own, json=body)).status_code == 200
    first = (await client.get("/v1/bills", headers=own, params={"limit": 2})).json()
    rest = {"limit": 2, "cursor": first["next_cursor"]}
    second = (await client.get("/v1/bills", headers=own, params=rest)).json()
    assert [each["phone_number"] for each in first["items"] + second["items"]] == numbers[::-1]
    one = {"phone_number": numbers[0], "status": "due"}
    assert len((await client.get("/v1/bills", headers=own, params=one)).json()["items"]) == 1
    assert (await client.get("/v1/bills", headers=own, params={"status": "paid"})).json()["items"] == []
    assert (await client.get("/v1/bills", headers=own, params={"status": "open"})).status_code == 422


async def test_what_is_wrong_is_named(client: httpx.AsyncClient, settings: Settings) -> None:
    own = headers_for(settings, new_id())
    cases = [
        ({}, 422, "validation_failed"),
        ({"phone_number": "12"}, 422, "validation_failed"),
        ({"phone_number": "9811122233", "operator": "NOBODY"}, 422, "operator_invalid"),
        ({"phone_number": "9811122233", "operator": "JIO"}, 409, "number_is_prepaid"),
    ]
    for body, status, code in cases:
        refused = await client.post("/v1/bills/fetch", headers=own, json=body)
        assert (refused.status_code, refused.json()["code"]) == (status, code)


async def test_an_operator_that_is_away_says_when_to_come_back(
    client: httpx.AsyncClient, settings: Settings, outside: Outside
) -> None:
    number = put_bill(outside)
    outside.script("*", "bill", "server_error_before")
    body = {"phone_number": number, "operator": "JIO"}
    away = await client.post(
        "/v1/bills/fetch", headers=headers_for(settings, new_id()) | {"Accept-Language": "hi"}, json=body
    )
    assert (away.status_code, away.headers["retry-after"]) == (503, "30")
    assert away.json()["code"] == "bill_operator_unavailable"
    assert "ऑपरेटर" in away.json()["detail"]


async def test_nobody_fetches_without_signing_in(client: httpx.AsyncClient) -> None:
    assert (await client.post("/v1/bills/fetch", json={"phone_number": "9811122233"})).status_code == 401


async def test_a_bill_is_paid_once_over_http_with_a_location_and_a_replay(
    client: httpx.AsyncClient, settings: Settings, outside: Outside, shop: Stores
) -> None:
    user_id, number = await make_customer(shop, 1_000), put_bill(outside, paise=649_50)
    own = headers_for(settings, user_id)
    body = {"phone_number": number, "operator": "JIO"}
    bill = (await client.post("/v1/bills/fetch", headers=own, json=body)).json()
    path, key = f"/v1/bills/{bill['bill_id']}/pay", {"Idempotency-Key": str(new_id())}
    command = {"expected_amount": 649.50}
    paid = await client.post(path, headers=own | key, json=command)
    assert paid.status_code == 201, paid.text
    assert (paid.json()["amount"], paid.json()["status"]) == (649.50, "processing")
    shown = await client.get(paid.headers["location"], headers=own)
    assert (shown.json()["bill_id"], shown.json()["plan_id"]) == (bill["bill_id"], None)
    again = await client.post(path, headers=own | key, json=command)
    assert (again.json(), again.headers["idempotent-replayed"]) == (paid.json(), "true")
    twice = await client.post(path, headers=own | {"Idempotency-Key": str(new_id())}, json=command)
    assert (twice.status_code, twice.json()["code"]) == (409, "bill_payment_pending")
    history = (await client.get("/v1/wallet/transactions", headers=own)).json()["items"]
    row = history[0]
    assert (row["category"], row["amount"], row["status"]) == ("recharge", 649.50, "pending")


async def test_a_bill_that_changed_is_a_409_with_the_new_amount(
    client: httpx.AsyncClient, settings: Settings, outside: Outside, shop: Stores
) -> None:
    user_id, number = await make_customer(shop, 1_000), put_bill(outside)
    own = headers_for(settings, user_id)
    body = {"phone_number": number, "operator": "JIO"}
    bill = (await client.post("/v1/bills/fetch", headers=own, json=body)).json()
    put_bill(outside, phone_number=number, paise=510_00)
    path, key = f"/v1/bills/{bill['bill_id']}/pay", {"Idempotency-Key": str(new_id())}
    changed = await client.post(path, headers=own | key, json={"expected_amount": 500})
    assert (changed.status_code, changed.json()["code"], changed.json()["amount"]) == (
        409,
        "bill_changed",
        510.0,
    )
    for wrong in ({}, {"expected_amount": 0}, {"expected_amount": "five"}, {"expected_amount": 1.005}):
        refused = await client.post(path, headers=own | key, json=wrong)
        assert refused.status_code == 422, wrong
    keyless = await client.post(path, headers=own, json={"expected_amount": 510})
    assert keyless.json()["code"] == "idempotency_key_required"


async def test_a_receipt_of_a_bill_is_no_tax_invoice(
    client: httpx.AsyncClient, settings: Settings, outside: Outside, shop: Stores, dispatcher: Dispatcher
) -> None:
    user_id, number = await make_customer(shop, 1_000), put_bill(outside)
    own = headers_for(settings, user_id)
    body = {"phone_number": number, "operator": "JIO"}
    bill = (await client.post("/v1/bills/fetch", headers=own, json=body)).json()
    key = {"Idempotency-Key": str(new_id())}
    paid = await client.post(
        f"/v1/bills/{bill['bill_id']}/pay", headers=own | key, json={"expected_amount": 500}
    )
    await dispatcher.drain()
    recharge = f"/v1/recharge/{paid.json()['recharge_id']}"
    assert (await client.get(recharge, headers=own)).json()["status"] == "paid"
    receipt = (await client.get(f"{recharge}/receipt", headers=own)).json()
    assert (receipt["is_tax_invoice"], receipt["gst"], receipt["taxable_value"]) == (False, 0.0, 0.0)
    assert (receipt["total_paid"], receipt["gst_percent"], receipt["sac"]) == (500.0, 0, "")
    assert receipt["receipt_number"].startswith("BP")
    timeline = await client.get(f"{recharge}/timeline", headers=own)
    assert timeline.status_code == 200, timeline.text
    for language in ("en", "hi"):
        pdf = await client.get(
            f"{recharge}/receipt",
            headers=own | {"Accept": "application/pdf", "Accept-Language": language},
        )
        assert (pdf.status_code, pdf.content[:5]) == (200, b"%PDF-")
    spending = (await client.get("/v1/analytics/me", headers=own)).json()
    assert (spending["total"]["paid"], spending["plans"]) == (500.0, [])
