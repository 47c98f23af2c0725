"""Endpoints of integrators (a reference table), what is to be sent to them, and each attempt."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    DateTime,
    Index,
    Integer,
    SmallInteger,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from gencharge.core.http.etags import Stamped
from gencharge.core.postgres.database import Base, stamp
from gencharge.core.vault.columns import Sealed, SealedBytes, SealedText

# What secrets were sealed for before there were data keys.
_OLDER_PURPOSE: Final = "gencharge webhook secret"


class WebhookDeliveryStatus(StrEnum):
    """The state of a message."""

    PENDING = "pending"  # to be sent, now or after a pause
    DELIVERED = "delivered"  # the endpoint answered 2xx
    FAILED = "failed"  # it did not within three days
    DISCARDED = "discarded"  # its endpoint was disabled for three days, or deleted


class WebhookEndpoint(Stamped, Base):
    """Where an integrator listens. Secrets are encrypted (`core.vault`)."""

    __tablename__ = "webhook_endpoints"

    endpoint_id: Mapped[UUID] = mapped_column(primary_key=True)
    url: Mapped[str] = mapped_column(Text)
    description: Mapped[str] = mapped_column(Text, server_default="")
    # Who is told when it is disabled and when it is back.
    contact_email: Mapped[str | None] = mapped_column(Text)
    # Patterns of types: `recharge.*`, `payment.captured`.
    events: Mapped[list[str]] = mapped_column(ARRAY(Text))
    # Only what concerns these operators; empty: all.
    operators: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default="{}")
    is_active: Mapped[bool] = mapped_column(Boolean, server_default=text("true"))
    secret: Mapped[Sealed] = mapped_column(SealedBytes(_OLDER_PURPOSE))
    # The previous secret signs, too, until then.
    previous_secret: Mapped[Sealed | None] = mapped_column(SealedBytes(_OLDER_PURPOSE))
    previous_valid_until: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    # Failures in a row, one a pause; since when; and until when it gets no message.
    failures: Mapped[int] = mapped_column(Integer, server_default="0")
    failing_since: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    paused_until: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    disabled_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    disabled_reason: Mapped[str | None] = mapped_column(Text)
    # Since when the staff know that its messages wait for too long; None once they do not any more.
    overdue_alerted_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    created_at: Mapped[datetime] = stamp()
    updated_at: Mapped[datetime] = stamp()

    __table_args__ = (
        CheckConstraint("is_active = (disabled_at IS NULL)", name="disabled"),
        CheckConstraint("(previous_secret IS NULL) = (previous_valid_until IS NULL)", name="previous"),
    )


class WebhookDelivery(Base):
    """One message for one endpoint: the row that the loop leases when it is due. Its id is the `webhook-id`."""

    __tablename__ = "webhook_deliveries"

    endpoint_id: Mapped[UUID] = mapped_column(primary_key=True)
    delivery_id: Mapped[UUID] = mapped_column(primary_key=True)
    event_id: Mapped[UUID]
    type: Mapped[str] = mapped_column(Text)
    # The text that is signed, the same at each attempt.
    body: Mapped[Sealed] = mapped_column(SealedText)
    status: Mapped[str] = mapped_column(Text, server_default="pending")
    # How many attempts were begun.
    attempts: Mapped[int] = mapped_column(SmallInteger, server_default="0")
    # The same since it was last redelivered; the pause depends on it.
    tries: Mapped[int] = mapped_column(SmallInteger, server_default="0")
    next_attempt_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    leased_until: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    expires_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    completed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    # The span that queued it, while tracing is on (`core.tracing`).
    traceparent: Mapped[str | None] = mapped_column(Text)

    __table_args__ = (
        CheckConstraint("char_length(traceparent) = 55", name="traceparent"),
        CheckConstraint("status IN ('pending', 'delivered', 'failed', 'discarded')", name="status"),
        CheckConstraint("(next_attempt_at IS NOT NULL) = (status = 'pending')", name="due"),
        # An event becomes one message for an endpoint, however often it is delivered to the listener.
        Index("uq_webhook_deliveries_event", "endpoint_id", "event_id", unique=True),
        Index(
            "ix_webhook_deliveries_due",
            "endpoint_id",
            "next_attempt_at",
            postgresql_where=text("status = 'pending'"),
        ),
        Index("ix_webhook_deliveries_expiring", "expires_at", postgresql_where=text("status = 'pending'")),
        Index("ix_webhook_deliveries_id", "delivery_id"),
        # The staff's lists.
        Index("ix_webhook_deliveries_all", "created_at", "delivery_id"),
        Index("ix_webhook_deliveries_of_endpoint", "endpoint_id", "created_at", "delivery_id"),
        Index(
            "ix_webhook_deliveries_not_delivered",
            "status",
            "created_at",
            "delivery_id",
            postgresql_where=text("status <> 'delivered'"),
        ),
    )


class WebhookAttempt(Base):
    """One attempt and what the endpoint answered. An attempt whose worker died is missing."""

    __tablename__ = "webhook_attempts"

    endpoint_id: Mapped[UUID] = mapped_column(primary_key=True)
    delivery_id: Mapped[UUID] = mapped_column(primary_key=True)
    attempt: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    url: Mapped[str] = mapped_column(Text)
    started_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    duration_ms: Mapped[int] = mapped_column(Integer)
    response_status: Mapped[int | None] = mapped_column(Integer)
    # The first 1,000 bytes of the answer.
    response: Mapped[Sealed] = mapped_column(SealedText, server_default="")
    # Why there was no answer.
    error: Mapped[str] = mapped_column(Text, server_default="")

    __table_args__ = (Index("ix_webhook_attempts_started", "started_at"),)
