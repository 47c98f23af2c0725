"""Requests to give a recharge's money back without its operator's word, which a second admin must agree to."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import DateTime, Text
from sqlalchemy.orm import Mapped, mapped_column

from gencharge.core.postgres.database import Base


class ResolutionRequest(Base):
    """One admin asked for it. Gone once another one did the same; after `expires_at` it counts for nothing."""

    __tablename__ = "resolution_requests"

    user_id: Mapped[UUID] = mapped_column(primary_key=True)
    recharge_id: Mapped[UUID] = mapped_column(primary_key=True)
    requested_by: Mapped[UUID]
    reason: Mapped[str] = mapped_column(Text)
    requested_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    expires_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
