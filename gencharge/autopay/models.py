"""Tables of autopay. Amounts in paise."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, DateTime, Index, Integer, SmallInteger, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from gencharge.core.postgres.database import Base, stamp


class AutopayKind(StrEnum):
    """What an autopay pays."""

    PLAN = "plan"
    BILL = "bill"  # a postpaid number's bill, in full, whatever it comes to


class AutopayTag(StrEnum):
    """How often an autopay runs."""

    REGULAR = "regular"  # again and again
    ONETIME = "onetime"  # on one date; it ends with that


class AutopayStatus(StrEnum):
    """The state of an autopay."""

    ACTIVE = "active"
    PAUSED = "paused"  # nothing is due until its owner resumes it; `pause_reason` says why
    COMPLETED = "completed"  # onetime: the recharge was made
    FAILED = "failed"  # onetime: abandoned after the last retry
    CANCELLED = "cancelled"  # by its owner, or because the account was closed


class PauseReason(StrEnum):
    """Why an autopay is paused."""

    CUSTOMER = "customer"
    PRICE = "price"  # the plan costs, or the bill is, more than `max_amount`
    AMOUNT = "amount"  # the plan is not sold for the amount any more
    PLAN_WITHDRAWN = "plan_withdrawn"  # the plan is not on sale any more
    NUMBER_CHANGED = (
        "number_changed"  # what is paid no longer fits the number: ported, another circle or billing
    )
    ACCOUNT_INACTIVE = "account_inactive"  # the owner's account was blocked or deactivated
    MANDATE_ENDED = "mandate_ended"  # it was revoked, has expired or was never approved
    MANDATE_LIMIT = "mandate_limit"  # the plan costs more than one charge of the mandate may be


class IntervalUnit(StrEnum):
    """How the time between two runs is counted."""

    DAY = "day"
    MONTH = "month"  # the same date, or the last day of a shorter month


class AutopayPaymentMethod(StrEnum):
    """What an autopay is paid from."""

    WALLET = "wallet"
    MANDATE = "mandate"  # from the wallet if it covers the price, else wholly by `mandate_id`


class AttemptOutcome(StrEnum):
    """How a try to run an autopay ended."""

    SUCCEEDED = "succeeded"
    FAILED = "failed"  # it is tried again
    ABANDONED = "abandoned"  # the last try; a regular autopay goes on at its next due date
    PAUSED = "paused"  # its owner has to decide
    SKIPPED = "skipped"  # its owner left this one out, or no bill was due


class RunOutcome(StrEnum):
    """The result of looking at an autopay."""

    ANNOUNCED = "announced"
    SUCCEEDED = "succeeded"
    PENDING = "pending"  # the operator or the bank is being asked
    DEFERRED = "deferred"  # it waits for an hour at which its mandate may be charged
    RETRYING = "retrying"
    ABANDONED = "abandoned"
    PAUSED = "paused"
    SKIPPED = "skipped"  # no bill was due
    SUPERSEDED = "superseded"  # another worker or the owner was faster


class Autopay(Base):
    """A plan that a customer lets recharge a number by itself, or a number whose bills are paid by themselves."""

    __tablename__ = "autopays"

    user_id: Mapped[UUID] = mapped_column(primary_key=True)
    autopay_id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(Text, server_default=AutopayKind.PLAN.value)
    phone_number: Mapped[str] = mapped_column(Text)
    # Null if it pays bills.
    plan_id: Mapped[UUID | None]
    plan_name: Mapped[str] = mapped_column(Text)
    operator: Mapped[str] = mapped_column(Text)
    tag: Mapped[str] = mapped_column(Text)
    status: Mapped[str] = mapped_column(Text)
    pause_reason: Mapped[str | None] = mapped_column(Text)
    payment_method: Mapped[str] = mapped_column(Text)
    mandate_id: Mapped[UUID | None]
    source: Mapped[str] = mapped_column(Text)
    # What a run cost, after offers, when that was looked at last; 0 as long as no bill was seen.
    price: Mapped[int] = mapped_column(BigInteger)
    # What its owner chose to pay for a plan of any amount, before offers; null of a plan with one price, and of bills.
    amount: Mapped[int | None] = mapped_column(BigInteger)
    max_amount: Mapped[int] = mapped_column(BigInteger)
    # Null if it is onetime.
    interval_count: Mapped[int | None] = mapped_column(SmallInteger)
    interval_unit: Mapped[str | None] = mapped_column(Text)
    # Due dates are counted from the first one, so that 31 January leads to 28 February and then to 31 March.
    first_due: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    periods: Mapped[int] = mapped_column(Integer, server_default="0")
    # Null once it has ended.
    next_due: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    # The due date that the owner was told of.
    noticed_due: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    # When that was, and the price that the notice named: a mandate is charged a day later, and no more.
    noticed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    noticed_price: Mapped[int | None] = mapped_column(BigInteger)
    # How often the present due date was tried, and how many of the sales made for it have failed since.
    tries: Mapped[int] = mapped_column(SmallInteger, server_default="0")
    cycle: Mapped[int] = mapped_column(SmallInteger, server_default="0")
    # The sale whose end is awaited.
    recharge_id: Mapped[UUID | None]
    # When a worker has to look at it; null while it is paused and once it has ended.
    wake_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    leased_until: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    created_at: Mapped[datetime] = stamp()
    updated_at: Mapped[datetime] = stamp()

    __table_args__ = (
        CheckConstraint("tag IN ('onetime', 'regular')", name="tag"),
        CheckConstraint("status IN ('active', 'paused', 'completed', 'failed', 'cancelled')", name="status"),
        CheckConstraint("(status = 'paused') = (pause_reason IS NOT NULL)", name="paused"),
        CheckConstraint("(status = 'active') = (wake_at IS NOT NULL)", name="awake"),
        CheckConstraint("(status IN ('active', 'paused')) = (next_due IS NOT NULL)", name="due"),
        CheckConstraint("(tag = 'regular') = (interval_count IS NOT NULL)", name="every"),
        CheckConstraint("interval_count > 0 AND interval_unit IN ('day', 'month')", name="interval"),
        CheckConstraint("(payment_method = 'mandate') = (mandate_id IS NOT NULL)", name="method"),
        CheckConstraint(
            "(price > 0 OR kind = 'bill' AND price = 0) AND max_amount > 0",
            name="amounts",
        ),
        CheckConstraint(
            "kind IN ('plan', 'bill') AND (kind = 'plan') = (plan_id IS NOT NULL)",
            name="kind",
        ),
        CheckConstraint("amount IS NULL OR amount > 0 AND kind = 'plan'", name="amount"),
        # A bill is paid from the wallet only.
        CheckConstraint("kind = 'plan' OR payment_method = 'wallet'", name="bill_method"),
        Index(
            "uq_autopays_live",
            "user_id",
            "phone_number",
            "plan_id",
            unique=True,
            postgresql_where=text("status IN ('active', 'paused')"),
        ),
        Index(
            "uq_autopays_live_bill",
            "user_id",
            "phone_number",
            unique=True,
            postgresql_where=text("kind = 'bill' AND status IN ('active', 'paused')"),
        ),
        Index("ix_autopays_all", "created_at", "autopay_id"),
        Index("ix_autopays_of_number", "phone_number", "created_at", "autopay_id"),
        Index("ix_autopays_due", "wake_at", postgresql_where=text("wake_at IS NOT NULL")),
        Index(
            "ix_autopays_calendar", "next_due", "autopay_id", postgresql_where=text("next_due IS NOT NULL")
        ),
    )


class AutopayAttempt(Base):
    """One try to run an autopay, or a due date that its owner left out. Written once."""

    __tablename__ = "autopay_attempts"

    user_id: Mapped[UUID] = mapped_column(primary_key=True)
    attempt_id: Mapped[UUID] = mapped_column(primary_key=True)
    autopay_id: Mapped[UUID]
    due_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    attempted_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    outcome: Mapped[str] = mapped_column(Text)
    # The code of a refusal, or why the autopay was paused.
    reason: Mapped[str | None] = mapped_column(Text)
    amount: Mapped[int] = mapped_column(BigInteger)
    recharge_id: Mapped[UUID | None]
    late_seconds: Mapped[int] = mapped_column(Integer)

    __table_args__ = (
        CheckConstraint(
            "outcome IN ('succeeded', 'failed', 'abandoned', 'paused', 'skipped')", name="outcome"
        ),
        CheckConstraint("(outcome = 'succeeded') <= (recharge_id IS NOT NULL)", name="succeeded"),
        Index("ix_autopay_attempts_history", "user_id", "autopay_id", "attempted_at", "attempt_id"),
        # Whatever else goes wrong: a due date is paid once.
        Index(
            "uq_autopay_attempts_success",
            "user_id",
            "autopay_id",
            "due_at",
            unique=True,
            postgresql_where=text("outcome = 'succeeded'"),
        ),
    )


class TopupStatus(StrEnum):
    """The state of an automatic top-up."""

    ACTIVE = "active"
    PAUSED = "paused"  # nothing is charged until its owner resumes it; `pause_reason` says why


class TopupPauseReason(StrEnum):
    """Why an automatic top-up is paused."""

    CUSTOMER = "customer"
    MANDATE_ENDED = "mandate_ended"  # it was revoked, has expired or was never approved
    MANDATE_LIMIT = "mandate_limit"  # the amount is more than one charge of the mandate may be
    ACCOUNT_INACTIVE = "account_inactive"  # the owner's account was blocked, deactivated or closed
    FAILING = "failing"  # the last retry has failed


class HeldBack(StrEnum):
    """The limit that keeps an automatic top-up back."""

    MONTHLY_MAX = "monthly_max"  # the owner's own
    WALLET_LIMIT = "wallet_limit"  # what a wallet of the owner's KYC tier may hold or take in


class ChargeOutcome(StrEnum):
    """What became of a charge of an automatic top-up."""

    SUCCEEDED = "succeeded"
    FAILED = "failed"
    SKIPPED = "skipped"  # its owner left this one out


class AutoTopup(Base):
    """A customer's wish to have the wallet filled up by a mandate when it runs low. One for each customer."""

    __tablename__ = "auto_topups"

    user_id: Mapped[UUID] = mapped_column(primary_key=True)
    threshold: Mapped[int] = mapped_column(BigInteger)
    amount: Mapped[int] = mapped_column(BigInteger)
    monthly_max: Mapped[int] = mapped_column(BigInteger)
    mandate_id: Mapped[UUID]
    source: Mapped[str] = mapped_column(Text)
    status: Mapped[str] = mapped_column(Text)
    pause_reason: Mapped[str | None] = mapped_column(Text)
    # False after a charge was left out, until the wallet holds the threshold again: one charge for each time that it runs low.
    is_armed: Mapped[bool] = mapped_column(server_default="true")
    # When the announced charge is made.
    charge_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    held_back: Mapped[str | None] = mapped_column(Text)
    # Of payments that have ended: part of the key of the next one, never counted back.
    cycle: Mapped[int] = mapped_column(Integer, server_default="0")
    tries: Mapped[int] = mapped_column(SmallInteger, server_default="0")
    # The payment whose end is awaited.
    payment_id: Mapped[UUID | None]
    # When a worker has to look at it; null while it is paused.
    wake_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    leased_until: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    created_at: Mapped[datetime] = stamp()
    updated_at: Mapped[datetime] = stamp()

    __table_args__ = (
        CheckConstraint("status IN ('active', 'paused')", name="status"),
        CheckConstraint("(status = 'paused') = (pause_reason IS NOT NULL)", name="paused"),
        CheckConstraint("(status = 'active') = (wake_at IS NOT NULL)", name="awake"),
        CheckConstraint("threshold > 0 AND amount >= threshold AND monthly_max >= amount", name="amounts"),
        CheckConstraint("payment_id IS NULL OR charge_at IS NOT NULL", name="announced"),
        Index("ix_auto_topups_due", "wake_at", postgresql_where=text("wake_at IS NOT NULL")),
        Index("ix_auto_topups_all", "created_at", "user_id"),
    )


class AutoTopupCharge(Base):
    """What became of one charge of an automatic top-up. Written once."""

    __tablename__ = "auto_topup_charges"

    user_id: Mapped[UUID] = mapped_column(primary_key=True)
    charge_id: Mapped[UUID] = mapped_column(primary_key=True)
    cycle: Mapped[int] = mapped_column(Integer)
    amount: Mapped[int] = mapped_column(BigInteger)
    outcome: Mapped[str] = mapped_column(Text)
    reason: Mapped[str | None] = mapped_column(Text)
    payment_id: Mapped[UUID | None]
    attempted_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))

    __table_args__ = (
        CheckConstraint("outcome IN ('succeeded', 'failed', 'skipped')", name="outcome"),
        CheckConstraint("(outcome = 'succeeded') <= (payment_id IS NOT NULL)", name="succeeded"),
        Index("ix_auto_topup_charges_history", "user_id", "attempted_at", "charge_id"),
        # Whatever else goes wrong: a payment is counted once.
        Index(
            "uq_auto_topup_charges_success",
            "user_id",
            "cycle",
            unique=True,
            postgresql_where=text("outcome = 'succeeded'"),
        ),
    )
