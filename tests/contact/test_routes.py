"""Who may write, and with what."""

from __future__ import annotations

import httpx
from fastapi import FastAPI

from gencharge.core.stores.stores import Stores
from tests.make.contact import MESSAGE, Customer, form, visit


async def test_the_form_has_what_it_needs(app: FastAPI, client: httpx.AsyncClient) -> None:
    shown = (await client.get("/v1/contact/form")).json()
    assert "recharge" in shown["categories"]
    body = form(app) | {"form_token": shown["form_token"]}
    sent = await client.post("/v1/contact", json=body, headers={"Idempotency-Key": "from-the-form"})
    assert sent.status_code == 201, sent.text


async def test_a_key_is_needed(app: FastAPI, client: httpx.AsyncClient) -> None:
    refused = await client.post("/v1/contact", json=form(app))
    assert (refused.status_code, refused.json()["code"]) == (400, "idempotency_key_required")


async def test_a_customer_needs_no_form(client: httpx.AsyncClient, customer: Customer) -> None:
    body = {"category": "wallet", "message": MESSAGE}
    assert (await client.post("/v1/contact/enquiries", json=body)).status_code == 401
    assert (await customer.ask("POST", "", body)).status_code == 201


async def test_without_mongodb_nothing_is_announced(
    app: FastAPI, client: httpx.AsyncClient, stores: Stores, customer: Customer
) -> None:
    """The event of an enquiry that was not written goes back with the transaction."""
    from sqlalchemy import func, select

    from gencharge.core.events.events import EventRow
    from tests.stores_in_trouble import without_mongo

    async def waiting() -> int:
        counting = select(func.count()).where(EventRow.topic == "EnquirySent")
        return await stores.database.run(lambda db: db.scalar(counting)) or 0

    before = await waiting()
    async with without_mongo(stores) as away:
        app.state.stores = away
        try:
            answers = [
                await visit(client, app),
                await customer.ask("POST", "", {"category": "other", "message": MESSAGE}),
            ]
        finally:
            app.state.stores = stores
    assert [(one.status_code, one.json()["code"]) for one in answers] == [(503, "documents_unavailable")] * 2
    assert await waiting() == before
