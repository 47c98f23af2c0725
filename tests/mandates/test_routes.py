"""Mandates over HTTP."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from gencharge.core.settings import Settings
from gencharge.core.stores.stores import Stores
from tests.make.factories import headers_for
from tests.make.payments import make_payer

BODY = {"payment_method": "upi", "max_amount": 500}


@pytest.fixture
async def owner(stores: Stores, settings: Settings) -> dict[str, str]:
    return headers_for(settings, await make_payer(stores)) | {"Idempotency-Key": "k"}


async def test_the_life_of_a_mandate(api: httpx.AsyncClient, owner: dict[str, str]) -> None:
    created = await api.post("/v1/mandates", json=BODY, headers=owner)
    assert created.status_code == 201, created.text
    answer = created.json()
    assert (answer["status"], answer["max_amount"], answer["amount"]) == ("pending", 500.0, 1.0)
    assert answer["checkout_url"].endswith(answer["order_id"])
    assert not {"customer", "token", "token_hash"} & answer.keys()
    again = await api.post("/v1/mandates", json=BODY, headers=owner)
    assert (again.headers["Idempotent-Replayed"], again.json()) == ("true", answer)
    path = f"/v1/mandates/{answer['mandate_id']}"
    shown = (await api.get(path, headers=owner)).json()
    assert shown == {name: answer[name] for name in shown}
    assert (await api.get("/v1/mandates?status=pending", headers=owner)).json()["items"] == [shown]
    assert (await api.get("/v1/mandates?status=active", headers=owner)).json()["items"] == []
    assert (await api.delete(path, headers=owner)).status_code == 204
    ended = (await api.get(path, headers=owner)).json()
    assert (ended["status"], ended["end_reason"]) == ("ended", "customer")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"max_amount": 15_000.01}, "body.max_amount"),
        ({"max_amount": 0}, "body.max_amount"),
        ({"payment_method": "wallet"}, "body.payment_method"),
        ({"valid_months": 121}, "body.valid_months"),
        ({"card_number": "4111111111111111"}, "body.card_number"),
    ],
)
async def test_a_wrong_field_is_named(
    api: httpx.AsyncClient, owner: dict[str, str], change: dict[str, Any], field: str
) -> None:
    refused = await api.post("/v1/mandates", json=BODY | change, headers=owner)
    assert refused.status_code == 422
    assert [problem["field"] for problem in refused.json()["errors"]] == [field]


async def test_a_key_is_needed_and_not_for_another_body(
    api: httpx.AsyncClient, owner: dict[str, str]
) -> None:
    keyless = {name: value for name, value in owner.items() if name != "Idempotency-Key"}
    missing = await api.post("/v1/mandates", json=BODY, headers=keyless)
    assert missing.json()["code"] == "idempotency_key_required"
    await api.post("/v1/mandates", json=BODY, headers=owner)
    reused = await api.post("/v1/mandates", json=BODY | {"max_amount": 600}, headers=owner)
    assert (reused.status_code, reused.json()["code"]) == (422, "idempotency_key_reused")
