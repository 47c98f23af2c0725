"""What happens to payments. Amounts in paise."""

from __future__ import annotations

from dataclasses import dataclass, field

from gencharge.core.events.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentCreated(Event):
    """The gateway has an order for a payment."""

    payment_id: str
    purpose: str
    reference_id: str | None
    amount_paise: int
    payment_method: str
    order_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentAuthorized(Event):
    """The customer authorized a payment; it is not captured yet."""

    payment_id: str
    purpose: str
    reference_id: str | None
    amount_paise: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentCaptured(Event):
    """A payment was captured: the money is in the wallet (topup), or held for the recharge `reference_id`."""

    payment_id: str
    purpose: str
    reference_id: str | None
    amount_paise: int
    payment_method: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentFailed(Event):
    """A payment was declined or abandoned."""

    payment_id: str
    purpose: str
    reference_id: str | None
    amount_paise: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentMismatched(Event):
    """The gateway reports another amount or currency than was ordered: nothing was credited, and the staff are alerted."""

    payment_id: str
    order_id: str
    ordered_paise: int
    reported_paise: int
    currency: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentOverLimit(Event):
    """A captured top-up would have exceeded the wallet's limit: it is refunded to its source."""

    payment_id: str
    purpose: str
    reference_id: str | None
    amount_paise: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentCapturedTwice(Event):
    """An order was paid twice: the second payment is refunded to its source."""

    payment_id: str
    purpose: str
    reference_id: str | None
    amount_paise: int
    gateway_payment_id: str
    returned_paise: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundRequested(Event):
    """A refund to the source was requested; its money is held."""

    refund_id: str
    payment_id: str
    amount_paise: int
    reason: str
    requested_by: str = "system"
    changes: dict[str, dict[str, object]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundProcessed(Event):
    """A refund was paid out to its source."""

    refund_id: str
    payment_id: str
    amount_paise: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundFailed(Event):
    """A refund could not be paid out; the money is in the wallet again, or still in suspense."""

    refund_id: str
    payment_id: str
    amount_paise: int
    reason: str
    in_wallet: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookRefused(Event):
    """A webhook came with a wrong or missing signature."""

    sender: str  # gateway:razorpay, operator:jio-api
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayEventParked(Event):
    """A webhook has named an unknown order or refund for a day: the staff are alerted."""

    event_id: str
    gateway: str
    kind: str
    order_id: str | None
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayTokenReported(Event):
    """The gateway says that something happened to a mandate: `kind` is `token.cancelled`, for example."""

    gateway: str
    kind: str
    token_hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayPayoutReported(Event):
    """The gateway says that something happened to a payout of this customer's: `kind` is `payout.reversed`, for example."""

    gateway: str
    kind: str
    gateway_payout_id: str
    reference: str
