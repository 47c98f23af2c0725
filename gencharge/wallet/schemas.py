"""What goes over the wire about wallets."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Literal
from uuid import UUID

from pydantic import Field

from gencharge.core.money import Money
from gencharge.core.paging import HistoryParams, Page
from gencharge.core.phone import MobileNumber
from gencharge.core.web import Out


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
    COMMISSION = "commission"
    PAYMENT = "payment"
    SOURCE_REFUND = "source_refund"


class TxnStatus(StrEnum):
    """`posted` is final, `held` is set aside for a recharge under way, `released` went back from that."""

    POSTED = "posted"
    HELD = "held"
    RELEASED = "released"


class WalletLimits(Out):
    """What the wallet may hold and load at the customer's KYC tier (RBI Master Direction on PPIs)."""

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

    id: UUID
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


class TransactionQuery(HistoryParams):
    """Which transactions. Days are business days in IST, both included."""

    category: TransactionCategory | None = None
    txn_type: TxnType | None = None
    status: TxnStatus | None = None
    service_type: Literal["prepaid", "postpaid"] | None = None
    source: str | None = Field(default=None, max_length=40, examples=["web"])
    payment_method: str | None = Field(default=None, max_length=40, examples=["wallet"])
    phone_number: MobileNumber | None = None
    reference_id: UUID | None = None
