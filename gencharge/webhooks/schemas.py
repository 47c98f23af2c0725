"""The messages to integrators."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from pydantic import Field

from gencharge.core.http.references import GivenMetadata, GivenReference
from gencharge.core.http.web import Out
from gencharge.core.values.money import Money
from gencharge.payments.models import PaymentPurpose, PaymentStatus, RefundStatus
from gencharge.recharge.models import RechargeStatus


class RechargeData(Out):
    """The state of a recharge."""

    recharge_id: UUID
    user_id: UUID
    phone_number: str = Field(description="The recharged number, E.164.", examples=["+919876543210"])
    operator: str = Field(examples=["JIO"])
    plan_name: str
    status: RechargeStatus | None = Field(
        description="As `GET /v1/recharge/{recharge_id}` says it. null after a refund in part, which changes no status."
    )
    amount: Money = Field(
        description="What is paid; of `recharge.failed`, `recharge.refunded` and `recharge.cancelled`: what went back."
    )
    talktime: Money | None = Field(
        default=None,
        description="Of `recharge.delivered`: what the operator credits of an amount that the customer chose. null of a plan with one price.",
    )
    payment_id: UUID | None = None
    payment_method: str | None = None
    valid_from: datetime | None = None
    valid_until: datetime | None = None
    failure_reason: str | None = Field(default=None, description="Why it failed.")
    reason: str | None = Field(default=None, description="Why it was refunded.")
    refund_id: UUID | None = Field(
        default=None,
        description="The refund of `recharge.refunded`: a recharge may be refunded in several parts.",
    )
    reference: GivenReference = None
    metadata: GivenMetadata = None


class PaymentData(Out):
    """The state of a payment."""

    payment_id: UUID
    user_id: UUID
    status: PaymentStatus
    amount: Money
    purpose: PaymentPurpose
    recharge_id: UUID | None = Field(description="The recharge that it pays; null for a top-up.")
    order_id: str | None = None
    payment_method: str | None = None
    failure_reason: str | None = None
    reference: GivenReference = None
    metadata: GivenMetadata = None


class RefundData(Out):
    """The state of a refund of a payment to its source."""

    refund_id: UUID
    payment_id: UUID
    user_id: UUID
    status: RefundStatus
    amount: Money
    failure_reason: str | None = None


class RechargeMessage(Out):
    """A message about a recharge."""

    type: str
    timestamp: datetime
    data: RechargeData


class PaymentMessage(Out):
    """A message about a payment."""

    type: str
    timestamp: datetime
    data: PaymentData


class RefundMessage(Out):
    """A message about a refund."""

    type: str
    timestamp: datetime
    data: RefundData
