"""The texts that people read about their payments."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from gencharge.core.values.ids import new_id
from gencharge.notifications.models import NotificationType, Recipient
from gencharge.notifications.payment_templates import TEMPLATES
from gencharge.payments.events import (
    PaymentCaptured,
    PaymentCapturedTwice,
    PaymentFailed,
    PaymentOverLimit,
    RefundFailed,
    RefundProcessed,
    RefundRequested,
)

USER = str(new_id())
PAYMENT: dict[str, Any] = {
    "user_id": USER,
    "payment_id": "p",
    "purpose": "topup",
    "reference_id": None,
    "amount_paise": 1_50_000_00,
}
REFUND: dict[str, Any] = {"user_id": USER, "refund_id": "r", "payment_id": "p", "amount_paise": 199_00}
EVENTS: tuple[tuple[Any, str], ...] = (
    (PaymentCaptured(**PAYMENT, payment_method="upi"), "Rs 1,50,000.00 was added to your wallet."),
    (PaymentFailed(**PAYMENT, reason="payment_failed"), "did not go through"),
    (PaymentOverLimit(**PAYMENT), "on its way back to where it came from"),
    (
        PaymentCapturedTwice(**PAYMENT, gateway_payment_id="pay_2", returned_paise=100_00),
        "Rs 100.00 is on its way back",
    ),
    (RefundRequested(**REFUND, reason="staff only"), "Rs 199.00 was taken out of your wallet"),
    (RefundProcessed(**REFUND), "Rs 199.00 was sent back"),
    (RefundFailed(**REFUND, reason="refund_failed"), "It is in your wallet again."),
    (RefundFailed(**REFUND, reason="refund_failed", in_wallet=False), "It is safe with us"),
)


@pytest.mark.parametrize(("event", "says"), EVENTS)
def test_each_notice_says_what_happened_to_the_money(event: Any, says: str) -> None:
    draft = TEMPLATES[type(event)](event)
    assert draft is not None
    assert says in draft.body
    assert draft.recipient == Recipient("user", UUID(USER))
    assert draft.type is NotificationType.TRANSACTIONAL
    assert "staff only" not in f"{draft.body}{draft.data}"


def test_every_text_is_tried() -> None:
    assert {type(event) for event, _ in EVENTS} == set(TEMPLATES)


@pytest.mark.parametrize(
    "event",
    [
        PaymentCaptured(**PAYMENT | {"purpose": "recharge"}, payment_method="upi"),
        PaymentFailed(**PAYMENT | {"purpose": "recharge"}, reason="payment_failed"),
        PaymentFailed(**PAYMENT, reason="abandoned"),
    ],
)
def test_nobody_is_told_of_what_a_recharge_tells_or_of_what_they_never_tried(event: Any) -> None:
    assert TEMPLATES[type(event)](event) is None
