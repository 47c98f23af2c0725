"""Schemas of the customer's side of payments."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from pydantic import BaseModel, Field, field_validator

from gencharge.core.http.history import HistoryParams
from gencharge.core.http.paging import Page
from gencharge.core.http.references import GivenMetadata, GivenReference, Referable, Reference
from gencharge.core.http.web import Body, Out
from gencharge.core.values.money import Money, PositiveMoney
from gencharge.payments.models import GatewayMethod, PaymentPurpose, PaymentStatus, RefundStatus
from gencharge.wallet.models import RequestSource

SMALLEST_PAISE = 100  # Razorpay's smallest order


class TopUp(Referable):
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
    """A payment that the customer has yet to make, on `checkout_url` or with the gateway's own checkout."""

    located_at: ClassVar[str] = "/v1/payments/{payment_id}"

    payment_id: UUID
    status: PaymentStatus
    amount: Money
    currency: str
    gateway: str
    order_id: str
    key_id: str = Field(description="The gateway's public key, for its checkout.")
    checkout_url: str | None
    reference: GivenReference
    metadata: GivenMetadata


class TopUpRoom(Out):
    """What of the limits of my KYC tier is left now. Months and financial years (from 1 April) are India's."""

    possible: Money = Field(description="The largest top-up that all limits allow now.")
    balance: Money = Field(description="What the wallet can hold beside what is in it.")
    monthly_load: Money | None = Field(description="Left of this month; null: no monthly limit.")
    yearly_load: Money | None = Field(description="Left of this financial year; null: no yearly limit.")


class ConfirmPayment(Body):
    """What the gateway's checkout returns."""

    razorpay_order_id: str = Field(min_length=1, max_length=64, pattern="^[A-Za-z0-9_]+$")
    razorpay_payment_id: str = Field(min_length=1, max_length=64, pattern="^[A-Za-z0-9_]+$")
    razorpay_signature: str = Field(min_length=1, max_length=128, pattern="^[0-9a-f]+$")


class RefundOut(Out):
    """A refund to where the payment came from."""

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
    recharge_id: UUID | None = Field(description="The recharge that it pays for; null for a top-up.")
    amount: Money
    currency: str
    payment_method: str
    source: str
    status: PaymentStatus
    failure_reason: str | None
    refunded_amount: Money
    reference: GivenReference
    metadata: GivenMetadata
    created_at: datetime
    captured_at: datetime | None


class PaymentDetail(PaymentOut):
    """A payment with its order and its refunds."""

    order_id: str | None
    key_id: str
    checkout_url: str | None = Field(description="Where it can be paid; null if it can no longer be paid.")
    refunds: list[RefundOut]


PaymentPage = Page[PaymentOut]


class PaymentFilters(BaseModel, defer_build=True):
    """The filters that customers and staff share."""

    status: PaymentStatus | None = None
    purpose: PaymentPurpose | None = None
    payment_method: GatewayMethod | None = None
    recharge_id: UUID | None = None
    reference: Reference | None = Field(
        default=None, description="The caller's own name for it, or for the recharge."
    )


class PaymentQuery(HistoryParams, PaymentFilters):
    """Which payments. `from` and `to` are when."""
