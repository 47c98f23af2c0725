"""Schemas of the staff's side of the wallet: all customers' transactions, balances, and adjustments."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated, ClassVar, Literal
from uuid import UUID

from pydantic import Field, StringConstraints

from gencharge.core.http.history import BoundedHistoryParams
from gencharge.core.http.paging import Page
from gencharge.core.http.web import Body, Out
from gencharge.core.values.codes import OperatorCode
from gencharge.core.values.money import Money, PositiveMoney
from gencharge.core.values.phone import MobileNumber
from gencharge.users.models import UserBrief
from gencharge.wallet.models import AdjustmentDirection, AdjustmentStatus, Code
from gencharge.wallet.schemas import TransactionFilters, TransactionOut, WalletOut


class StaffTransactionQuery(BoundedHistoryParams, TransactionFilters):
    """Which transactions of all customers. `from` and `to` are when they began."""

    user_id: UUID | None = None


class StaffTransactionOut(TransactionOut):
    """A transaction of a customer, as the staff see it."""

    user_id: UUID
    user: UserBrief | None


StaffTransactionPage = Page[StaffTransactionOut]
LedgerCode = StrEnum("LedgerCode", {code.name: code.name.lower() for code in Code})  # type: ignore[misc]


class LedgerQuery(BoundedHistoryParams):
    """Which movements of a customer's ledger. `from` and `to` are when they were booked."""

    code: LedgerCode | None = None
    account: str | None = Field(
        default=None, max_length=60, description="On either side.", examples=["user:held"]
    )
    key: str | None = Field(default=None, max_length=200)
    reference_id: UUID | None = None
    phone_number: MobileNumber | None = None
    operator: OperatorCode | None = None


class LedgerEntryOut(Out):
    """One movement of money between two accounts, as it was booked."""

    transfer_id: UUID
    code: LedgerCode = Field(description="Why the money moved.")
    debit_account: str = Field(examples=["user:held"])
    credit_account: str = Field(examples=["operator:jio"])
    amount: Money
    key: str = Field(description="A customer's movements of one key and code are booked once.")
    reference_id: UUID | None
    operator: str | None
    phone_number: str | None
    service_type: str | None
    source: str | None
    payment_method: str | None
    created_at: datetime


LedgerEntryPage = Page[LedgerEntryOut]


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

    located_at: ClassVar[str] = "/v1/wallet/admin/adjustments/{user_id}/{adjustment_id}"

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
