"""What is told: which of our events becomes which message. One table; an event without a line is nobody's business.

The types are a promise to integrators: a field is only ever added.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from gencharge.core.events.events import Envelope, Event
from gencharge.core.http.web import to_json
from gencharge.core.values.money import Money
from gencharge.payments.events import (
    PaymentAuthorized,
    PaymentCaptured,
    PaymentCreated,
    PaymentFailed,
    RefundFailed,
    RefundProcessed,
)
from gencharge.recharge.events import (
    PlanRecharged,
    RechargeAccepted,
    RechargeFailed,
    RechargePlaced,
    RechargeRefunded,
)
from gencharge.webhooks.schemas import PaymentData, PaymentMessage, RechargeData, RechargeMessage

TEST: Final = "webhook.test"
Data = RechargeData | PaymentData


def _recharge(event: Any, *, status: str, amount_paise: int, **more: Any) -> RechargeData:
    return RechargeData(
        recharge_id=event.recharge_id,
        user_id=event.user_id,
        phone_number=event.phone_number,
        operator=event.operator,
        plan_name=event.plan_name,
        status=status,
        amount=Money(amount_paise),
        **more,
    )


def _payment(event: Any, *, status: str, **more: Any) -> PaymentData:
    return PaymentData(
        payment_id=event.payment_id,
        user_id=event.user_id,
        status=status,
        amount=Money(event.amount_paise),
        purpose=getattr(event, "purpose", None),
        recharge_id=getattr(event, "reference_id", None),
        **more,
    )


def _placed(event: RechargePlaced) -> RechargeData:
    paise = event.gateway_paise + event.wallet_paise
    return _recharge(event, status="payment_pending", amount_paise=paise, payment_id=event.payment_id)


def _delivered(event: PlanRecharged) -> RechargeData:
    return _recharge(
        event,
        status="delivered",
        amount_paise=event.total_paid_paise,
        payment_method=event.payment_method,
        plan_status=event.status,
        valid_from=_instant(event.valid_from),
        valid_until=_instant(event.valid_until),
    )


def _failed(event: RechargeFailed) -> RechargeData:
    return _recharge(event, status="failed", amount_paise=event.refunded_paise, reason=event.reason)


def _refunded(event: RechargeRefunded) -> RechargeData:
    status = "refunded" if event.in_full else "delivered"
    return _recharge(event, status=status, amount_paise=event.amount_paise, reason=event.reason)


def _instant(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


MESSAGES: Final[Mapping[type[Event], tuple[str, Callable[[Any], Data]]]] = {
    RechargePlaced: ("recharge.placed", _placed),
    RechargeAccepted: (
        "recharge.accepted",
        lambda event: _recharge(event, status="processing", amount_paise=event.held_paise),
    ),
    PlanRecharged: ("recharge.delivered", _delivered),
    RechargeFailed: ("recharge.failed", _failed),
    RechargeRefunded: ("recharge.refunded", _refunded),
    PaymentCreated: (
        "payment.created",
        lambda event: _payment(event, status="created", method=event.method, order_id=event.order_id),
    ),
    PaymentAuthorized: ("payment.authorized", lambda event: _payment(event, status="authorized")),
    PaymentCaptured: (
        "payment.captured",
        lambda event: _payment(event, status="captured", method=event.method),
    ),
    PaymentFailed: (
        "payment.failed",
        lambda event: _payment(event, status="failed", reason=event.reason),
    ),
    RefundProcessed: (
        "payment.refunded",
        lambda event: _payment(event, status="processed", refund_id=event.refund_id),
    ),
    RefundFailed: (
        "refund.failed",
        lambda event: _payment(event, status="failed", refund_id=event.refund_id, reason=event.reason),
    ),
}
TYPES: Final = tuple(kind for kind, _ in MESSAGES.values())
# What an endpoint can ask for: a type, all of a family, everything.
PATTERNS: Final = (*TYPES, *dict.fromkeys(f"{kind.partition('.')[0]}.*" for kind in TYPES), "*")


def type_of(event: Event) -> str:
    """The type of the message that an event becomes. KeyError where it becomes none."""
    return MESSAGES[type(event)][0]


def matches(kind: str, patterns: Sequence[str]) -> bool:
    """Whether one of the patterns takes messages of this type."""
    return any(
        pattern in {"*", kind} or (pattern.endswith(".*") and kind.startswith(pattern[:-1]))
        for pattern in patterns
    )


def body_of(envelope: Envelope) -> str:
    """The message of an event, as it is sent."""
    kind, data_of = MESSAGES[type(envelope.event)]
    data = data_of(envelope.event)
    made = RechargeMessage if isinstance(data, RechargeData) else PaymentMessage
    return to_json(made(type=kind, timestamp=envelope.occurred_at, data=data)).decode()


def test_body(at: datetime) -> str:
    """The message with which an endpoint is tried."""
    return to_json({"type": TEST, "timestamp": at, "data": {"test": True}}).decode()
