"""Automatic top-ups over HTTP."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from gencharge.core.settings import Settings
from gencharge.core.stores.stores import Stores
from tests.make.autopay import make_owner
from tests.make.factories import headers_for
from tests.make.mandates import add_mandate


async def test_the_life_of_an_automatic_top_up(
    client: httpx.AsyncClient, shop: Stores, settings: Settings
) -> None:
    user_id = await make_owner(shop, 0)
    headers = headers_for(settings, user_id)
    body = {
        "threshold": 100,
        "amount": 300,
        "monthly_max": 1_000,
        "mandate_id": str(await add_mandate(shop, user_id)),
    }
    path = "/v1/autopay/topup"
    missing = await client.get(path, headers=headers)
    assert (missing.status_code, missing.json()["code"]) == (404, "auto_topup_not_found")
    answer = await client.put(path, json=body, headers=headers)
    assert answer.status_code == 200, answer.text
    assert answer.json() == (await client.get(path, headers=headers)).json()
    assert (answer.json()["amount"], answer.json()["charge_at"]) == (300.0, None)
    assert (await client.post(f"{path}/pause", headers=headers)).json()["status"] == "paused"
    assert (await client.post(f"{path}/resume", headers=headers)).json()["status"] == "active"
    skipped = await client.post(f"{path}/skip", headers=headers)
    assert (skipped.status_code, skipped.json()["detail"]) == (409, "No charge is announced.")
    assert (await client.get(f"{path}/charges", headers=headers)).json()["items"] == []


@pytest.mark.parametrize(
    ("change", "field", "message"),
    [
        ({"amount": 99}, "body.amount", "Must be at least 100.00, the threshold"),
        ({"monthly_max": 299}, "body.monthly_max", "Must be at least 300.00, the amount of one charge"),
        ({"threshold": 0}, "body.threshold", "above zero"),
        ({"threshold": 0.5, "amount": 0.99}, "body.amount", "Must be at least Rs 1"),
        ({"mandate_id": None}, "body.mandate_id", ""),
    ],
)
async def test_what_does_not_fit_together_is_refused_with_the_field(
    client: httpx.AsyncClient,
    shop: Stores,
    settings: Settings,
    change: dict[str, Any],
    field: str,
    message: str,
) -> None:
    headers = headers_for(settings, await make_owner(shop, 0))
    body = {
        "threshold": 100,
        "amount": 300,
        "monthly_max": 1_000,
        "mandate_id": str(await make_owner(shop, 0)),
    }
    answer = await client.put("/v1/autopay/topup", json=body | change, headers=headers)
    assert answer.status_code == 422, answer.text
    [problem] = answer.json()["errors"]
    assert problem["field"] == field
    assert message in problem["message"]
