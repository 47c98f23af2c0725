"""The texts that people read about their payments."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from gencharge.notifications.models import NotificationType, Recipient
from gencharge.notifications.payment_notices import NOTICES, adjustment_approved
from gencharge.payments.events import (
    PaymentCaptured,
    PaymentCapturedTwice,
    PaymentFailed,
    PaymentOverLimit,
    RefundFailed,
    RefundProcessed,
    RefundRequested,
)
from gencharge.wallet.events import AdjustmentApproved
from tests.make.notifications import USER, english

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
    draft = NOTICES[type(event)](event)
    assert draft is not None
    assert says in english(draft).body
    assert draft.recipient == Recipient("user", UUID(USER))
    assert draft.kind.type is NotificationType.TRANSACTIONAL
    assert "staff only" not in f"{english(draft).body}{draft.data}"


def adjusted(**overrides: Any) -> AdjustmentApproved:
    values: dict[str, Any] = {
        "user_id": USER,
        "adjustment_id": "a",
        "direction": "credit",
        "amount_paise": 1_50_000_00,
        "reason": "goodwill",
    }
    return AdjustmentApproved(**(values | overrides))


def test_a_correction_says_which_way_how_much_and_why() -> None:
    draft = adjustment_approved(adjusted())
    assert english(draft).title == "Your wallet was credited"
    assert english(draft).body.startswith("Rs 1,50,000.00 was added to your wallet: a gesture of goodwill.")
    assert draft.recipient == Recipient("user", UUID(USER))
    assert draft.data == {
        "adjustment_id": "a",
        "direction": "credit",
        "amount_paise": 1_50_000_00,
        "reason": "goodwill",
    }
    draft = adjustment_approved(adjusted(direction="debit", amount_paise=50, reason="fraud"))
    assert english(draft).title == "Your wallet was debited"
    assert english(draft).body.startswith("Rs 0.50 was taken out of your wallet: a correction.")


def test_every_text_is_tried() -> None:
    assert {type(event) for event, _ in EVENTS} | {AdjustmentApproved} == set(NOTICES)


@pytest.mark.parametrize(
    "event",
    [
        PaymentCaptured(**PAYMENT | {"purpose": "recharge"}, payment_method="upi"),
        PaymentFailed(**PAYMENT | {"purpose": "recharge"}, reason="payment_failed"),
        PaymentFailed(**PAYMENT, reason="abandoned"),
    ],
)
def test_nobody_is_told_of_what_a_recharge_tells_or_of_what_they_never_tried(event: Any) -> None:
    assert NOTICES[type(event)](event) is None
