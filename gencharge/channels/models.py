"""The channels over which operators are reached (a reference table), and the recharges sent over them."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    SmallInteger,
    Text,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from gencharge.channels.answers import PartPayment
from gencharge.core.http.etags import Stamped
from gencharge.core.postgres.database import Base, stamp

__all__ = [
    "AttemptOutcome",
    "ChannelBreaker",
    "ChannelFloat",
    "Fulfilment",
    "FulfilmentState",
    "OperatorAttempt",
    "OperatorChannel",
    "OperatorReference",
    "PartPayment",
]


class OperatorChannel(Stamped, Base):
    """One way to an operator: its own API, or an aggregator's. No column holds a secret.

    Of an operator's channels those with the lowest `priority` are tried first; `weight` divides the recharges among
    those of one priority. Amounts in paise; the commission in basis points of what the customer paid.
    """

    __tablename__ = "operator_channels"

    code: Mapped[str] = mapped_column(Text, primary_key=True)
    operator: Mapped[str] = mapped_column(ForeignKey("operators.code"))
    name: Mapped[str] = mapped_column(Text)
    # None until a second admin has approved an address; nothing is sent before.
    url: Mapped[str | None] = mapped_column(Text)
    # The address that waits for approval, who entered it, and when.
    pending_url: Mapped[str | None] = mapped_column(Text)
    pending_by: Mapped[UUID | None]
    pending_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    priority: Mapped[int] = mapped_column(Integer, server_default="10")
    weight: Mapped[int] = mapped_column(Integer, server_default="100")
    min_amount: Mapped[int] = mapped_column(BigInteger, server_default="1")
    max_amount: Mapped[int] = mapped_column(BigInteger, server_default="10000000")
    commission_bp: Mapped[int] = mapped_column(Integer, server_default="0")
    is_active: Mapped[bool] = mapped_column(Boolean, server_default=text("true"))
    # Why somebody set it to inactive.
    pause_reason: Mapped[str | None] = mapped_column(Text)
    # Our balance at the operator is low below so many paise; 0: nobody is told.
    low_float: Mapped[int] = mapped_column(BigInteger, server_default="5000000")
    # Its secrets are derived (`signing`); those of the version before are accepted, too, until then.
    secret_version: Mapped[int] = mapped_column(Integer, server_default="1")
    previous_secret_until: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    created_at: Mapped[datetime] = stamp()
    updated_at: Mapped[datetime] = stamp()

    __table_args__ = (
        CheckConstraint("secret_version > 0", name="secret_version"),
        CheckConstraint("code ~ '^[a-z0-9-]{2,40}$'", name="code"),
        CheckConstraint("priority >= 0 AND weight > 0", name="order"),
        CheckConstraint("0 < min_amount AND min_amount <= max_amount", name="amounts"),
        CheckConstraint("num_nulls(pending_url, pending_by, pending_at) IN (0, 3)", name="pending"),
        CheckConstraint("commission_bp >= 0 AND commission_bp < 10000", name="commission"),
        CheckConstraint("low_float >= 0", name="low_float"),
    )


class ChannelFloat(Base):
    """Our balance at a channel, from which the operator takes what it delivers, as it said when it was asked last. In paise."""

    __tablename__ = "channel_floats"

    channel: Mapped[str] = mapped_column(Text, primary_key=True)
    # What the last usable answer said, and when. Null until there is one.
    balance: Mapped[int | None] = mapped_column(BigInteger)
    answered_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    asked_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    # Why the last question has no usable answer.
    failure: Mapped[str | None] = mapped_column(Text)
    low_since: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))

    __table_args__ = (CheckConstraint("num_nulls(balance, answered_at) IN (0, 2)", name="answered"),)


class ChannelBreaker(Base):
    """A circuit breaker that a process opened: it sends the channel nothing, or only a probe. Each process has its own.

    A process that ends closes nothing, so a row counts until `expires_at` only.
    """

    __tablename__ = "channel_breakers"

    channel: Mapped[str] = mapped_column(Text, primary_key=True)
    # A name that the process gave itself when it started.
    process: Mapped[UUID] = mapped_column(primary_key=True)
    opened_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    # When its next probe may go out.
    open_until: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    expires_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    failures: Mapped[int] = mapped_column(Integer)
    closed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    # When the staff were told, if it was this one that they were told of.
    alerted_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class FulfilmentState(StrEnum):
    """How far the operator is with a recharge."""

    DUE = "due"  # to be submitted; no channel is chosen yet
    SUBMITTING = "submitting"  # a submission was started; after a crash it counts as unknown
    PENDING = "pending"  # the operator accepted it; its outcome is not known
    UNKNOWN = "unknown"  # no usable answer: the operator is asked again and again
    SETTLED = "settled"  # delivered
    FAILED = "failed"  # proven not delivered


class Fulfilment(Base):
    """A recharge on its way to an operator: the row that the dispatcher claims when it is due."""

    __tablename__ = "fulfilments"

    user_id: Mapped[UUID] = mapped_column(primary_key=True)
    recharge_id: Mapped[UUID] = mapped_column(primary_key=True)
    phone_number: Mapped[str] = mapped_column(Text)
    operator: Mapped[str] = mapped_column(Text)
    # One of the two: what is bought, or the operator's own name for the bill that is paid.
    plan_id: Mapped[UUID | None]
    bill_reference: Mapped[str | None] = mapped_column(Text)
    amount: Mapped[int] = mapped_column(BigInteger)
    state: Mapped[str] = mapped_column(Text)
    # The number of submissions that were started; each has a row in `operator_attempts`.
    attempt: Mapped[int] = mapped_column(SmallInteger, server_default="0")
    channel: Mapped[str | None] = mapped_column(Text)
    reference: Mapped[str | None] = mapped_column(Text)
    # How often the operator was asked about the present attempt.
    asked: Mapped[int] = mapped_column(SmallInteger, server_default="0")
    next_attempt_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    leased_until: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    # When the staff were alerted that it takes too long.
    alerted_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    created_at: Mapped[datetime] = stamp()
    last_error: Mapped[str] = mapped_column(Text, server_default="")
    # The span that queued it, while tracing is on (`core.tracing`).
    traceparent: Mapped[str | None] = mapped_column(Text)

    __table_args__ = (
        CheckConstraint("char_length(traceparent) = 55", name="traceparent"),
        CheckConstraint(
            "state IN ('due', 'submitting', 'pending', 'unknown', 'settled', 'failed')", name="state"
        ),
        CheckConstraint("(next_attempt_at IS NULL) = (state IN ('settled', 'failed'))", name="due"),
        Index("ix_fulfilments_due", "next_attempt_at", postgresql_where=text("next_attempt_at IS NOT NULL")),
    )


class AttemptOutcome(StrEnum):
    """How a submission ended, as far as it is proven."""

    DELIVERED = "delivered"
    REFUSED = "refused"  # the operator has not delivered it and never will
    NOT_SENT = "not_sent"  # it never reached the operator


class OperatorAttempt(Base):
    """One submission to an operator, under a reference of its own. Without an outcome its end is not known."""

    __tablename__ = "operator_attempts"

    user_id: Mapped[UUID] = mapped_column(primary_key=True)
    recharge_id: Mapped[UUID] = mapped_column(primary_key=True)
    attempt: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    channel: Mapped[str] = mapped_column(Text)
    reference: Mapped[str] = mapped_column(Text)
    outcome: Mapped[str | None] = mapped_column(Text)
    operator_reference: Mapped[str | None] = mapped_column(Text)
    reason: Mapped[str | None] = mapped_column(Text)
    started_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    ended_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))

    __table_args__ = (
        CheckConstraint("outcome IN ('delivered', 'refused', 'not_sent')", name="outcome"),
        Index("ix_operator_attempts_statement", "channel", "started_at"),
        Index(
            "ix_operator_attempts_operator_reference",
            "operator_reference",
            postgresql_where=text("operator_reference IS NOT NULL"),
        ),
    )


class OperatorReference(Base):
    """The recharge and attempt of a reference: callbacks and statements give nothing else."""

    __tablename__ = "operator_references"

    reference: Mapped[str] = mapped_column(Text, primary_key=True)
    user_id: Mapped[UUID]
    recharge_id: Mapped[UUID]
    attempt: Mapped[int] = mapped_column(SmallInteger)
