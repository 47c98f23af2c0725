"""Which event becomes which message to integrators, in one table; other events are not sent.

The types are a contract with integrators: fields are added, never removed or changed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from gencharge.core.events.events import Envelope, Event
from gencharge.core.http.web import Out, to_json
from gencharge.core.values.money import Money
from gencharge.payments.events import (
    PaymentAuthorized,
    PaymentCaptured,
    PaymentCreated,
    PaymentFailed,
    RefundFailed,
    RefundProcessed,
)
from gencharge.payments.models import PaymentStatus, RefundStatus
from gencharge.recharge.events import (
    BillPaid,
    PlanRecharged,
    QueuedPlanCancelled,
    QueuedPlanStarted,
    RechargeAccepted,
    RechargeFailed,
    RechargePlaced,
    RechargeRefunded,
)
from gencharge.recharge.models import RechargeStatus
from gencharge.webhooks.schemas import (
    PaymentData,
    PaymentMessage,
    RechargeData,
    RechargeMessage,
    RefundData,
    RefundMessage,
)

TEST: Final = "webhook.test"
Data = RechargeData | PaymentData | RefundData
MESSAGE_OF: Final[dict[type[Out], type[Out]]] = {
    RechargeData: RechargeMessage,
    PaymentData: PaymentMessage,
    RefundData: RefundMessage,
}


def _recharge(event: Any, *, status: RechargeStatus | None, amount_paise: int, **more: Any) -> RechargeData:
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


def _payment(event: Any, *, status: PaymentStatus, **more: Any) -> PaymentData:
    return PaymentData(
        payment_id=event.payment_id,
        user_id=event.user_id,
        status=status,
        amount=Money(event.amount_paise),
        purpose=event.purpose,
        recharge_id=event.reference_id,
        **more,
    )


def _refund(event: Any, *, status: RefundStatus, **more: Any) -> RefundData:
    return RefundData(
        refund_id=event.refund_id,
        payment_id=event.payment_id,
        user_id=event.user_id,
        status=status,
        amount=Money(event.amount_paise),
        **more,
    )


def _placed(event: RechargePlaced) -> RechargeData:
    paise = event.gateway_paise + event.wallet_paise
    return _recharge(
        event, status=RechargeStatus.PAYMENT_PENDING, amount_paise=paise, payment_id=event.payment_id
    )


def _delivered(event: PlanRecharged) -> RechargeData:
    return _recharge(
        event,
        status=RechargeStatus(event.status),
        amount_paise=event.total_paid_paise,
        talktime=Money(event.talktime_paise) if event.talktime_paise is not None else None,
        payment_method=event.payment_method,
        valid_from=_instant(event.valid_from),
        valid_until=_instant(event.valid_until),
    )


def _bill_paid(event: BillPaid) -> RechargeData:
    return _recharge(
        event,
        status=RechargeStatus.PAID,
        amount_paise=event.total_paid_paise,
        payment_method=event.payment_method,
    )


def _started(event: QueuedPlanStarted) -> RechargeData:
    return _recharge(
        event,
        status=RechargeStatus.ACTIVE,
        amount_paise=event.total_paid_paise,
        valid_from=_instant(event.valid_from),
        valid_until=_instant(event.valid_until),
    )


def _cancelled(event: QueuedPlanCancelled) -> RechargeData:
    return _recharge(
        event,
        status=RechargeStatus.REFUNDED,
        amount_paise=event.amount_paise,
        refund_id=UUID(event.refund_id),
    )


def _failed(event: RechargeFailed) -> RechargeData:
    return _recharge(
        event,
        status=RechargeStatus.FAILED,
        amount_paise=event.refunded_paise,
        failure_reason=event.reason,
    )


def _refunded(event: RechargeRefunded) -> RechargeData:
    status = RechargeStatus.REFUNDED if event.in_full else None
    return _recharge(
        event,
        status=status,
        amount_paise=event.amount_paise,
        reason=event.reason,
        refund_id=event.refund_id and UUID(event.refund_id),
    )


def _instant(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


MESSAGES: Final[Mapping[type[Event], tuple[str, Callable[[Any], Data]]]] = {
    RechargePlaced: ("recharge.placed", _placed),
    RechargeAccepted: (
        "recharge.accepted",
        lambda event: _recharge(event, status=RechargeStatus.PROCESSING, amount_paise=event.held_paise),
    ),
    PlanRecharged: ("recharge.delivered", _delivered),
    BillPaid: ("recharge.bill_paid", _bill_paid),
    RechargeFailed: ("recharge.failed", _failed),
    QueuedPlanStarted: ("recharge.started", _started),
    QueuedPlanCancelled: ("recharge.cancelled", _cancelled),
    RechargeRefunded: ("recharge.refunded", _refunded),
    PaymentCreated: (
        "payment.created",
        lambda event: _payment(
            event, status=PaymentStatus.CREATED, payment_method=event.payment_method, order_id=event.order_id
        ),
    ),
    PaymentAuthorized: ("payment.authorized", lambda event: _payment(event, status=PaymentStatus.AUTHORIZED)),
    PaymentCaptured: (
        "payment.captured",
        lambda event: _payment(event, status=PaymentStatus.CAPTURED, payment_method=event.payment_method),
    ),
    PaymentFailed: (
        "payment.failed",
        lambda event: _payment(event, status=PaymentStatus.FAILED, failure_reason=event.reason),
    ),
    RefundProcessed: (
        "refund.processed",
        lambda event: _refund(event, status=RefundStatus.PROCESSED),
    ),
    RefundFailed: (
        "refund.failed",
        lambda event: _refund(event, status=RefundStatus.FAILED, failure_reason=event.reason),
    ),
}
TYPES: Final = tuple(kind for kind, _ in MESSAGES.values())
# What an endpoint can subscribe to: a type, a family, everything.
PATTERNS: Final = (*TYPES, *dict.fromkeys(f"{kind.partition('.')[0]}.*" for kind in TYPES), "*")


def type_of(event: Event) -> str:
    """The type of the message that an event becomes. KeyError if it becomes none."""
    return MESSAGES[type(event)][0]


def matches(kind: str, patterns: Sequence[str]) -> bool:
    """Whether one of the patterns takes messages of this type."""
    return any(
        pattern in {"*", kind} or (pattern.endswith(".*") and kind.startswith(pattern[:-1]))
        for pattern in patterns
    )


def body_of(envelope: Envelope, noted: Mapping[str, Any] | None = None) -> str:
    """The message of an event, as it is sent. `noted`: the caller's `reference` and `metadata`."""
    kind, data_of = MESSAGES[type(envelope.event)]
    data: Any = data_of(envelope.event)
    if noted:
        data = data.model_copy(update=noted)
    message = MESSAGE_OF[type(data)](type=kind, timestamp=envelope.occurred_at, data=data)
    return to_json(message).decode()


def test_body(at: datetime) -> str:
    """The message that tests an endpoint."""
    return to_json({"type": TEST, "timestamp": at, "data": {"test": True}}).decode()
