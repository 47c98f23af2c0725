"""Payees over HTTP: mine only, after a sign-in of just now."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from gencharge.core.stores.stores import Stores
from gencharge.users import service as users
from tests.make import factories
from tests.make.payments import make_payer
from tests.make.payouts import BANK, UPI


async def signed_in(app: FastAPI, stores: Stores) -> dict[str, str]:
    user_id = await make_payer(stores)
    user = await stores.database.run(lambda db: users.get(db, user_id))
    return await factories.sign_in(app, user)


async def test_the_life_of_a_payee(api: httpx.AsyncClient, app: FastAPI, stores: Stores) -> None:
    own, other = await signed_in(app, stores), await signed_in(app, stores)
    put = await api.put("/v1/payouts/payee", headers=own, json=UPI)
    assert put.status_code == 200, put.text
    assert put.json()["destination"] == "as***@okaxis"
    assert (await api.get("/v1/payouts/payee", headers=own)).json() == put.json()
    assert (await api.get("/v1/payouts/payee", headers=other)).json()["code"] == "payee_not_found"
    assert (await api.put("/v1/payouts/payee", headers=own, json=BANK)).json()["destination"] == "***6789"
    assert (await api.delete("/v1/payouts/payee", headers=own)).status_code == 204
    assert (await api.get("/v1/payouts/payee", headers=own)).status_code == 404


async def test_an_unattended_phone_names_no_payee(api: httpx.AsyncClient, stores: Stores) -> None:
    headers = factories.headers_for(stores.settings, await make_payer(stores))
    refused = await api.put("/v1/payouts/payee", headers=headers, json=UPI)
    assert (refused.status_code, refused.json()["code"]) == (403, "fresh_sign_in_required")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "body"),
        ({**UPI, **BANK}, "body"),
        ({"account_number": "123456789"}, "body"),
        ({"upi_address": "no handle"}, "body.upi_address"),
        ({**BANK, "ifsc": "HDFC1001234"}, "body.ifsc"),
        ({**BANK, "account_number": "12345678"}, "body.account_number"),
        ({**UPI, "card": "4111111111111111"}, "body.card"),
    ],
)
async def test_a_wrong_field_is_named(
    api: httpx.AsyncClient, app: FastAPI, stores: Stores, body: dict[str, Any], field: str
) -> None:
    refused = await api.put("/v1/payouts/payee", headers=await signed_in(app, stores), json=body)
    assert refused.status_code == 422
    assert [problem["field"] for problem in refused.json()["errors"]] == [field]
