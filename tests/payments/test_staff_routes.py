"""The staff's routes of payments: refunds in parts, replays, races, permissions."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import uuid4

import httpx

from gencharge.core.stores.stores import Stores
from gencharge.payments.context import PaymentContext
from tests.make.factories import headers_for
from tests.make.outside import Outside
from tests.make.payments import (
    admin_headers,
    assert_clean,
    drain,
    make_payer,
    paid_topup,
    paise_of,
    refunds_of,
    spend,
)


async def test_the_staff_see_a_payment_with_its_refunds_and_webhooks_and_send_it_back_in_parts(
    api: httpx.AsyncClient, stores: Stores, outside: Outside, context: PaymentContext
) -> None:
    user_id = await make_payer(stores)
    customer = headers_for(stores.settings, user_id)
    payment = await paid_topup(api, outside, customer)
    staff = await admin_headers(stores)
    path = f"/v1/payments/admin/{user_id}/{payment['payment_id']}"

    async def send_back(amount: Any, key: str | None = None) -> httpx.Response:
        body = {"amount": amount, "reason": "asked for by phone"}
        return await api.post(
            f"{path}/refunds", json=body, headers={**staff, "Idempotency-Key": key or str(uuid4())}
        )

    assert (await send_back(300)).status_code == 201
    for amount in (200.01, 0):
        refused = await send_back(amount)
        assert (refused.status_code, refused.json()["code"]) == (422, "refund_too_large")
        assert refused.json()["refundable"] == 200
        assert "200.00" in refused.json()["errors"][0]["message"]
    assert (await send_back(-1)).status_code == 422
    assert (await send_back(200)).status_code == 201
    assert (await send_back(None)).status_code == 422
    await assert_clean(stores)
    await drain(context)

    shown = (await api.get(path, headers=staff)).json()
    assert (shown["status"], shown["refunded_amount"], shown["refundable"]) == ("refunded", 500, 0)
    assert [each["status"] for each in shown["refunds"]] == ["processed", "processed"]
    assert shown["user"]["phone_number"]
    listed = (await api.get(f"/v1/payments/admin?user_id={user_id}&status=refunded", headers=staff)).json()
    assert [each["payment_id"] for each in listed["items"]] == [payment["payment_id"]]
    seen = (await api.get(f"/v1/payments/{payment['payment_id']}", headers=customer)).json()
    assert [each["amount"] for each in seen["refunds"]] == [300, 200]
    assert await paise_of(stores, user_id) == 0
    assert (await send_back(1)).json()["code"] == "payment_not_captured"
    await assert_clean(stores)


async def test_twenty_refunds_with_one_key_are_one(
    api: httpx.AsyncClient, stores: Stores, outside: Outside, context: PaymentContext
) -> None:
    user_id = await make_payer(stores)
    payment = await paid_topup(api, outside, headers_for(stores.settings, user_id))
    headers = {**await admin_headers(stores), "Idempotency-Key": str(uuid4())}
    path = f"/v1/payments/admin/{user_id}/{payment['payment_id']}/refunds"
    answers = await asyncio.gather(
        *(api.post(path, json={"amount": 100, "reason": "twice"}, headers=headers) for _ in range(20))
    )
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["refund_id"] for answer in answers}) == 1
    assert sum("Idempotent-Replayed" in answer.headers for answer in answers) == 19
    assert await paise_of(stores, user_id) == 40_000
    other = await api.post(path, json={"amount": 101, "reason": "twice"}, headers=headers)
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    await drain(context)
    assert len(await refunds_of(stores, user_id)) == 1
    await assert_clean(stores)


async def test_twenty_refunds_with_keys_of_their_own_send_back_no_more_than_was_paid(
    api: httpx.AsyncClient, stores: Stores, outside: Outside
) -> None:
    user_id = await make_payer(stores)
    payment = await paid_topup(api, outside, headers_for(stores.settings, user_id))
    staff = await admin_headers(stores)
    path = f"/v1/payments/admin/{user_id}/{payment['payment_id']}/refunds"
    body = {"amount": 100, "reason": "each"}
    answers = await asyncio.gather(
        *(api.post(path, json=body, headers={**staff, "Idempotency-Key": str(uuid4())}) for _ in range(20))
    )
    assert sorted(answer.status_code for answer in answers) == [201] * 5 + [422] * 15
    await assert_clean(stores)


async def test_what_was_spent_can_not_go_back_to_its_source(
    api: httpx.AsyncClient, stores: Stores, outside: Outside
) -> None:
    user_id = await make_payer(stores)
    payment = await paid_topup(api, outside, headers_for(stores.settings, user_id))
    await spend(stores, user_id, 40_000)
    headers = {**await admin_headers(stores), "Idempotency-Key": str(uuid4())}
    path = f"/v1/payments/admin/{user_id}/{payment['payment_id']}/refunds"
    answer = await api.post(path, json={"reason": "all of it"}, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (409, "insufficient_balance")


async def test_only_those_who_may_send_money_back(
    api: httpx.AsyncClient, stores: Stores, outside: Outside
) -> None:
    user_id = await make_payer(stores)
    customer = headers_for(stores.settings, user_id)
    payment = await paid_topup(api, outside, customer)
    path = f"/v1/payments/admin/{user_id}/{payment['payment_id']}/refunds"
    stale = await admin_headers(stores, second_factor_at=0)
    for headers, code in (
        (customer, "admins_only"),
        (await admin_headers(stores, "Viewer"), "permission_denied"),
        (stale, "step_up_required"),
    ):
        body = {"amount": 1, "reason": "asked for"}
        answer = await api.post(path, json=body, headers={**headers, "Idempotency-Key": str(uuid4())})
        assert (answer.status_code, answer.json()["code"]) == (403, code)
