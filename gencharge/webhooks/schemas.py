"""The messages that integrators are sent."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from pydantic import Field

from gencharge.core.http.web import Out
from gencharge.core.values.money import Money


class RechargeData(Out):
    """What became of a recharge."""

    recharge_id: UUID
    user_id: UUID
    phone_number: str = Field(description="The recharged number, E.164.", examples=["+919876543210"])
    operator: str = Field(examples=["JIO"])
    plan_name: str
    status: str = Field(examples=["delivered"])
    amount: Money = Field(
        description="What is paid; of `recharge.failed` and `recharge.refunded`: what went back."
    )
    payment_id: UUID | None = None
    payment_method: str | None = None
    plan_status: str | None = Field(default=None, description="`active` or `queued`, once delivered.")
    valid_from: datetime | None = None
    valid_until: datetime | None = None
    reason: str | None = None


class PaymentData(Out):
    """What became of a payment, or of a refund of it."""

    payment_id: UUID
    user_id: UUID
    status: str = Field(examples=["captured"])
    amount: Money = Field(description="Of the payment; of a refund: what goes back.")
    purpose: str | None = Field(default=None, description="`topup` or `recharge`.")
    recharge_id: UUID | None = None
    refund_id: UUID | None = None
    order_id: str | None = None
    method: str | None = None
    reason: str | None = None


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
