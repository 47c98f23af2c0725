"""A recharge's whole story, as the staff read it."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from pydantic import Field

from gencharge.complaints.models import ComplaintReason, ComplaintStatus
from gencharge.core.http.references import GivenMetadata, GivenReference
from gencharge.core.http.web import Out
from gencharge.core.values.money import Money
from gencharge.payments.models import GatewayMethod, PaymentStatus, RefundStatus
from gencharge.recharge.models import RechargeStatus
from gencharge.stories.schemas import TimelineStep, WaitsFor


class StoryPart(StrEnum):
    """What a story may lack."""

    PAYMENT = "payment"
    LEDGER = "ledger"
    AUDIT = "audit"
    NOTICES = "notices"


class StoryTerms(Out):
    """What was sold, and at which terms: those of the quote."""

    phone_number: str
    operator: str
    circle: str | None
    plan_id: UUID | None = Field(description="Null for the payment of a bill.")
    plan_version: int
    plan_name: str
    plan_type: str
    category: str
    price: Money
    talktime: Money | None = Field(
        description="What the operator credits of an amount that the customer chose. Null if the tariff does not say, and of a plan with one"
        " price."
    )
    discount: Money
    cashback: Money
    offer_id: UUID | None
    wallet_amount: Money
    gateway_amount: Money
    refunded_amount: Money
    payment_method: str
    source: str
    activation_mode: str
    idempotency_key: str
    reference: GivenReference
    metadata: GivenMetadata
    channel: str | None
    operator_reference: str | None
    failure_reason: str | None
    created_at: datetime
    completed_at: datetime | None


class StoryRefundToSource(Out):
    """Money that went back to where the payment came from."""

    refund_id: UUID
    gateway_refund_id: str | None
    amount: Money
    status: RefundStatus
    reason: str
    requested_by: str
    failure_reason: str | None
    created_at: datetime
    completed_at: datetime | None


class StoryPayment(Out):
    """The gateway's part."""

    payment_id: UUID
    status: PaymentStatus
    payment_method: GatewayMethod
    amount: Money
    refunded_amount: Money
    gateway: str
    order_id: str | None
    gateway_payment_id: str | None
    bank_reference: str | None = Field(
        description="What the bank calls it: the RRN of a UPI payment, which customers quote as the UTR."
    )
    failure_reason: str | None
    created_at: datetime
    captured_at: datetime | None
    refunds: list[StoryRefundToSource]


class StoryMovement(Out):
    """One movement of money, as it was booked."""

    transfer_id: UUID
    code: str = Field(description="Why the money moved.", examples=["recharge"])
    debit_account: str
    credit_account: str
    amount: Money
    created_at: datetime


class StoryAttempt(Out):
    """One submission to an operator. `outcome` null: its end is not known."""

    attempt: int
    channel: str
    reference: str
    outcome: str | None
    operator_reference: str | None
    reason: str | None
    started_at: datetime
    ended_at: datetime | None


class StoryRefund(Out):
    """A refund by the staff."""

    refund_id: UUID
    amount: Money
    destination: str
    reason: str
    requested_by: UUID
    created_at: datetime


class StoryComplaint(Out):
    """A complaint of the customer's about this recharge."""

    complaint_id: UUID
    reason: ComplaintReason
    status: ComplaintStatus
    due_at: datetime = Field(description="Until then it has to be settled.")
    assignee_id: UUID | None
    created_at: datetime
    resolved_at: datetime | None
    resolved_by: UUID | None
    resolution: str | None = Field(description="What the customer was told.")
    adjustment_id: UUID | None = Field(description="The adjustment that pays a compensation.")


class StoryEntry(Out):
    """An entry of the audit trail about this recharge. Personal data in it is masked."""

    entry_id: UUID
    occurred_at: datetime
    action: str
    actor_kind: str
    actor_id: str | None
    result: str
    reason: str | None
    details: dict[str, Any]


class StoryNotice(Out):
    """What the customer was told about this recharge: the kind of notice, not its words."""

    notification_id: UUID
    kind: str = Field(examples=["plan_recharged"])
    created_at: datetime
    viewed_at: datetime | None


class StoryOut(Out):
    """Everything that is known of one recharge."""

    user_id: UUID
    recharge_id: UUID
    status: RechargeStatus
    waits_for: WaitsFor | None = Field(description="null: it has ended.")
    terms: StoryTerms
    timeline: list[TimelineStep]
    payment: StoryPayment | None = Field(description="null: paid from the wallet, or withheld.")
    ledger: list[StoryMovement]
    attempts: list[StoryAttempt]
    refunds: list[StoryRefund]
    complaints: list[StoryComplaint] = Field(description="The oldest first.")
    audit: list[StoryEntry] = Field(description="The oldest first, 100 at most.")
    notices: list[StoryNotice] = Field(description="The oldest first, 100 at most.")
    withheld: list[StoryPart] = Field(description="What this admin's role does not show.")
    unavailable: list[StoryPart] = Field(description="What could not be read just now; the rest is complete.")
