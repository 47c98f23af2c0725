"""Razorpay's answers are read whole or not at all."""

from __future__ import annotations

from typing import Any

import pytest

from gencharge.payments import razorpay_replies as replies
from gencharge.payments.gateway import GatewayOrder, Mandate

ORDER: dict[str, Any] = {
    "id": "order_1",
    "amount": 29_900,
    "currency": "INR",
    "status": "paid",
    "receipt": None,
}
PAYMENT: dict[str, Any] = {
    "id": "pay_1",
    "order_id": "order_1",
    "amount": 29_900,
    "currency": "INR",
    "status": "failed",
    "amount_refunded": None,
    "error_code": "BAD_REQUEST_ERROR",
}
MANDATE: dict[str, Any] = {
    "id": "token_1",
    "customer_id": "cust_1",
    "recurring_details": {"status": "confirmed"},
    "max_amount": 100_000,
    "expired_at": "never",
}


def test_what_may_be_missing_is_empty() -> None:
    assert replies.order(ORDER) == GatewayOrder(
        order_id="order_1", amount=29_900, currency="INR", receipt="", status="paid"
    )
    payment = replies.payment(PAYMENT)
    assert (payment.amount_refunded, payment.method, payment.error_reason) == (0, "", "BAD_REQUEST_ERROR")
    assert replies.mandate(MANDATE) == Mandate(
        token_id="token_1",
        customer_id="cust_1",
        method="",
        status="confirmed",
        max_amount=100_000,
        expires_at=None,
    )


def test_what_can_not_be_stored_of_a_text_is_blank() -> None:
    payment = replies.payment(PAYMENT | {"error_reason": "bank\0down\x1b[2J", "method": "u\npi"})
    assert (payment.error_reason, payment.method) == ("bank down [2J", "u pi")


@pytest.mark.parametrize(
    ("read", "reply"),
    [
        (replies.order, {**ORDER, "amount": -1}),
        (replies.order, {**ORDER, "amount": True}),
        (replies.order, {**ORDER, "amount": 299.0}),
        (replies.order, {**ORDER, "amount": 2**63}),
        (replies.order, {**ORDER, "id": "order\0"}),
        (replies.order, {**ORDER, "id": ""}),
        (replies.order, {**ORDER, "id": "x" * 201}),
        (replies.order, {**ORDER, "status": None}),
        (replies.order, {"id": "order_1"}),
        (replies.payment, {**PAYMENT, "amount_refunded": "0"}),
        (replies.mandate, {**MANDATE, "recurring_details": []}),
        (replies.each(replies.order), {"items": {}}),
        (replies.each(replies.order), {"items": [None]}),
        (replies.each(replies.order), {}),
        (replies.json_object, []),
    ],
)
def test_what_cant_be_read_is_an_error(read: Any, reply: Any) -> None:
    with pytest.raises((KeyError, ValueError)):
        read(reply)


def test_a_list_is_read_item_by_item() -> None:
    assert [order.order_id for order in replies.each(replies.order)({"items": [ORDER, ORDER]})] == [
        "order_1"
    ] * 2
