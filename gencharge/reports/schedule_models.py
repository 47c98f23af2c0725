"""The table of scheduled reports."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, CheckConstraint, DateTime, Index, SmallInteger, Text, Uuid
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from gencharge.core.postgres.database import Base


class ReportSchedule(Base):
    """A report that is made again and again, for each recipient with their own rights. `recipients` are admins."""

    __tablename__ = "report_schedules"

    schedule_id: Mapped[UUID] = mapped_column(primary_key=True)
    created_by: Mapped[UUID]
    report: Mapped[str] = mapped_column(Text)
    file_format: Mapped[str] = mapped_column(Text)
    # Columns, and the filters that were given; those of the time come with each slot.
    query: Mapped[dict[str, Any]] = mapped_column(JSONB)
    every: Mapped[str] = mapped_column(Text)
    # In India.
    hour: Mapped[int] = mapped_column(SmallInteger)
    weekday: Mapped[int] = mapped_column(SmallInteger)
    month_day: Mapped[int] = mapped_column(SmallInteger)
    recipients: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid))
    # Null: it ended, because who made it may have no reports made any more.
    next_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))

    __table_args__ = (
        CheckConstraint("every IN ('day', 'week', 'month')", name="every"),
        CheckConstraint(
            "hour BETWEEN 0 AND 23 AND weekday BETWEEN 1 AND 7 AND month_day BETWEEN 1 AND 28", name="slot"
        ),
        Index("ix_report_schedules_next_at", "next_at"),
        Index("ix_report_schedules_created_by", "created_by", "created_at", "schedule_id"),
    )
