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
from gencharge.core.values.codes import OperatorCode
from gencharge.core.values.instants import Instant
from gencharge.core.values.money import Money, SignedMoney
from gencharge.core.values.phone import MobileNumber
from gencharge.wallet.models import PaymentMethod, RequestSource


class TransactionType(StrEnum):
    """Which way the money went, from the wallet's side."""

    CREDIT = "credit"
    DEBIT = "debit"


class TransactionCategory(StrEnum):
    """What a transaction was for."""

    OPENING = "opening"  # the balance that was there before
    TOPUP = "topup"  # money added through the gateway
    RECHARGE = "recharge"  # paid from the wallet, through the gateway, or both
    REFUND = "refund"  # of a recharge, or of a gateway's payment for a recharge that failed
    SOURCE_REFUND = "source_refund"  # money of the wallet sent back to where a payment came from
    CASHBACK = "cashback"
    REFERRAL = "referral"
    ADJUSTMENT = "adjustment"  # by the staff
    PAYOUT = "payout"  # the balance of an account that was closed


class TransactionStatus(StrEnum):
    """`pending`: the money is set aside; `completed` is final; `failed`: it was not carried out, and took nothing."""

    PENDING = "pending"
    COMPLETED = "completed"
    FAILED = "failed"


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
    """One business event of a customer's wallet: a recharge, a top-up, a refund. It stays one row, with one id and one
    instant, from its beginning to its end."""

    transaction_id: UUID
    category: TransactionCategory
    txn_type: TransactionType
    status: TransactionStatus
    description: str = Field(
        description="What it was, in words for the customer.",
        examples=["Recharge of 98765 43210 with Jio"],
    )
    amount: Money = Field(
        description="What it was about: of a recharge, what the wallet and the gateway pay."
    )
    wallet_change: SignedMoney = Field(
        description="What it has done to the balance. Over all transactions, this adds up to the balance.",
        examples=[-299.0],
    )
    held: Money = Field(
        description="What of it is set aside now. Over all transactions: what the wallet holds."
    )
    operator: str | None = Field(description="The operator whose recharge it was; null if it was none.")
    service_type: str | None
    source: str | None
    payment_method: str | None
    phone_number: str | None
    reference_id: UUID | None = Field(description="The recharge, payment or refund that this belongs to.")
    created_at: datetime = Field(description="When it began. Lists are in this order.")
    updated_at: datetime = Field(description="When money last moved for it.")


TransactionPage = Page[TransactionOut]


class TransactionFilters(BaseModel, defer_build=True):
    """The filters that customers and staff share."""

    category: TransactionCategory | None = None
    txn_type: TransactionType | None = None
    status: TransactionStatus | None = None
    operator: OperatorCode | None = None
    service_type: Literal["prepaid", "postpaid"] | None = None
    source: RequestSource | None = None
    payment_method: PaymentMethod | None = None
    phone_number: MobileNumber | None = None
    reference_id: UUID | None = None


class TransactionQuery(HistoryParams, TransactionFilters):
    """Which transactions. `from` and `to` are when they began."""

    plan_id: UUID | None = Field(
        default=None, description="Recharges with this plan, and what was refunded of them."
    )
    sort: Literal["created_at", "-created_at", "amount", "-amount"] = "-created_at"  # type: ignore[assignment]


class BalanceQuery(BaseModel, defer_build=True):
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
