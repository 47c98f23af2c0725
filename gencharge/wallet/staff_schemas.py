"""Schemas of the staff's side of the wallet: all customers' transactions, balances, and adjustments."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, StringConstraints

from gencharge.core.http.history import BoundedHistoryParams
from gencharge.core.http.paging import Page
from gencharge.core.http.web import Body, Out
from gencharge.core.values.money import Money, PositiveMoney
from gencharge.users.models import UserBrief
from gencharge.wallet.models import AdjustmentDirection, AdjustmentStatus
from gencharge.wallet.schemas import TransactionFilters, TransactionOut, WalletOut

OperatorCode = Annotated[str, StringConstraints(to_upper=True, max_length=20)]


class StaffTransactionQuery(BoundedHistoryParams, TransactionFilters):
    """Which transactions of all customers. `from` and `to` limit when they were booked."""

    user_id: UUID | None = None
    operator: OperatorCode | None = None


class StaffTransactionOut(TransactionOut):
    """A transaction of a customer, as the staff see it."""

    user_id: UUID
    user: UserBrief | None
    operator: str | None = Field(description="The operator whose recharge it was; null if it was none.")


StaffTransactionPage = Page[StaffTransactionOut]


class StaffWalletOut(WalletOut):
    """A customer's wallet, as the staff see it."""

    user_id: UUID
    user: UserBrief | None
    opened_at: datetime
    updated_at: datetime = Field(description="When money last moved.")


class AdjustmentReason(StrEnum):
    """Why a balance is adjusted."""

    FAILED_RECHARGE = "failed_recharge"
    DUPLICATE_CHARGE = "duplicate_charge"
    WRONG_AMOUNT = "wrong_amount"
    GOODWILL = "goodwill"
    FRAUD = "fraud"
    CHARGEBACK = "chargeback"
    OTHER = "other"


Note = Annotated[str, StringConstraints(min_length=3, max_length=500)]


class AdjustmentCreate(Body):
    """Request an adjustment of a customer's balance."""

    user_id: UUID
    direction: AdjustmentDirection
    amount: PositiveMoney
    reason: AdjustmentReason
    note: Note = Field(
        description="What happened, for the admin who decides.", examples=["Charged twice, ticket 4711"]
    )
    reference: str | None = Field(
        default=None,
        min_length=1,
        max_length=100,
        description="A ticket, a bank reference.",
        examples=["T-4711"],
    )


class AdjustmentDecision(Body):
    """Why you decide so."""

    note: Note = Field(examples=["Checked against the operator's statement"])


class AdjustmentOut(Out):
    """An adjustment: the request and the decision."""

    adjustment_id: UUID
    user_id: UUID
    direction: AdjustmentDirection
    amount: Money
    reason: AdjustmentReason
    note: str
    reference: str | None
    status: AdjustmentStatus
    requested_by: UUID
    requested_at: datetime
    expires_at: datetime = Field(description="A second admin can decide until then.")
    decided_by: UUID | None = Field(description="null if nobody has decided, or it expired.")
    decided_at: datetime | None
    decision_note: str | None


class StaffAdjustmentOut(AdjustmentOut):
    """An adjustment with the customer whose wallet it concerns."""

    user: UserBrief | None


StaffAdjustmentPage = Page[StaffAdjustmentOut]


class AdjustmentQuery(BoundedHistoryParams):
    """Which adjustments. `from` and `to` limit when they were requested."""

    status: AdjustmentStatus | None = None
    direction: AdjustmentDirection | None = None
    reason: AdjustmentReason | None = None
    user_id: UUID | None = None
    requested_by: UUID | None = None
    decided_by: UUID | None = None
    sort: Literal["requested_at", "-requested_at"] = "-requested_at"  # type: ignore[assignment]
