"""Schemas of the wallet: the balance and its transactions."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from gencharge.core.http.history import HistoryParams
from gencharge.core.http.paging import Page
from gencharge.core.http.web import Out
from gencharge.core.values.instants import Instant
from gencharge.core.values.money import Money
from gencharge.core.values.phone import MobileNumber


class TransactionType(StrEnum):
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


class TransactionStatus(StrEnum):
    """`posted` is final, `held` is set aside for a pending recharge or refund, `released` came back from that."""

    POSTED = "posted"
    HELD = "held"
    RELEASED = "released"


class WalletLimits(Out):
    """What the wallet may hold and load at the customer's KYC tier (RBI Master Direction on PPIs)."""

    kyc_tier: str
    balance: Money
    monthly_load: Money | None = Field(description="null: no monthly limit.")
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
    txn_type: TransactionType
    status: TransactionStatus
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


class TransactionFilters(BaseModel):
    """The filters that customers and staff share."""

    category: TransactionCategory | None = None
    txn_type: TransactionType | None = None
    status: TransactionStatus | None = None
    service_type: Literal["prepaid", "postpaid"] | None = None
    source: str | None = Field(default=None, max_length=40, examples=["web"])
    payment_method: str | None = Field(default=None, max_length=40, examples=["wallet"])
    phone_number: MobileNumber | None = None
    reference_id: UUID | None = None


class TransactionQuery(HistoryParams, TransactionFilters):
    """Which transactions. `from` and `to` are when."""


class BalanceQuery(BaseModel):
    """The instant that is asked for."""

    model_config = ConfigDict(extra="forbid")

    at: Instant | None = Field(
        default=None,
        description="RFC 3339 with a zone, not in the future. Default: now.",
        examples=["2026-03-31T18:29:59Z"],
    )


class BalanceOut(Out):
    """A wallet at an instant: the sum of its transactions up to and including it."""

    user_id: UUID
    at: datetime
    posted: Money = Field(description="available + held.")
    held: Money
    available: Money = Field(description="What could be spent.")
