"""Recharges (owned by the customer who pays) and bought plans (owned by the number). Amounts in paise."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    DateTime,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    Text,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from gencharge.core.postgres.database import Base, stamp
from gencharge.core.vault.columns import Sealed, SealedText
from gencharge.recharge import quote_models as quote_models
from gencharge.recharge import reminder_models as reminder_models
from gencharge.recharge import segment_models as segment_models


class PaymentState(StrEnum):
    """The state of a recharge. After `delivered`, its plan has a state of its own."""

    PAYMENT_PENDING = "payment_pending"  # waits for the gateway
    PROCESSING = "processing"  # paid, on its way to the operator
    DELIVERED = "delivered"  # the operator delivered it; the plan is active, queued or over
    FAILED = "failed"  # proven not delivered and refunded, or never paid
    REFUNDED = "refunded"  # delivered, then refunded in full
    UNKNOWN = "unknown"  # no usable answer from the operator yet; it is being asked


class PlanState(StrEnum):
    """The state of a bought plan."""

    PENDING = "pending"  # paid or being paid; the operator has not confirmed it yet
    QUEUED = "queued"  # waits for the plan before it to end
    ACTIVE = "active"
    EXPIRED = "expired"  # its validity ended
    REPLACED = "replaced"  # the customer activated another plan in its place
    CANCELLED = "cancelled"  # its recharge was refunded


class RechargeStatus(StrEnum):
    """The status of a recharge with its plan, as customers and staff see it."""

    PAYMENT_PENDING = "payment_pending"
    PROCESSING = "processing"
    ACTIVE = "active"
    QUEUED = "queued"
    EXPIRED = "expired"
    REPLACED = "replaced"
    FAILED = "failed"
    REFUNDED = "refunded"
    CANCELLED = "cancelled"
    UNKNOWN = "unknown"
    PAID = "paid"  # the payment of a bill, which has no plan


class BillOutcome(StrEnum):
    """How paying a bill ended: paid for, replayed, or refused for this reason."""

    DONE = "done"
    REPLAYED = "replayed"
    IDEMPOTENCY_KEY_REUSED = "idempotency_key_reused"
    OPERATOR_DOWN = "operator_down"
    OPERATOR_CHANNEL_UNAVAILABLE = "operator_channel_unavailable"
    BILL_PAYMENT_PENDING = "bill_payment_pending"
    VELOCITY_LIMIT_EXCEEDED = "velocity_limit_exceeded"
    INSUFFICIENT_BALANCE = "insufficient_balance"


class SaleOutcome(StrEnum):
    """How a sale ended: made, replayed, or refused for this reason."""

    DONE = "done"
    REPLAYED = "replayed"
    IDEMPOTENCY_KEY_REUSED = "idempotency_key_reused"
    INSUFFICIENT_BALANCE = "insufficient_balance"
    PRICE_CHANGED = "price_changed"
    VELOCITY_LIMIT_EXCEEDED = "velocity_limit_exceeded"
    PLAN_NOT_FOUND = "plan_not_found"
    PLAN_INACTIVE = "plan_inactive"
    AMOUNT_INVALID = "amount_invalid"
    OPERATOR_MISMATCH = "operator_mismatch"
    SERVICE_TYPE_MISMATCH = "service_type_mismatch"
    CIRCLE_MISMATCH = "circle_mismatch"
    OPERATOR_DOWN = "operator_down"
    OPERATOR_CHANNEL_UNAVAILABLE = "operator_channel_unavailable"
    BASE_PLAN_REQUIRED = "base_plan_required"
    DUPLICATE_RECHARGE = "duplicate_recharge"
    OFFER_NOT_APPLICABLE = "offer_not_applicable"
    OFFER_CHANGED = "offer_changed"


class PayOutcome(StrEnum):
    """What a captured payment changed for its recharge."""

    QUEUED = "queued"  # for the dispatcher
    DELIVERED = "delivered"  # at once, in the operator's own system
    ALREADY = "already"
    ALREADY_FAILED = "already_failed"
    RETURNED = "returned"  # it had failed: the money is in the wallet
    NOT_FOUND = "not_found"


class DeliverOutcome(StrEnum):
    """What a proof of delivery changed for a recharge."""

    DELIVERED = "delivered"
    ALREADY = "already"
    ALREADY_FAILED = "already_failed"  # it had failed and was refunded
    NOT_FOUND = "not_found"


class FailOutcome(StrEnum):
    """What a proof of failure changed for a recharge."""

    FAILED = "failed"
    ALREADY = "already"
    DELIVERED = "delivered"  # it had been delivered; nothing was changed
    NOT_FOUND = "not_found"


class RefundOutcome(StrEnum):
    """What a refund changed for a recharge."""

    REFUNDED = "refunded"
    REPLAYED = "replayed"
    TOO_MUCH = "too_much"
    NOT_DELIVERED = "not_delivered"
    NOT_FOUND = "not_found"


class Recharge(Base):
    """One purchase, with the terms it was sold at."""

    __tablename__ = "recharges"

    user_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    idempotency_key: Mapped[str] = mapped_column(Text)
    request_hash: Mapped[bytes] = mapped_column(LargeBinary)
    phone_number: Mapped[str] = mapped_column(Text)
    # Null for the payment of a bill, whose `bill_id` is that of the customer's bill, version 0, category `bill`.
    plan_id: Mapped[UUID | None]
    plan_version: Mapped[int] = mapped_column(Integer)
    plan_name: Mapped[str] = mapped_column(Text)
    operator: Mapped[str] = mapped_column(Text)
    plan_type: Mapped[str] = mapped_column(Text)
    category: Mapped[str] = mapped_column(Text)
    price: Mapped[int] = mapped_column(BigInteger)
    # What the operator credits of an amount that the customer chose; null if the tariff did not say, and of a plan with one price.
    talktime: Mapped[int | None] = mapped_column(BigInteger)
    discount: Mapped[int] = mapped_column(BigInteger)
    wallet_amount: Mapped[int] = mapped_column(BigInteger)
    gateway_amount: Mapped[int] = mapped_column(BigInteger)
    status: Mapped[str] = mapped_column(Text)
    # The status in the first answer; a replay of the request gives it again.
    sold_status: Mapped[str] = mapped_column(Text)
    payment_method: Mapped[str] = mapped_column(Text)
    source: Mapped[str] = mapped_column(Text)
    activation_mode: Mapped[str] = mapped_column(Text)
    sold_valid_from: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    sold_valid_until: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    replaced_plan_name: Mapped[str | None] = mapped_column(Text)
    replaced_valid_until: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    balance_after: Mapped[int] = mapped_column(BigInteger)
    failure_reason: Mapped[str | None] = mapped_column(Text)
    # The operator's own reference, and the channel; null if it was delivered in the operator's own system.
    operator_reference: Mapped[str | None] = mapped_column(Text)
    channel: Mapped[str | None] = mapped_column(Text)
    # The gateway payment of `gateway_amount`.
    payment_id: Mapped[UUID | None]
    refunded_amount: Mapped[int] = mapped_column(BigInteger, server_default="0")
    # The offer that it was sold with, and what that gives back once it is delivered. `discount` is off the price.
    offer_id: Mapped[UUID | None]
    cashback: Mapped[int] = mapped_column(BigInteger, server_default="0")
    # The number's, as it was known at the sale; null if it was not. For figures only: no rule reads it.
    circle: Mapped[str | None] = mapped_column(Text)
    # The caller's own name for it, and what else they noted (core.http.references).
    caller_reference: Mapped[str | None] = mapped_column(Text)
    caller_metadata: Mapped[Sealed | None] = mapped_column(SealedText)
    bill_id: Mapped[UUID | None]
    created_at: Mapped[datetime] = stamp()
    completed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))

    __table_args__ = (
        CheckConstraint("price = discount + wallet_amount + gateway_amount", name="parts"),
        CheckConstraint("least(price, discount, wallet_amount, gateway_amount) >= 0", name="signs"),
        CheckConstraint(
            "refunded_amount >= 0 AND refunded_amount <= wallet_amount + gateway_amount", name="refunded"
        ),
        Index("uq_recharges_idempotency_key", "user_id", "idempotency_key", unique=True),
        Index("ix_recharges_history", "user_id", "created_at", "id"),
        # The staff's lists, over all customers.
        Index("ix_recharges_all", "created_at", "id"),
        Index("ix_recharges_of_number", "phone_number", "created_at", "id"),
        # Only what has a reference or metadata is in these, so a recharge without them writes none.
        Index(
            "uq_recharges_caller_reference",
            "user_id",
            "caller_reference",
            unique=True,
            postgresql_where=text("caller_reference IS NOT NULL"),
        ),
        Index(
            "ix_recharges_caller_reference",
            "caller_reference",
            postgresql_where=text("caller_reference IS NOT NULL"),
        ),
        Index(
            "ix_recharges_caller_metadata",
            "user_id",
            "id",
            postgresql_where=text("caller_metadata IS NOT NULL"),
        ),
        Index(
            "ix_recharges_not_delivered",
            "status",
            "created_at",
            "id",
            postgresql_where=text("status <> 'delivered'"),
        ),
    )


class Line(Base):
    """A number that was recharged at least once. Its row is the lock for changes to the number's plans."""

    __tablename__ = "lines"

    phone_number: Mapped[str] = mapped_column(Text, primary_key=True)


class ActivePlan(Base):
    """A plan bought for a number: queued, active or over. At most one base plan of a number is active."""

    __tablename__ = "active_plans"

    phone_number: Mapped[str] = mapped_column(Text, primary_key=True)
    recharge_id: Mapped[UUID] = mapped_column(primary_key=True)
    user_id: Mapped[UUID]
    plan_id: Mapped[UUID]
    plan_version: Mapped[int] = mapped_column(Integer)
    plan_name: Mapped[str] = mapped_column(Text)
    operator: Mapped[str] = mapped_column(Text)
    plan_type: Mapped[str] = mapped_column(Text)
    category: Mapped[str] = mapped_column(Text)
    circle: Mapped[str | None] = mapped_column(Text)
    is_addon: Mapped[bool] = mapped_column(Boolean)
    status: Mapped[str] = mapped_column(Text)
    validity_count: Mapped[int | None] = mapped_column(Integer)
    validity_unit: Mapped[str] = mapped_column(Text)
    valid_from: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    valid_until: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    created_at: Mapped[datetime] = stamp()
    ended_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    # Its place in the number's queue once somebody changed the order; without one it comes after those that have one.
    queue_rank: Mapped[int | None] = mapped_column(SmallInteger)

    __table_args__ = (
        CheckConstraint("status <> 'active' OR valid_until IS NOT NULL", name="active_ends"),
        Index(
            "uq_active_plans_base",
            "phone_number",
            unique=True,
            postgresql_where=text("status = 'active' AND NOT is_addon"),
        ),
        Index(
            "ix_active_plans_due",
            "valid_until",
            "recharge_id",
            postgresql_where=text("status = 'active'"),
        ),
        Index(
            "ix_active_plans_current",
            "status",
            "created_at",
            "recharge_id",
            postgresql_where=text("status IN ('active', 'queued')"),
        ),
        Index(
            "ix_active_plans_queued", "phone_number", "created_at", postgresql_where=text("status = 'queued'")
        ),
    )


class BillPayment(Base):
    """A payment of a number's bill: at most one of a bill is on its way, also if two customers pay it."""

    __tablename__ = "bill_payments"

    phone_number: Mapped[str] = mapped_column(Text, primary_key=True)
    recharge_id: Mapped[UUID] = mapped_column(primary_key=True)
    user_id: Mapped[UUID]
    operator: Mapped[str] = mapped_column(Text)
    bill_reference: Mapped[str] = mapped_column(Text)
    amount: Mapped[int] = mapped_column(BigInteger)
    status: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = stamp()
    ended_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))

    __table_args__ = (
        CheckConstraint("amount > 0", name="amount"),
        # Unpaid: the gateway has not collected it, so it is on its way to nobody.
        CheckConstraint("status IN ('unpaid', 'pending', 'paid', 'failed')", name="status"),
        CheckConstraint("(status IN ('unpaid', 'pending')) = (ended_at IS NULL)", name="ended"),
        Index("ix_bill_payments_bill_reference", "bill_reference"),
        Index(
            "uq_bill_payments_pending",
            "phone_number",
            "operator",
            "bill_reference",
            unique=True,
            postgresql_where=text("status = 'pending'"),
        ),
    )


class RechargeRefund(Base):
    """A refund of a delivered recharge, or of a part of it, by an admin. Written once."""

    __tablename__ = "recharge_refunds"

    user_id: Mapped[UUID] = mapped_column(primary_key=True)
    refund_id: Mapped[UUID] = mapped_column(primary_key=True)
    recharge_id: Mapped[UUID]
    amount: Mapped[int] = mapped_column(BigInteger)
    destination: Mapped[str] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text)
    requested_by: Mapped[UUID]
    idempotency_key: Mapped[str] = mapped_column(Text)
    request_hash: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime] = stamp()

    __table_args__ = (
        CheckConstraint("amount > 0", name="amount"),
        CheckConstraint("destination IN ('wallet', 'source')", name="destination"),
        Index("uq_recharge_refunds_idempotency_key", "user_id", "idempotency_key", unique=True),
        Index("ix_recharge_refunds_refund_id", "refund_id"),
    )
