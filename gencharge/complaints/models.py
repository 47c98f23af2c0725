"""The table of complaints."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, DateTime, Index, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from gencharge.core.postgres.database import Base, stamp


class ComplaintReason(StrEnum):
    """What is wrong with a recharge."""

    NOT_DELIVERED = "not_delivered"  # paid, and the plan does not run
    CHARGED_TWICE = "charged_twice"
    WRONG_AMOUNT = "wrong_amount"
    REFUND_MISSING = "refund_missing"  # it failed or was refunded, and the money is not there
    WRONG_PLAN = "wrong_plan"
    BENEFITS_MISSING = "benefits_missing"  # the plan runs without all that it promised


class ComplaintStatus(StrEnum):
    """Where a complaint stands."""

    OPEN = "open"
    UPHELD = "upheld"  # the customer was right
    REJECTED = "rejected"


class Complaint(Base):
    """A customer's complaint about a recharge. Without words of theirs: these are an enquiry (`contact`)."""

    __tablename__ = "complaints"

    user_id: Mapped[UUID] = mapped_column(primary_key=True)
    complaint_id: Mapped[UUID] = mapped_column(primary_key=True)
    recharge_id: Mapped[UUID]
    operator: Mapped[str] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text)
    status: Mapped[str] = mapped_column(Text, server_default=ComplaintStatus.OPEN.value)
    due_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    assignee_id: Mapped[UUID | None]
    resolved_by: Mapped[UUID | None]
    resolved_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    # What the customer is told.
    resolution_note: Mapped[str | None] = mapped_column(Text)
    # The adjustment that pays the compensation once a second admin approves it (`wallet`).
    adjustment_id: Mapped[UUID | None]
    created_at: Mapped[datetime] = stamp()

    __table_args__ = (
        CheckConstraint("status IN ('open', 'upheld', 'rejected')", name="status"),
        CheckConstraint(
            "(status = 'open') = (resolved_at IS NULL) AND num_nulls(resolved_by, resolved_at, resolution_note) IN (0, 3)",
            name="resolved",
        ),
        CheckConstraint("adjustment_id IS NULL OR status = 'upheld'", name="compensation"),
        Index(
            "uq_complaints_open",
            "user_id",
            "recharge_id",
            unique=True,
            postgresql_where=text("status = 'open'"),
        ),
        Index("ix_complaints_complaint_id", "complaint_id"),
        Index("ix_complaints_all", "status", "due_at", "complaint_id"),
    )
