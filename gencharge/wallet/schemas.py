"""What goes over the wire about wallets."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from gencharge.core.http.history import BoundedHistoryParams, HistoryParams
from gencharge.core.http.paging import Page
from gencharge.core.http.web import Body, Out
from gencharge.core.values.instants import Instant
from gencharge.core.values.money import Money, PositiveMoney
from gencharge.core.values.phone import MobileNumber
from gencharge.users.models import UserBrief
from gencharge.wallet.models import AdjustmentDirection, AdjustmentStatus


class TxnType(StrEnum):
    """Which way the money went, from the wallet's side."""

    CREDIT = "credit"
    DEBIT = "debit"


class TransactionCategory(StrEnum):
    """What a transaction was for."""

    OPENING = "opening"
    TOPUP = "topup"
    RECHARGE = "recharge"
    REFUND = "refund"
    HOLD = "hold"
    CAPTURE = "capture"
    RELEASE = "release"
    CASHBACK = "cashback"
    REFERRAL = "referral"
    ADJUSTMENT = "adjustment"
    PAYOUT = "payout"
    COMMISSION = "commission"
    PAYMENT = "payment"
    SOURCE_REFUND = "source_refund"
    WRITE_OFF = "write_off"


class TxnStatus(StrEnum):
    """`posted` is final, `held` is set aside for a recharge under way, `released` went back from that."""

    POSTED = "posted"
    HELD = "held"
    RELEASED = "released"


class WalletLimits(Out):
    """What the wallet may hold and load at the customer's KYC tier (RBI Master AdjustmentDirection on PPIs)."""

    kyc_tier: str
    balance: Money
    monthly_load: Money | None = Field(description="null: no limit of its own beside the balance.")
    yearly_load: Money | None


class WalletOut(Out):
    """A wallet now."""

    balance: Money = Field(description="What can be spent.")
    held: Money = Field(description="Set aside for recharges that operators have not confirmed yet.")
    currency: str = "INR"
    limits: WalletLimits


class TransactionOut(Out):
    """One movement of money of a wallet."""

    transaction_id: UUID
    category: TransactionCategory
    txn_type: TxnType
    status: TxnStatus
    amount: Money
    debit_account: str
    credit_account: str
    service_type: str | None
    source: str | None
    payment_method: str | None
    phone_number: str | None
    reference_id: UUID | None = Field(description="The recharge, top-up or refund that this belongs to.")
    created_at: datetime


TransactionPage = Page[TransactionOut]


OperatorCode = Annotated[str, StringConstraints(to_upper=True, max_length=20)]


class TransactionFilters(BaseModel):
    """What a list of transactions can be asked for, by a customer and by the staff."""

    category: TransactionCategory | None = None
    txn_type: TxnType | None = None
    status: TxnStatus | None = None
    service_type: Literal["prepaid", "postpaid"] | None = None
    source: str | None = Field(default=None, max_length=40, examples=["web"])
    payment_method: str | None = Field(default=None, max_length=40, examples=["wallet"])
    phone_number: MobileNumber | None = None
    reference_id: UUID | None = None


class TransactionQuery(HistoryParams, TransactionFilters):
    """Which transactions. `from` and `to` are when."""


class StaffTransactionQuery(BoundedHistoryParams, TransactionFilters):
    """Which transactions of all customers. `from` and `to` are when."""

    user_id: UUID | None = None
    operator: OperatorCode | None = None


class StaffTransactionOut(TransactionOut):
    """One movement of money of a customer's wallet, as the staff see it."""

    user_id: UUID
    user: UserBrief | None
    operator: str | None = Field(description="Whose recharge it was about; null where it was about none.")


StaffTransactionPage = Page[StaffTransactionOut]


class BalanceQuery(BaseModel):
    """Which instant."""

    model_config = ConfigDict(extra="forbid")

    at: Instant | None = Field(
        default=None,
        description="RFC 3339, with a zone and not after now; without it: now.",
        examples=["2026-03-31T18:29:59Z"],
    )


class BalanceOut(Out):
    """A wallet at an instant, worked out from its transactions up to and including then."""

    user_id: UUID
    at: datetime
    posted: Money = Field(description="All of it: available + held.")
    held: Money
    available: Money = Field(description="What could be spent.")


class StaffWalletOut(WalletOut):
    """A customer's wallet, as the staff see it."""

    user_id: UUID
    user: UserBrief | None
    opened_at: datetime
    updated_at: datetime = Field(description="When money last moved.")


class AdjustmentReason(StrEnum):
    """Why a balance is corrected."""

    FAILED_RECHARGE = "failed_recharge"
    DUPLICATE_CHARGE = "duplicate_charge"
    WRONG_AMOUNT = "wrong_amount"
    GOODWILL = "goodwill"
    FRAUD = "fraud"
    CHARGEBACK = "chargeback"
    OTHER = "other"


Note = Annotated[str, StringConstraints(min_length=3, max_length=500)]


class AdjustmentCreate(Body):
    """Ask for a correction of a customer's balance."""

    user_id: UUID
    direction: AdjustmentDirection
    amount: PositiveMoney
    reason: AdjustmentReason
    note: Note = Field(description="What happened, for who decides.", examples=["Charged twice, ticket 4711"])
    reference: str | None = Field(
        default=None,
        min_length=1,
        max_length=100,
        description="A ticket, a bank reference.",
        examples=["T-4711"],
    )


class AdjustmentDecision(Body):
    """Why it was decided so."""

    note: Note = Field(examples=["Checked against the operator's statement"])


class AdjustmentOut(Out):
    """A correction: what was asked for, and what was decided."""

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
    expires_at: datetime = Field(description="Until when a second admin can decide.")
    decided_by: UUID | None = Field(description="null: nobody yet, or it expired.")
    decided_at: datetime | None
    decision_note: str | None


class StaffAdjustmentOut(AdjustmentOut):
    """A correction with whose wallet it is."""

    user: UserBrief | None


StaffAdjustmentPage = Page[StaffAdjustmentOut]


class AdjustmentQuery(BoundedHistoryParams):
    """Which corrections. `from` and `to` are when."""

    status: AdjustmentStatus | None = None
    direction: AdjustmentDirection | None = None
    reason: AdjustmentReason | None = None
    user_id: UUID | None = None
    requested_by: UUID | None = None
    decided_by: UUID | None = None
    sort: Literal["requested_at", "-requested_at"] = "-requested_at"  # type: ignore[assignment]
