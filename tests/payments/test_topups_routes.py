"""Top-ups over HTTP: the answer, the replay, the amounts, a gateway that is down."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import httpx
import pytest
from fastapi import FastAPI

from gencharge.core.rooms import process
from gencharge.core.stores.stores import Stores
from gencharge.payments.context import PaymentContext
from tests.factories import headers_for
from tests.make.payments import (
    assert_clean,
    context_at,
    make_payer,
    top_up,
    transfers_of,
)
from tests.outside import NOBODY


async def test_the_same_key_answers_the_same_and_says_so(api: httpx.AsyncClient, stores: Stores) -> None:
    headers, key = headers_for(stores.settings, await make_payer(stores)), str(uuid4())
    first = await top_up(api, headers, key=key)
    again = await top_up(api, headers, key=key)
    assert again.json() == first.json()
    assert (again.status_code, again.headers["Idempotent-Replayed"]) == (201, "true")
    other = await top_up(api, headers, 501, key=key)
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    missing = await api.post(
        "/v1/wallet/topups", json={"amount": 5, "payment_method": "upi"}, headers=headers
    )
    assert missing.status_code == 400


@pytest.mark.parametrize("rupees", [0, -5, 0.99, 1.001, "NaN", None, True])
async def test_an_amount_that_is_none_is_422(api: httpx.AsyncClient, stores: Stores, rupees: Any) -> None:
    headers = headers_for(stores.settings, await make_payer(stores))
    answer = await top_up(api, headers, rupees)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "body.amount"


async def test_with_the_gateway_down_nothing_happens_and_the_same_key_works_later(
    api: httpx.AsyncClient, app: FastAPI, stores: Stores
) -> None:
    user_id, key = await make_payer(stores), str(uuid4())
    headers = headers_for(stores.settings, user_id)
    reachable, unreachable = PaymentContext.of(app), context_at(stores, NOBODY)
    process.put(app, unreachable)
    answer = await top_up(api, headers, key=key)
    await unreachable.gateway.close()
    process.put(app, reachable)
    assert (answer.status_code, answer.json()["code"]) == (503, "gateway_unavailable")
    assert "Nothing was charged" in answer.json()["detail"]
    assert int(answer.headers["Retry-After"]) > 0
    assert await transfers_of(stores, user_id) == []
    assert (await top_up(api, headers, key=key)).status_code == 201
    await assert_clean(stores)
