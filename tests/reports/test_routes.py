"""A customer's own reports over HTTP: theirs, and nobody else's."""

from __future__ import annotations

import io

import httpx
import jsonschema_rs
import pypdf
from fastapi import FastAPI

from gencharge.core.settings import Settings
from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from tests.make.factories import headers_for
from tests.make.money import buy, find_plan, make_customer, make_number
from tests.make.recharge import staff_headers
from tests.make.reports import read_csv


async def test_a_customer_takes_their_own_transactions_and_statement(
    shop: Stores, client: httpx.AsyncClient, settings: Settings
) -> None:
    user_id, other = await make_customer(shop, rupees=1000), await make_customer(shop)
    plan = await find_plan(shop, "JIO", 299)
    await buy(shop, user_id, await make_number(shop), plan.plan_id)
    own = headers_for(settings, user_id)
    answer = await client.get("/v1/reports/me/transactions", headers=own)
    assert answer.status_code == 200, answer.text
    rows = read_csv(answer.content)
    assert [(row["category"], row["wallet_change"]) for row in rows] == [
        ("opening", "1000.00"),
        ("recharge", "-299.00"),
    ]
    listed = (await client.get("/v1/wallet/transactions?sort=created_at", headers=own)).json()["items"]
    assert [row["transaction_id"] for row in rows] == [row["transaction_id"] for row in listed]
    statement = await client.get("/v1/reports/me/statement", headers=own, params={"format": "json"})
    assert [row["balance"] for row in statement.json()["rows"]] == [0.0, 1000.0, 701.0, 701.0]
    both = {"month": "2026-10", "from": "2026-10-01"}
    refused = await client.get("/v1/reports/me/statement", headers=own, params=both)
    assert refused.status_code == 422
    assert "month can't be combined" in refused.json()["errors"][0]["message"]
    theirs = await client.get("/v1/reports/me/transactions", headers=headers_for(settings, other))
    assert len(read_csv(theirs.content)) == 1


async def test_a_report_in_json_is_what_the_document_says(
    app: FastAPI, shop: Stores, client: httpx.AsyncClient, settings: Settings
) -> None:
    headers = headers_for(settings, await make_customer(shop))
    for path in ("/v1/reports/me/statement", "/v1/reports/me/transactions"):
        described = app.openapi()["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]
        answer = await client.get(path, headers=headers, params={"format": "json"})
        assert answer.headers["content-type"] == "application/json"
        jsonschema_rs.validate(described["schema"], answer.json())


async def test_a_statement_comes_as_pdf(shop: Stores, client: httpx.AsyncClient, settings: Settings) -> None:
    headers = headers_for(settings, await make_customer(shop, rupees=1000))
    month = f"{clock.now().astimezone(clock.IST):%Y-%m}"
    query = {"format": "pdf", "month": month}
    answer = await client.get("/v1/reports/me/statement", headers=headers, params=query)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/pdf"
    page = pypdf.PdfReader(io.BytesIO(answer.content)).pages[0].extract_text()
    opening, closing = page.index("opening_balance"), page.index("closing_balance")
    assert opening < closing
    assert "0.00" in page[opening:closing]
    assert "1,000.00" in page[closing:], "what the wallet holds at the end"


async def test_the_staff_have_no_wallet_and_strangers_nothing(
    app: object, shop: Stores, client: httpx.AsyncClient
) -> None:
    assert (await client.get("/v1/reports/me/statement")).status_code == 401
    headers = await staff_headers(app, shop)
    assert (await client.get("/v1/reports/me/statement", headers=headers)).status_code == 403


async def test_a_time_that_ends_before_it_begins_is_refused(
    shop: Stores, client: httpx.AsyncClient, settings: Settings
) -> None:
    headers = headers_for(settings, await make_customer(shop))
    for name in ("transactions", "statement"):
        query = {"from": "2026-11-02", "to": "2026-11-01"}
        assert (await client.get(f"/v1/reports/me/{name}", headers=headers, params=query)).status_code == 422
