"""What happens to payments. Amounts in paise."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from gencharge.core.events.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentCreated(Event):
    """The gateway has an order for a payment."""

    payment_id: str
    purpose: str
    reference_id: str | None
    amount_paise: int
    method: str
    order_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentAuthorized(Event):
    """The customer agreed to a payment; the money is not ours yet."""

    payment_id: str
    purpose: str
    reference_id: str | None
    amount_paise: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentCaptured(Event):
    """The money of a payment is ours: in the wallet (topup), or held for the recharge `reference_id`."""

    payment_id: str
    purpose: str
    reference_id: str | None
    amount_paise: int
    method: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentFailed(Event):
    """A payment was declined, or given up."""

    payment_id: str
    purpose: str
    reference_id: str | None
    amount_paise: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentMismatched(Event):
    """The gateway reports another amount or currency than was ordered: nothing was credited; the staff are to look."""

    payment_id: str
    order_id: str
    ordered_paise: int
    reported_paise: int
    currency: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentOverLimit(Event):
    """A captured top-up would have broken the wallet's limit: it is on its way back to its source."""

    payment_id: str
    purpose: str
    reference_id: str | None
    amount_paise: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentCapturedTwice(Event):
    """An order was paid once more: the second payment is on its way back to its source."""

    payment_id: str
    purpose: str
    reference_id: str | None
    amount_paise: int
    gateway_payment_id: str
    returned_paise: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundRequested(Event):
    """Money of a payment is to go back to its source; it is set aside."""

    refund_id: str
    payment_id: str
    amount_paise: int
    reason: str
    requested_by: str = "system"
    changes: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundProcessed(Event):
    """Money of a payment went back to its source."""

    refund_id: str
    payment_id: str
    amount_paise: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundFailed(Event):
    """A refund could not be paid back to its source; the money is in the wallet again, or still in suspense."""

    refund_id: str
    payment_id: str
    amount_paise: int
    reason: str
    in_wallet: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookRefused(Event):
    """Somebody sent a webhook with a wrong or missing signature."""

    sender: str  # gateway:razorpay, operator:jio-api
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayEventParked(Event):
    """For a day a webhook has named an order or a refund that nobody knows: the staff are to look."""

    event_id: str
    gateway: str
    kind: str
    order_id: str | None
    reason: str
