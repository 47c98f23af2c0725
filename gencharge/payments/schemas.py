"""What goes over the wire about payments."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from pydantic import BaseModel, Field, field_validator

from gencharge.core.http.history import BoundedHistoryParams, HistoryParams
from gencharge.core.http.paging import Page
from gencharge.core.http.web import Body, Out
from gencharge.core.values.money import Money, PositiveMoney
from gencharge.payments.models import PaymentPurpose, PaymentStatus, RefundStatus
from gencharge.users.models import UserBrief
from gencharge.wallet.models import RequestSource

SMALLEST_PAISE = 100  # Razorpay's smallest order


class GatewayMethod(StrEnum):
    """How money comes in through the gateway."""

    UPI = "upi"
    CARD = "card"
    NETBANKING = "netbanking"


class TopUp(Body):
    """Put money into my wallet."""

    amount: PositiveMoney = Field(examples=[500])
    payment_method: GatewayMethod
    source: RequestSource = RequestSource.WEB

    @field_validator("amount")
    @classmethod
    def _large_enough(cls, amount: Money) -> Money:
        if amount.paise < SMALLEST_PAISE:
            raise ValueError("Must be at least Rs 1")
        return amount


class TopUpOut(Out):
    """A payment that waits for its customer. Pay it on `checkout_url`, or with the gateway's own checkout."""

    payment_id: UUID
    status: PaymentStatus
    amount: Money
    currency: str
    gateway: str
    order_id: str
    key_id: str = Field(description="The gateway's public key, for its checkout.")
    checkout_url: str | None


class ConfirmPayment(Body):
    """What the gateway's checkout hands back."""

    razorpay_order_id: str = Field(min_length=1, max_length=64, pattern="^[A-Za-z0-9_]+$")
    razorpay_payment_id: str = Field(min_length=1, max_length=64, pattern="^[A-Za-z0-9_]+$")
    razorpay_signature: str = Field(min_length=1, max_length=128, pattern="^[0-9a-f]+$")


class RefundOut(Out):
    """Money on its way back to where a payment came from."""

    refund_id: UUID
    amount: Money
    status: RefundStatus
    reason: str
    failure_reason: str | None
    created_at: datetime
    completed_at: datetime | None


class PaymentOut(Out):
    """A payment."""

    payment_id: UUID
    purpose: PaymentPurpose
    recharge_id: UUID | None = Field(description="The recharge that it pays; null for a top-up.")
    amount: Money
    currency: str
    payment_method: str
    source: str
    status: PaymentStatus
    failure_reason: str | None
    refunded_amount: Money
    created_at: datetime
    captured_at: datetime | None


class PaymentDetail(PaymentOut):
    """A payment with its order and what went back of it."""

    order_id: str | None
    key_id: str
    checkout_url: str | None = Field(description="Where it can be paid; null once there is nothing to pay.")
    refunds: list[RefundOut]


PaymentPage = Page[PaymentOut]


class _Filters(BaseModel):
    """What a list of payments can be asked for."""

    status: PaymentStatus | None = None
    purpose: PaymentPurpose | None = None
    payment_method: GatewayMethod | None = None
    recharge_id: UUID | None = None


class PaymentQuery(HistoryParams, _Filters):
    """Which payments. `from` and `to` are when."""


class StaffPaymentQuery(BoundedHistoryParams, _Filters):
    """Which payments of all customers. `from` and `to` are when."""

    user_id: UUID | None = None


class StaffPaymentOut(PaymentOut):
    """A customer's payment, as the staff see it."""

    user_id: UUID
    user: UserBrief | None
    order_id: str | None
    gateway: str
    gateway_payment_id: str | None


StaffPaymentPage = Page[StaffPaymentOut]


class StaffRefundOut(RefundOut):
    """A refund, as the staff see it."""

    gateway_payment_id: str
    gateway_refund_id: str | None
    from_account: str = Field(description="Where its money is set aside meanwhile.")
    requested_by: str
    attempts: int
    next_attempt_at: datetime | None


class GatewayEventOut(Out):
    """A webhook about the payment's order."""

    gateway_event_id: str
    kind: str
    received_at: datetime
    outcome: str | None = Field(description="null: it waits for what it names.")
    attempts: int


class StaffPaymentDetail(StaffPaymentOut):
    """A customer's payment with its refunds, and what the gateway told of it."""

    refundable: Money = Field(description="What is left of it, refunds under way taken off.")
    next_check_at: datetime | None
    refunds: list[StaffRefundOut]
    events: list[GatewayEventOut]


class RefundCreate(Body):
    """Send money of a payment back to where it came from."""

    amount: Money | None = Field(default=None, description="null: all that is left.", examples=[100])
    reason: str = Field(min_length=3, max_length=500, examples=["Topped up by mistake, ticket 4711"])
