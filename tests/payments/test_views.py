"""How payments, refunds and webhooks are shown."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest

from gencharge.core.values.money import Money
from gencharge.payments.models import GatewayEvent, Payment, PaymentStatus, Refund, RefundStatus
from gencharge.payments.schemas import PaymentOut, RefundOut
from gencharge.payments.views import (
    gateway_event_out,
    payment_out,
    refund_out,
    staff_payment_out,
    staff_refund_out,
)
from gencharge.users.models import UserBrief, UserStatus

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
BRIEF = UserBrief(
    user_id=uuid4(), name="Asha Rao", phone_number="+919000000001", email=None, status=UserStatus.ACTIVE
)


def payment(**overrides: Any) -> Payment:
    values: dict[str, Any] = {
        "user_id": uuid4(),
        "payment_id": uuid4(),
        "purpose": "topup",
        "reference_id": None,
        "amount": 50_001,
        "currency": "INR",
        "method": "upi",
        "source": "app",
        "status": "captured",
        "gateway": "razorpay",
        "order_id": "order_1",
        "gateway_payment_id": "pay_1",
        "refunded_amount": 1,
        "idempotency_key": "topup:secret",
        "request_hash": b"h",
        "failure_reason": None,
        "created_at": NOON,
        "captured_at": NOON,
    }
    return Payment(**values | overrides)


def refund(**overrides: Any) -> Refund:
    values: dict[str, Any] = {
        "user_id": uuid4(),
        "refund_id": uuid4(),
        "payment_id": uuid4(),
        "gateway_payment_id": "pay_1",
        "amount": 20_000,
        "status": "processing",
        "from_account": "user:held",
        "reason": "asked for",
        "requested_by": "system",
        "idempotency_key": "admin:secret",
        "request_hash": b"h",
        "gateway_refund_id": "rfnd_1",
        "failure_reason": None,
        "created_at": NOON,
        "completed_at": None,
        "next_attempt_at": NOON,
        "attempts": 2,
    }
    return Refund(**values | overrides)


@pytest.mark.parametrize("status", PaymentStatus)
def test_a_payment_is_shown_in_each_status_with_exact_amounts(status: PaymentStatus) -> None:
    row = payment(status=status.value)
    shown = payment_out(row)
    assert shown.status is status
    assert (shown.amount, shown.refunded_amount) == (Money(50_001), Money(1))
    assert (shown.payment_method, shown.source, shown.currency) == ("upi", "app", "INR")
    assert (shown.payment_id, shown.created_at, shown.captured_at) == (row.payment_id, NOON, NOON)


def test_a_payment_for_a_recharge_names_it_and_a_topup_names_none() -> None:
    recharge_id = uuid4()
    paying = payment_out(payment(purpose="recharge", reference_id=recharge_id))
    assert (paying.purpose, paying.recharge_id) == ("recharge", recharge_id)
    assert payment_out(payment()).recharge_id is None


def test_a_customer_sees_neither_keys_nor_the_gateways_ids() -> None:
    assert (
        not {
            "idempotency_key",
            "request_hash",
            "gateway",
            "gateway_payment_id",
            "order_id",
            "user_id",
        }
        & PaymentOut.model_fields.keys()
    )
    assert not {"gateway_refund_id", "requested_by", "from_account"} & RefundOut.model_fields.keys()


def test_the_staff_see_the_customers_view_and_the_gateways_ids() -> None:
    row = payment(failure_reason="amount_mismatch")
    shown = staff_payment_out(row, BRIEF)
    assert {name: getattr(shown, name) for name in PaymentOut.model_fields} == dict(payment_out(row))
    assert (shown.user_id, shown.user) == (row.user_id, BRIEF)
    assert (shown.order_id, shown.gateway, shown.gateway_payment_id) == ("order_1", "razorpay", "pay_1")
    assert shown.failure_reason == "amount_mismatch"
    assert staff_payment_out(row, None).user is None


@pytest.mark.parametrize("status", RefundStatus)
def test_a_refund_is_shown_in_each_status(status: RefundStatus) -> None:
    row = refund(status=status.value, failure_reason="refund_failed", completed_at=NOON)
    shown = refund_out(row)
    assert (shown.status, shown.amount) == (status, Money(20_000))
    assert (shown.refund_id, shown.reason, shown.failure_reason) == (
        row.refund_id,
        "asked for",
        "refund_failed",
    )
    assert (shown.created_at, shown.completed_at) == (NOON, NOON)


def test_the_staff_see_who_asked_for_a_refund_and_how_far_it_is() -> None:
    row = refund()
    shown = staff_refund_out(row)
    assert {name: getattr(shown, name) for name in RefundOut.model_fields} == dict(refund_out(row))
    assert (shown.gateway_payment_id, shown.gateway_refund_id) == ("pay_1", "rfnd_1")
    assert (shown.from_account, shown.requested_by) == ("user:held", "system")
    assert (shown.attempts, shown.next_attempt_at) == (2, NOON)


@pytest.mark.parametrize("outcome", [None, "captured", "parked"])
def test_a_webhook_is_shown_with_its_outcome_and_without_its_body(outcome: str | None) -> None:
    row = GatewayEvent(
        event_id="evt_1",
        gateway="razorpay",
        kind="payment.captured",
        order_id="order_1",
        body={"payment": {"id": "pay_1"}},
        received_at=NOON,
        outcome=outcome,
        attempts=3,
    )
    shown = gateway_event_out(row)
    assert (shown.gateway_event_id, shown.kind, shown.received_at) == ("evt_1", "payment.captured", NOON)
    assert (shown.outcome, shown.attempts) == (outcome, 3)
    assert "body" not in type(shown).model_fields


@pytest.mark.parametrize(("field", "value"), [("status", "paid"), ("purpose", "gift")])
def test_a_row_with_a_value_that_is_none_is_an_error_and_not_shown(field: str, value: str) -> None:
    with pytest.raises(ValueError, match=value):
        payment_out(payment(**{field: value}))
