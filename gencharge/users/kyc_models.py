"""The table of requests for a higher KYC tier."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, DateTime, Index, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from gencharge.core.postgres.database import Base, stamp


class KycDocument(StrEnum):
    """What a customer shows: the officially valid documents (RBI Master Direction on KYC, section 3), and the PAN."""

    PASSPORT = "passport"
    DRIVING_LICENCE = "driving_licence"
    VOTER_ID = "voter_id"
    AADHAAR = "aadhaar"
    PAN = "pan"


class KycRequestStatus(StrEnum):
    """Where a request stands."""

    PENDING = "pending"
    APPROVED = "approved"
    REJECTED = "rejected"


class KycRequest(Base):
    """A customer's request for a higher tier. No number and no picture of a document is kept: only which one is shown."""

    __tablename__ = "kyc_requests"

    user_id: Mapped[UUID] = mapped_column(primary_key=True)
    kyc_request_id: Mapped[UUID] = mapped_column(primary_key=True)
    tier: Mapped[str] = mapped_column(Text)
    document: Mapped[str] = mapped_column(Text)
    status: Mapped[str] = mapped_column(Text, server_default=KycRequestStatus.PENDING.value)
    decided_by: Mapped[UUID | None]
    decided_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    # Approved: the evidence that was seen. Rejected: why.
    decision_note: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = stamp()

    __table_args__ = (
        CheckConstraint("tier IN ('full')", name="tier"),
        CheckConstraint("status IN ('pending', 'approved', 'rejected')", name="status"),
        CheckConstraint(
            "(status = 'pending') = (decided_at IS NULL) AND num_nulls(decided_by, decided_at, decision_note) IN (0, 3)",
            name="decided",
        ),
        Index("uq_kyc_requests_pending", "user_id", unique=True, postgresql_where=text("status = 'pending'")),
        Index("ix_kyc_requests_all", "status", "created_at", "kyc_request_id"),
    )
