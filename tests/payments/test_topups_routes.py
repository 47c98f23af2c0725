"""Top-ups over HTTP: the answer, the replay, the amounts, a gateway that is down."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import uuid4

import httpx
import pytest
from fastapi import FastAPI

from gencharge.core.rooms import process
from gencharge.core.stores.stores import Stores
from gencharge.payments.context import PaymentContext
from gencharge.wallet.models import Code
from tests.make.factories import headers_for
from tests.make.outside import NOBODY, Outside
from tests.make.payments import (
    assert_clean,
    context_at,
    fund,
    make_payer,
    spend,
    top_up,
    transfers_of,
)


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


async def test_a_refused_order_is_409_and_the_same_key_works_later(
    api: httpx.AsyncClient, stores: Stores, outside: Outside
) -> None:
    headers, key = headers_for(stores.settings, await make_payer(stores)), str(uuid4())
    outside.script("gateway", "order", "decline", times=1)
    answer = await top_up(api, headers, key=key)
    assert (answer.status_code, answer.json()["code"]) == (409, "gateway_declined")
    assert (await top_up(api, headers, key=key)).status_code == 201


async def test_a_customer_without_a_wallet_is_404_and_the_gateway_is_not_asked(
    api: httpx.AsyncClient, stores: Stores, outside: Outside
) -> None:
    answer = await top_up(api, headers_for(stores.settings, uuid4()))
    assert (answer.status_code, answer.json()["code"]) == (404, "wallet_not_found")
    assert outside.control("GET", "/sandbox/state")["orders"] == []


async def test_a_topup_over_the_limit_is_409_and_the_gateway_is_not_asked(
    api: httpx.AsyncClient, stores: Stores, outside: Outside
) -> None:
    answer = await top_up(api, headers_for(stores.settings, await make_payer(stores)), 10_000.01)
    problem = answer.json()
    assert (answer.status_code, problem["code"], problem["limit"]) == (409, "topup_limit_exceeded", "balance")
    assert b'"possible":10000.00' in answer.content
    assert "Rs 10000.00" in problem["detail"]
    assert outside.control("GET", "/sandbox/state")["orders"] == []


async def test_who_is_not_signed_in_or_an_admin_can_not_top_up(
    api: httpx.AsyncClient, stores: Stores
) -> None:
    assert (await top_up(api, {})).status_code == 401
    admin = headers_for(stores.settings, uuid4(), kind="admin", role="SuperAdmin")
    assert (await top_up(api, admin)).status_code == 403


async def test_a_body_that_is_no_json_is_400(api: httpx.AsyncClient, stores: Stores) -> None:
    headers = headers_for(stores.settings, await make_payer(stores)) | {
        "Idempotency-Key": str(uuid4()),
        "Content-Type": "application/json",
    }
    answer = await api.post("/v1/wallet/topups", content=b"{", headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (400, "malformed_json")


async def test_ten_requests_with_one_key_at_once_open_one_payment(
    api: httpx.AsyncClient, stores: Stores, outside: Outside
) -> None:
    headers, key = headers_for(stores.settings, await make_payer(stores)), str(uuid4())
    answers = await asyncio.gather(*(top_up(api, headers, key=key) for _ in range(10)))
    opened = [answer.json() for answer in answers if answer.status_code == 201]
    refused = {answer.json()["code"] for answer in answers if answer.status_code != 201}
    assert len({each["payment_id"] for each in opened}) == 1
    assert refused <= {"idempotency_in_progress"}
    assert len(outside.control("GET", "/sandbox/state")["orders"]) == 1


async def test_a_key_of_one_customer_is_not_another_customers(api: httpx.AsyncClient, stores: Stores) -> None:
    key = str(uuid4())
    first = await top_up(api, headers_for(stores.settings, await make_payer(stores)), key=key)
    second = await top_up(api, headers_for(stores.settings, await make_payer(stores)), key=key)
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json()["payment_id"] != second.json()["payment_id"]
    assert "Idempotent-Replayed" not in second.headers


async def test_a_topup_is_shown_and_listed_by_its_reference_which_names_no_other(
    api: httpx.AsyncClient, stores: Stores
) -> None:
    headers, key = headers_for(stores.settings, await make_payer(stores)), str(uuid4())
    own = {"reference": "T-1", "metadata": {"shop": "Pune 7"}}
    first = await top_up(api, headers, key=key, **own)
    assert first.status_code == 201, first.text
    assert {name: first.json()[name] for name in own} == own
    again = await top_up(api, headers, key=key, **own)
    assert (again.content, again.headers["Idempotent-Replayed"]) == (first.content, "true")
    payment_id = first.json()["payment_id"]
    refused = await top_up(api, headers, 600, **own)
    assert (refused.status_code, refused.json()["code"]) == (409, "reference_already_used")
    assert refused.json()["payment_id"] == payment_id
    shown = (await api.get(f"/v1/payments/{payment_id}", headers=headers)).json()
    assert {name: shown[name] for name in own} == own
    await top_up(api, headers)
    listed = await api.get("/v1/payments", params={"reference": "T-1"}, headers=headers)
    assert [item["payment_id"] for item in listed.json()["items"]] == [payment_id]


async def test_racing_topups_with_one_reference_open_one_payment(
    api: httpx.AsyncClient, stores: Stores
) -> None:
    headers = headers_for(stores.settings, await make_payer(stores))
    answers = await asyncio.gather(*(top_up(api, headers, reference="T-1") for _ in range(8)))
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 7
    [opened] = [answer.json()["payment_id"] for answer in answers if answer.status_code == 201]
    refused = [answer.json() for answer in answers if answer.status_code == 409]
    assert {(one["code"], one["payment_id"]) for one in refused} == {("reference_already_used", opened)}
    listed = await api.get("/v1/payments", headers=headers)
    assert [item["payment_id"] for item in listed.json()["items"]] == [opened]


async def test_the_limits_say_what_a_topup_may_be_to_the_paisa(
    api: httpx.AsyncClient, stores: Stores
) -> None:
    user_id = await make_payer(stores)
    headers = headers_for(stores.settings, user_id)
    await fund(stores, user_id, 150_050, Code.TOPUP)
    await spend(stores, user_id, 50_050)
    limits = (await api.get("/v1/wallet/topups/limits", headers=headers)).json()
    assert limits == {
        "possible": 8_499.5,
        "balance": 9_000.0,
        "monthly_load": 8_499.5,
        "yearly_load": 118_499.5,
    }
    refused = await top_up(api, headers, 8_499.51)
    assert (refused.status_code, refused.json()["possible"]) == (409, 8_499.5)
    assert (await top_up(api, headers, 8_499.5)).status_code == 201
    # It is not paid, so it takes nothing of them.
    assert (await api.get("/v1/wallet/topups/limits", headers=headers)).json() == limits
    stranger = headers_for(stores.settings, uuid4())
    assert (await api.get("/v1/wallet/topups/limits", headers=stranger)).json()["code"] == "wallet_not_found"
