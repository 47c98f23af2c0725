"""Builders for the tests of webhooks."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import httpx

from gencharge.core.events.events import Event
from gencharge.core.http.addresses import Reach
from gencharge.payments.events import (
    PaymentAuthorized,
    PaymentCaptured,
    PaymentCreated,
    PaymentFailed,
    RefundFailed,
    RefundProcessed,
)
from gencharge.recharge.events import (
    BillPaid,
    PlanRecharged,
    QueuedPlanCancelled,
    QueuedPlanStarted,
    RechargeAccepted,
    RechargePlaced,
    RechargeRefunded,
)
from tests.webhooks.conftest import failed_recharge

PRODUCTION = Reach(private=False, loopback=False)


DEVELOPMENT = Reach(private=True, loopback=True)


USER, OBJECT, PAYMENT = str(uuid4()), str(uuid4()), str(uuid4())


RECHARGE: dict[str, Any] = {
    "user_id": USER,
    "recharge_id": OBJECT,
    "phone_number": "+919876543210",
    "plan_name": "Rs 299",
    "operator": "JIO",
}


PAID: dict[str, Any] = {
    "user_id": USER,
    "payment_id": PAYMENT,
    "purpose": "recharge",
    "reference_id": OBJECT,
    "amount_paise": 20_000,
}


REFUND: dict[str, Any] = {
    "user_id": USER,
    "refund_id": OBJECT,
    "payment_id": PAYMENT,
    "amount_paise": 5_005,
}


# Event, type, status, amount as it is written.
MESSAGE_CASES: list[tuple[Event, str, str, str]] = [
    (
        RechargePlaced(**RECHARGE, payment_id=PAYMENT, gateway_paise=20_000, wallet_paise=9_900),
        "recharge.placed",
        "payment_pending",
        "299.00",
    ),
    (RechargeAccepted(**RECHARGE, held_paise=29_900), "recharge.accepted", "processing", "299.00"),
    (
        BillPaid(
            **RECHARGE,
            bill_id=OBJECT,
            total_paid_paise=64_950,
            payment_method="wallet",
            source="web",
        ),
        "recharge.bill_paid",
        "paid",
        "649.50",
    ),
    (
        PlanRecharged(
            **RECHARGE,
            plan_id=OBJECT,
            status="queued",
            total_paid_paise=29_950,
            payment_method="wallet",
            source="web",
            valid_from="2026-11-20T10:00:00+05:30",
        ),
        "recharge.delivered",
        "queued",
        "299.50",
    ),
    (failed_recharge(**RECHARGE), "recharge.failed", "failed", "299.50"),
    (
        QueuedPlanStarted(
            **RECHARGE,
            total_paid_paise=29_900,
            valid_from="2026-11-20T10:00:00+05:30",
            valid_until="2026-12-18T10:00:00+05:30",
        ),
        "recharge.started",
        "active",
        "299.00",
    ),
    (
        QueuedPlanCancelled(**RECHARGE, refund_id=OBJECT, amount_paise=29_900),
        "recharge.cancelled",
        "refunded",
        "299.00",
    ),
    (
        RechargeRefunded(**RECHARGE, amount_paise=10_000, reason="goodwill", in_full=False, refund_id=OBJECT),
        "recharge.refunded",
        None,
        "100.00",
    ),
    (
        RechargeRefunded(**RECHARGE, amount_paise=29_900, reason="goodwill", in_full=True),
        "recharge.refunded",
        "refunded",
        "299.00",
    ),
    (
        PaymentCreated(**PAID, payment_method="upi", order_id="order_1"),
        "payment.created",
        "created",
        "200.00",
    ),
    (PaymentAuthorized(**PAID), "payment.authorized", "authorized", "200.00"),
    (PaymentCaptured(**PAID, payment_method="upi"), "payment.captured", "captured", "200.00"),
    (PaymentFailed(**PAID, reason="declined"), "payment.failed", "failed", "200.00"),
    (RefundProcessed(**REFUND), "refund.processed", "processed", "50.05"),
    (RefundFailed(**REFUND, reason="account_closed"), "refund.failed", "failed", "50.05"),
]


GOOD = {"url": "https://partner.example/hooks", "events": ["recharge.*"], "description": "Partner"}


async def _make(staff: httpx.AsyncClient, **overrides: Any) -> dict[str, Any]:
    answer = await staff.post("/v1/webhooks/endpoints", json=GOOD | overrides)
    assert answer.status_code == 201, answer.text
    endpoint: dict[str, Any] = answer.json()
    return endpoint
