"""Schemas of the staff's side of payments."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from pydantic import Field

from gencharge.core.http.history import BoundedHistoryParams
from gencharge.core.http.paging import Page
from gencharge.core.http.web import Body, Out
from gencharge.core.values.money import Money
from gencharge.payments.schemas import PaymentFilters, PaymentOut, RefundOut
from gencharge.users.models import UserBrief


class StaffPaymentQuery(BoundedHistoryParams, PaymentFilters):
    """Which payments of all customers. `from` and `to` are when."""

    user_id: UUID | None = None


class StaffPaymentOut(PaymentOut):
    """A customer's payment, as the staff see it."""

    user_id: UUID
    user: UserBrief | None
    order_id: str | None
    gateway: str
    gateway_payment_id: str | None
    bank_reference: str | None = Field(
        description="What the bank calls it: the RRN of a UPI payment, which customers quote as the UTR."
    )


StaffPaymentPage = Page[StaffPaymentOut]


class StaffRefundOut(RefundOut):
    """A refund, as the staff see it."""

    gateway_payment_id: str
    gateway_refund_id: str | None
    from_account: str = Field(description="The account that holds its money until it is paid out.")
    requested_by: str
    attempts: int
    next_attempt_at: datetime | None


class GatewayEventOut(Out):
    """A webhook about the order of a payment."""

    gateway_event_id: str
    kind: str
    received_at: datetime
    outcome: str | None = Field(description="null: it names an unknown order or refund and is tried again.")
    attempts: int


class StaffPaymentDetail(StaffPaymentOut):
    """A customer's payment with its refunds and the gateway's webhooks."""

    refundable: Money = Field(description="What can still be refunded; pending refunds are deducted.")
    next_check_at: datetime | None
    refunds: list[StaffRefundOut]
    events: list[GatewayEventOut]


class RefundCreate(Body):
    """Refund a payment to where it came from."""

    amount: Money | None = Field(
        default=None, description="null: all that can still be refunded.", examples=[100]
    )
    reason: str = Field(min_length=3, max_length=500, examples=["Topped up by mistake, ticket 4711"])
