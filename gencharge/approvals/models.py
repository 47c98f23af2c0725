"""The table of approvals."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, DateTime, Index, LargeBinary, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from gencharge.core.postgres.database import Base, stamp


class ApprovalStatus(StrEnum):
    """Where a request stands."""

    PENDING = "pending"
    APPROVED = "approved"
    REJECTED = "rejected"
    CANCELLED = "cancelled"  # by the admin who made it
    EXPIRED = "expired"


class Approval(Base):
    """An act that one admin requests and another one decides on. At most one request for a target is pending."""

    __tablename__ = "approvals"

    approval_id: Mapped[UUID] = mapped_column(primary_key=True)
    act: Mapped[str] = mapped_column(Text)
    # What it is about: `payment:0198...`.
    target: Mapped[str] = mapped_column(Text)
    # What will be done, in a sentence.
    summary: Mapped[str] = mapped_column(Text)
    # The same as a sentence and its values, for another language; null: it is in English only.
    wording: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    reason: Mapped[str] = mapped_column(Text)
    # Whose numbers it concerns; null: not one operator's.
    operator: Mapped[str | None] = mapped_column(Text)
    # What the act gets; empty once it is decided.
    payload: Mapped[dict[str, Any]] = mapped_column(JSONB)
    requested_by: Mapped[UUID]
    # The Idempotency-Key of the request and the SHA-256 of its body, if the act takes one.
    idempotency_key: Mapped[str | None] = mapped_column(Text)
    request_hash: Mapped[bytes | None] = mapped_column(LargeBinary)
    requested_at: Mapped[datetime] = stamp()
    expires_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    status: Mapped[str] = mapped_column(Text, server_default=ApprovalStatus.PENDING.value)
    decided_by: Mapped[UUID | None]
    decided_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    decision_note: Mapped[str | None] = mapped_column(Text)

    __table_args__ = (
        CheckConstraint(
            "status IN ('pending', 'approved', 'rejected', 'cancelled', 'expired')", name="status"
        ),
        CheckConstraint(
            "status <> 'approved' OR decided_by IS DISTINCT FROM requested_by AND decided_by IS NOT NULL",
            name="four_eyes",
        ),
        CheckConstraint("(status = 'pending') = (decided_at IS NULL)", name="decided"),
        Index(
            "uq_approvals_pending", "act", "target", unique=True, postgresql_where=text("status = 'pending'")
        ),
        Index("uq_approvals_key", "requested_by", "idempotency_key", unique=True),
        Index("ix_approvals_requested_at", "requested_at", "approval_id"),
    )
