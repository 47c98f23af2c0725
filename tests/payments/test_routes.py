"""Payments over HTTP: what the checkout returns, checks, other customers' payments."""

from __future__ import annotations

import httpx
import pytest

from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from tests.make.factories import headers_for
from tests.make.outside import Outside
from tests.make.payments import (
    confirm,
    make_payer,
    paise_of,
    pay,
    top_up,
)


@pytest.mark.parametrize("field", ["razorpay_order_id", "razorpay_payment_id", "razorpay_signature"])
async def test_a_forged_confirmation_is_refused(
    field: str, api: httpx.AsyncClient, stores: Stores, outside: Outside
) -> None:
    user_id = await make_payer(stores)
    headers = headers_for(stores.settings, user_id)
    opened = (await top_up(api, headers)).json()
    checkout = pay(outside, opened["order_id"])
    wrong = "0" * 64 if field == "razorpay_signature" else f"{checkout[field]}x"
    answer = await confirm(api, headers, opened["payment_id"], checkout, **{field: wrong})
    assert (answer.status_code, answer.json()["code"]) == (422, "checkout_signature_invalid")
    assert await paise_of(stores, user_id) == 0


async def test_the_confirmation_of_another_order_does_not_pay_this_one(
    api: httpx.AsyncClient, stores: Stores, outside: Outside
) -> None:
    user_id = await make_payer(stores)
    headers = headers_for(stores.settings, user_id)
    small, large = (await top_up(api, headers, 1)).json(), (await top_up(api, headers, 5000)).json()
    checkout = pay(outside, small["order_id"])
    answer = await confirm(api, headers, large["payment_id"], checkout)
    assert answer.status_code == 422
    assert await paise_of(stores, user_id) == 0


async def test_a_check_asks_the_gateway_and_not_again_within_seconds(
    api: httpx.AsyncClient, stores: Stores, outside: Outside
) -> None:
    user_id = await make_payer(stores)
    headers = headers_for(stores.settings, user_id)
    opened = (await top_up(api, headers)).json()
    path = f"/v1/payments/{opened['payment_id']}/check"
    assert (await api.post(path, headers=headers)).json()["status"] == "created"
    pay(outside, opened["order_id"])
    assert (await api.post(path, headers=headers)).json()["status"] == "created"  # asked a moment ago
    with clock.later(seconds=10):
        assert (await api.post(path, headers=headers)).json()["status"] == "captured"
    outside.script("gateway", "fetch", "server_error_before")
    assert (await api.post(path, headers=headers)).json()["status"] == "captured"  # nothing left to ask


async def test_a_check_of_a_silent_gateway_is_503_and_loses_nothing(
    api: httpx.AsyncClient, stores: Stores, outside: Outside
) -> None:
    user_id = await make_payer(stores)
    headers = headers_for(stores.settings, user_id)
    opened = (await top_up(api, headers)).json()
    pay(outside, opened["order_id"])
    outside.script("gateway", "fetch", "server_error_before", times=1)
    answer = await api.post(f"/v1/payments/{opened['payment_id']}/check", headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (503, "gateway_timeout")
    with clock.later(seconds=10):
        again = await api.post(f"/v1/payments/{opened['payment_id']}/check", headers=headers)
    assert again.json()["status"] == "captured"


async def test_anothers_payment_is_not_found(
    api: httpx.AsyncClient, stores: Stores, outside: Outside
) -> None:
    headers = headers_for(stores.settings, await make_payer(stores))
    others = headers_for(stores.settings, await make_payer(stores))
    opened = (await top_up(api, headers)).json()
    checkout = pay(outside, opened["order_id"])
    path = f"/v1/payments/{opened['payment_id']}"
    assert (await api.get(path, headers=others)).status_code == 404
    assert (await api.post(f"{path}/check", headers=others)).status_code == 404
    assert (await confirm(api, others, opened["payment_id"], checkout)).status_code == 404
