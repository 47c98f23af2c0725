"""Whole journeys of payments through several files."""

from __future__ import annotations

from contextlib import suppress
from uuid import uuid4

import httpx
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from gencharge.core.events.relay import Relay
from gencharge.core.stores.stores import Stores
from gencharge.payments.context import PaymentContext
from gencharge.wallet.errors import InsufficientBalance
from tests.make.factories import headers_for
from tests.make.outside import Outside
from tests.make.payments import (
    PaymentRow,
    add_payment,
    admin_headers,
    assert_books,
    assert_clean,
    confirm,
    drain,
    make_payer,
    paid_topup,
    paise_of,
    pay,
    spend,
    top_up,
)
from tests.make.wallet import wallet_of


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


async def test_the_customer_is_notified_of_the_top_up_and_of_each_step_of_a_refund(
    api: httpx.AsyncClient, stores: Stores, outside: Outside, context: PaymentContext, relay: Relay
) -> None:
    user_id = await make_payer(stores)
    own_headers = headers_for(stores.settings, user_id)
    payment = await paid_topup(api, outside, own_headers)
    headers = {**await admin_headers(stores), "Idempotency-Key": str(uuid4())}
    path = f"/v1/payments/admin/{user_id}/{payment['payment_id']}/refunds"
    await api.post(path, json={"amount": 100, "reason": "asked for"}, headers=headers)
    await drain(context)
    await relay.drain()
    notices = (await api.get("/v1/notifications", headers=own_headers)).json()["items"]
    assert {each["kind"] for each in notices} == {"topup_received", "refund_requested", "refund_processed"}


STEPS = st.lists(
    st.tuples(
        st.sampled_from(
            (
                "authorize",
                "fail",
                "capture",
                "second capture",
                "mismatch",
                "refund",
                "pay out",
                "refund fails",
                "spend",
            )
        ),
        st.integers(min_value=1, max_value=60_000),
    ),
    max_size=18,
)


async def step(payment: PaymentRow, name: str, paise: int) -> None:
    """Do one step; what does not fit the payment's state changes nothing."""
    pending = [row for row in await payment.refunds() if row.status in {"created", "processing"}]
    if name == "authorize":
        await payment.authorize()
    elif name == "fail":
        await payment.fail(authorized=bool(paise % 2))
    elif name == "capture":
        await payment.capture()
    elif name == "second capture":
        await payment.capture(gateway_payment_id=f"pay_{paise % 3}")
    elif name == "mismatch":
        await payment.capture(50_001)
    elif name == "refund":
        await payment.begin_refund(paise)
    elif name == "spend":
        with suppress(InsufficientBalance):
            await spend(payment.stores, payment.user_id, paise)
    elif pending:
        await payment.end_refund(pending[paise % len(pending)].refund_id, paid=name == "pay out")


@examples(
    max_examples=30,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(steps=STEPS)
async def test_whatever_happens_to_a_payment_the_books_hold_and_its_state_only_moves_forward(
    stores: Stores, steps: list[tuple[str, int]]
) -> None:
    payment = await add_payment(stores)
    ranks = {
        "created": 0,
        "failed": 0,
        "authorized": 0,
        "captured": 1,
        "partially_refunded": 2,
        "refunded": 3,
    }
    rank = refunded = 0
    for name, paise in steps:
        await step(payment, name, paise)
        row = await payment.row()
        assert ranks[row.status] >= rank, (name, row.status)
        assert refunded <= row.refunded_amount <= row.amount
        rank, refunded = ranks[row.status], row.refunded_amount
    await assert_books(stores)
    transfers = await payment.transfers()
    came = sum(paise for debit, _, paise in transfers if debit == "gateway:razorpay")
    went = sum(paise for _, credit, paise in transfers if credit in {"gateway:razorpay", "payout"})
    in_suspense = sum(
        paise * ((credit == "suspense") - (debit == "suspense")) for debit, credit, paise in transfers
    )
    posted, held = await wallet_of(stores, payment.user_id)
    assert came == went + in_suspense + posted
    own = [row for row in await payment.refunds() if row.from_account == "user:held"]
    assert held == sum(row.amount for row in own if row.status in {"created", "processing"})
