"""Tables of the payments. Amounts in paise."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    DateTime,
    Index,
    LargeBinary,
    SmallInteger,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from gencharge.core.postgres.database import Base, stamp
from gencharge.core.vault.columns import Sealed, SealedText


class PaymentPurpose(StrEnum):
    """What a payment is for."""

    TOPUP = "topup"  # the wallet
    RECHARGE = "recharge"  # the gateway's part of a recharge, `reference_id`


class GatewayMethod(StrEnum):
    """How money comes in through the gateway."""

    UPI = "upi"
    CARD = "card"
    NETBANKING = "netbanking"


class PaymentStatus(StrEnum):
    """The state of a payment. It only moves forward: a late or repeated report changes nothing."""

    CREATED = "created"  # it has an order, or is about to get one; nobody has paid
    AUTHORIZED = "authorized"  # the customer authorized it; it is not captured yet
    FAILED = "failed"  # declined or abandoned; a later capture still counts
    CAPTURED = "captured"  # we have the money
    PARTIALLY_REFUNDED = "partially_refunded"
    REFUNDED = "refunded"  # in full


class RefundStatus(StrEnum):
    """The state of a refund to the source. Its money is held from the start."""

    CREATED = "created"  # to be sent to the gateway
    PROCESSING = "processing"  # the gateway has it
    PROCESSED = "processed"  # the money has left
    FAILED = "failed"  # it could not be paid out; the money is in the wallet again


class Payment(Base):
    """One payment through the gateway: its order and its state."""

    __tablename__ = "payments"

    user_id: Mapped[UUID] = mapped_column(primary_key=True)
    payment_id: Mapped[UUID] = mapped_column(primary_key=True)
    purpose: Mapped[str] = mapped_column(Text)
    # The recharge that it pays.
    reference_id: Mapped[UUID | None]
    amount: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str] = mapped_column(Text, server_default="INR")
    method: Mapped[str] = mapped_column(Text)
    # The number, the kind of connection and the operator of that recharge, for the ledger's row.
    phone_number: Mapped[str | None] = mapped_column(Text)
    service_type: Mapped[str | None] = mapped_column(Text)
    operator: Mapped[str | None] = mapped_column(Text)
    source: Mapped[str] = mapped_column(Text)
    status: Mapped[str] = mapped_column(Text)
    gateway: Mapped[str] = mapped_column(Text)
    # The gateway's ids; null until it has answered.
    order_id: Mapped[str | None] = mapped_column(Text)
    gateway_payment_id: Mapped[str | None] = mapped_column(Text)
    # The bank's own: the RRN of a UPI payment, the transaction of net banking. It is what customers quote as the UTR.
    bank_reference: Mapped[str | None] = mapped_column(Text)
    refunded_amount: Mapped[int] = mapped_column(BigInteger, server_default="0")
    idempotency_key: Mapped[str] = mapped_column(Text)
    request_hash: Mapped[bytes] = mapped_column(LargeBinary)
    failure_reason: Mapped[str | None] = mapped_column(Text)
    # As of the recharge that it pays, or the top-up's own (core.http.references).
    caller_reference: Mapped[str | None] = mapped_column(Text)
    caller_metadata: Mapped[Sealed | None] = mapped_column(SealedText)
    created_at: Mapped[datetime] = stamp()
    updated_at: Mapped[datetime] = stamp()
    captured_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    # When the gateway is asked for its state, unless a webhook comes first; null once the state is final.
    next_check_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    leased_until: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    checks: Mapped[int] = mapped_column(SmallInteger, server_default="0")
    # Of a payment that is charged to a mandate: which one, and when the gateway was asked to.
    mandate_id: Mapped[UUID | None]
    charged_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))

    __table_args__ = (
        CheckConstraint("(mandate_id IS NULL) = (charged_at IS NULL)", name="charged"),
        CheckConstraint("amount > 0", name="amount"),
        CheckConstraint("refunded_amount >= 0 AND refunded_amount <= amount", name="refunded"),
        CheckConstraint("purpose IN ('topup', 'recharge')", name="purpose"),
        CheckConstraint(
            "status IN ('created', 'authorized', 'failed', 'captured', 'partially_refunded', 'refunded')",
            name="status",
        ),
        Index("uq_payments_idempotency_key", "user_id", "idempotency_key", unique=True),
        Index("ix_payments_history", "user_id", "created_at", "payment_id"),
        Index("ix_payments_all", "created_at", "payment_id"),
        # A recharge that was refused leaves a payment behind, and may be asked for again with the same reference.
        Index(
            "uq_payments_caller_reference",
            "user_id",
            "caller_reference",
            unique=True,
            postgresql_where=text("caller_reference IS NOT NULL AND purpose = 'topup'"),
        ),
        Index(
            "ix_payments_caller_reference",
            "caller_reference",
            postgresql_where=text("caller_reference IS NOT NULL"),
        ),
        Index(
            "ix_payments_caller_metadata",
            "user_id",
            "payment_id",
            postgresql_where=text("caller_metadata IS NOT NULL"),
        ),
        Index(
            "ix_payments_bank_reference",
            "bank_reference",
            postgresql_where=text("bank_reference IS NOT NULL"),
        ),
        Index(
            "ix_payments_gateway_payment_id",
            "gateway_payment_id",
            postgresql_where=text("gateway_payment_id IS NOT NULL"),
        ),
        Index("ix_payments_due", "next_check_at", postgresql_where=text("next_check_at IS NOT NULL")),
    )


class PaymentOrder(Base):
    """Whose payment an order of the gateway is: webhooks and statements name only the order."""

    __tablename__ = "payment_orders"

    order_id: Mapped[str] = mapped_column(Text, primary_key=True)
    gateway: Mapped[str] = mapped_column(Text)
    user_id: Mapped[UUID]
    payment_id: Mapped[UUID]


class GatewayEvent(Base):
    """A webhook of the gateway by its event id: taken once, however often it is sent. Kept until it can be applied."""

    __tablename__ = "gateway_events"

    event_id: Mapped[str] = mapped_column(Text, primary_key=True)
    gateway: Mapped[str] = mapped_column(Text)
    kind: Mapped[str] = mapped_column(Text)
    order_id: Mapped[str | None] = mapped_column(Text)
    body: Mapped[dict[str, dict[str, str | int]]] = mapped_column(JSONB)
    received_at: Mapped[datetime] = stamp()
    # An EventOutcome; null while the order or refund that it names is unknown.
    outcome: Mapped[str | None] = mapped_column(Text)
    attempts: Mapped[int] = mapped_column(SmallInteger, server_default="0")
    next_attempt_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))

    __table_args__ = (
        Index("ix_gateway_events_order", "order_id"),
        Index(
            "ix_gateway_events_due", "next_attempt_at", postgresql_where=text("next_attempt_at IS NOT NULL")
        ),
    )


class Refund(Base):
    """A refund to where a payment came from. `from_account` holds its money until it is paid out."""

    __tablename__ = "refunds"

    user_id: Mapped[UUID] = mapped_column(primary_key=True)
    refund_id: Mapped[UUID] = mapped_column(primary_key=True)
    payment_id: Mapped[UUID]
    # The gateway's payment that is refunded: the payment's own, or another capture of the same order.
    gateway_payment_id: Mapped[str] = mapped_column(Text)
    amount: Mapped[int] = mapped_column(BigInteger)
    status: Mapped[str] = mapped_column(Text)
    from_account: Mapped[str] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text)
    requested_by: Mapped[str] = mapped_column(Text)
    idempotency_key: Mapped[str] = mapped_column(Text)
    request_hash: Mapped[bytes] = mapped_column(LargeBinary)
    gateway_refund_id: Mapped[str | None] = mapped_column(Text)
    failure_reason: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = stamp()
    completed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    next_attempt_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    leased_until: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    attempts: Mapped[int] = mapped_column(SmallInteger, server_default="0")

    __table_args__ = (
        CheckConstraint("amount > 0", name="amount"),
        CheckConstraint("status IN ('created', 'processing', 'processed', 'failed')", name="status"),
        CheckConstraint("(next_attempt_at IS NULL) = (status IN ('processed', 'failed'))", name="due"),
        Index("uq_refunds_idempotency_key", "user_id", "idempotency_key", unique=True),
        Index("ix_refunds_refund_id", "refund_id"),
        Index(
            "ix_refunds_gateway_refund_id",
            "gateway_refund_id",
            postgresql_where=text("gateway_refund_id IS NOT NULL"),
        ),
        Index("ix_refunds_payment", "user_id", "payment_id"),
        Index("ix_refunds_due", "next_attempt_at", postgresql_where=text("next_attempt_at IS NOT NULL")),
    )
