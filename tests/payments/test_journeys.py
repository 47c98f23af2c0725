"""Whole journeys of payments through several files."""

from __future__ import annotations

from uuid import uuid4

import httpx

from gencharge.core.events.relay import Relay
from gencharge.core.stores.stores import Stores
from gencharge.payments.context import PaymentContext
from tests.factories import headers_for
from tests.make.payments import (
    admin_headers,
    assert_clean,
    confirm,
    drain,
    make_payer,
    paid_topup,
    paise_of,
    pay,
    top_up,
)
from tests.outside import Outside


async def test_a_top_up_is_opened_paid_confirmed_and_shown(
    api: httpx.AsyncClient, stores: Stores, outside: Outside
) -> None:
    user_id = await make_payer(stores)
    headers = headers_for(stores.settings, user_id)
    answer = await top_up(api, headers, 499.5)
    assert answer.status_code == 201, answer.text
    opened = answer.json()
    assert opened["status"] == "created"
    assert opened["amount"] == 499.5
    assert opened["key_id"] == stores.settings.payment_key_id
    assert opened["checkout_url"] == f"{outside.base}/checkout/{opened['order_id']}"
    shown = (await api.get(f"/v1/payments/{opened['payment_id']}", headers=headers)).json()
    assert (shown["status"], shown["checkout_url"]) == ("created", opened["checkout_url"])

    checkout = pay(outside, opened["order_id"])
    confirmed = (await confirm(api, headers, opened["payment_id"], checkout)).json()
    assert (confirmed["status"], confirmed["checkout_url"]) == ("captured", None)
    again = await confirm(api, headers, opened["payment_id"], checkout)
    assert again.json()["status"] == "captured"
    assert await paise_of(stores, user_id) == 49_950
    listed = (
        await api.get("/v1/payments?status=captured&purpose=topup&payment_method=upi", headers=headers)
    ).json()
    assert [each["payment_id"] for each in listed["items"]] == [opened["payment_id"]]
    assert (await api.get("/v1/payments?status=failed", headers=headers)).json()["items"] == []
    await assert_clean(stores)


async def test_the_customer_is_told_of_the_top_up_and_of_each_step_of_a_refund(
    api: httpx.AsyncClient, stores: Stores, outside: Outside, context: PaymentContext, relay: Relay
) -> None:
    user_id = await make_payer(stores)
    mine = headers_for(stores.settings, user_id)
    payment = await paid_topup(api, outside, mine)
    headers = {**await admin_headers(stores), "Idempotency-Key": str(uuid4())}
    path = f"/v1/payments/admin/{user_id}/{payment['payment_id']}/refunds"
    await api.post(path, json={"amount": 100, "reason": "asked for"}, headers=headers)
    await drain(context)
    await relay.drain()
    told = (await api.get("/v1/notifications", headers=mine)).json()["items"]
    assert {each["kind"] for each in told} == {"topup_received", "refund_requested", "refund_processed"}
