"""The table of report files."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, DateTime, Index, SmallInteger, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from gencharge.core.postgres.database import Base


class FileStatus(StrEnum):
    """Where a report's file stands."""

    WAITING = "waiting"  # for a worker
    RUNNING = "running"
    READY = "ready"  # it can be taken, until `expires_at`
    FAILED = "failed"
    CANCELLED = "cancelled"  # by the admin who asked for it


class ReportFile(Base):
    """A report that a worker makes for an admin. There is a file under its key from `ready` on, and not before."""

    __tablename__ = "report_files"

    file_id: Mapped[UUID] = mapped_column(primary_key=True)
    requested_by: Mapped[UUID]
    # Of a scheduled report: what asked for it in the admin's name.
    schedule_id: Mapped[UUID | None]
    report: Mapped[str] = mapped_column(Text)
    file_format: Mapped[str] = mapped_column(Text)
    # The query as it was given: filters and columns. Of a file that is ready, also the rights that it was made with.
    query: Mapped[dict[str, Any]] = mapped_column(JSONB)
    status: Mapped[str] = mapped_column(Text, server_default=FileStatus.WAITING.value)
    # So far; and how many there are, if that could be told.
    rows: Mapped[int] = mapped_column(BigInteger, server_default="0")
    total_rows: Mapped[int | None] = mapped_column(BigInteger)
    size_bytes: Mapped[int | None] = mapped_column(BigInteger)
    # The code of what went wrong.
    failure: Mapped[str | None] = mapped_column(Text)
    attempts: Mapped[int] = mapped_column(SmallInteger, server_default="0")
    leased_until: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    started_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    ended_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    # When the file is deleted; of one that is not made yet, when the request is.
    expires_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))

    __table_args__ = (
        CheckConstraint("status IN ('waiting', 'running', 'ready', 'failed', 'cancelled')", name="status"),
        Index("ix_report_files_requested_by", "requested_by", "created_at", "file_id"),
        Index(
            "ix_report_files_open",
            "created_at",
            postgresql_where=text("status IN ('waiting', 'running')"),
        ),
        Index("ix_report_files_expires_at", "expires_at"),
    )
