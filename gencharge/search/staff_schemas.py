"""What a search finds."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from pydantic import Field

from gencharge.core.http.web import Out
from gencharge.users.models import UserBrief


class Matched(StrEnum):
    """What the text turned out to be."""

    RECHARGE_ID = "recharge_id"
    PAYMENT_ID = "payment_id"
    USER_ID = "user_id"
    ORDER_ID = "order_id"
    SUBMISSION = "submission"  # our reference at an operator
    OPERATOR_REFERENCE = "operator_reference"  # the operator's own
    GATEWAY_REFERENCE = (
        "gateway_reference"  # the gateway's payment, refund or payout, or the bank's reference (RRN, UTR)
    )
    REFUND_ID = "refund_id"
    PAYOUT_ID = "payout_id"
    COMPLAINT_ID = "complaint_id"
    BILL_REFERENCE = "bill_reference"  # what an operator calls a bill
    RECEIPT_NUMBER = "receipt_number"
    PHONE_NUMBER = "phone_number"
    REFERENCE = "reference"  # what a customer calls a recharge or payment of theirs


class HitKind(StrEnum):
    """What was found."""

    RECHARGE = "recharge"
    PAYMENT = "payment"
    PAYOUT = "payout"
    CUSTOMER = "customer"


class SearchHit(Out):
    """One thing that the text belongs to."""

    kind: HitKind
    matched: Matched
    user_id: UUID
    user: UserBrief | None
    recharge_id: UUID | None
    payment_id: UUID | None
    payout_id: UUID | None = None
    operator: str | None
    status: str | None = Field(
        description="As stored: of the payment, the payout or the recharge's delivery."
    )
    created_at: datetime | None
    path: str = Field(
        description="Where it is read.", examples=["/v1/users/0198c0de-0000-7000-8000-000000000000"]
    )


class SearchOut(Out):
    """What was found, the customer first, then recharges, payments and payouts; the newest first, at most 20 for each way to match."""

    hits: list[SearchHit]
