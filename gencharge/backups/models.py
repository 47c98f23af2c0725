"""The tables of the work on backups. The backups themselves are in their storage, and that is the list."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, DateTime, Index, SmallInteger, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from gencharge.core.postgres.database import Base


class RunKind(StrEnum):
    """What a worker does."""

    CREATE = "create"
    VERIFY = "verify"
    RESTORE = "restore"  # into new databases
    RESTORE_IN_PLACE = "restore_in_place"  # in the place of the live ones


class RunStatus(StrEnum):
    """Where it stands."""

    WAITING = "waiting"  # for a worker
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"


class BackupRun(Base):
    """One making, verification or restore of a backup by a worker."""

    __tablename__ = "backup_runs"

    run_id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(Text)
    # Of the backup that it makes, or is about.
    backup_id: Mapped[str] = mapped_column(Text)
    # The admin who asked for it; null: the schedule did.
    requested_by: Mapped[UUID | None]
    # The hour or day of the schedule that it is for, and no other run.
    slot: Mapped[str | None] = mapped_column(Text)
    # What it is to do: `description`, `tables`, `prune`.
    options: Mapped[dict[str, Any]] = mapped_column(JSONB)
    status: Mapped[str] = mapped_column(Text, server_default=RunStatus.WAITING.value)
    # What it is at, how many bytes of its content it has done, and of how many; null: that can't be told.
    stage: Mapped[str] = mapped_column(Text, server_default="")
    done_bytes: Mapped[int] = mapped_column(BigInteger, server_default="0")
    total_bytes: Mapped[int | None] = mapped_column(BigInteger)
    # The outcome: `problems`, the `database` of a restore.
    result: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'"))
    # The code of what went wrong.
    failure: Mapped[str | None] = mapped_column(Text)
    attempts: Mapped[int] = mapped_column(SmallInteger, server_default="0")
    leased_until: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    started_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    ended_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))

    __table_args__ = (
        CheckConstraint("kind IN ('create', 'verify', 'restore', 'restore_in_place')", name="kind"),
        CheckConstraint(
            "status IN ('waiting', 'running', 'succeeded', 'failed', 'cancelled')", name="status"
        ),
        Index("uq_backup_runs_slot", "slot", unique=True),
        # One at a time of each kind for a backup.
        Index(
            "uq_backup_runs_open",
            "backup_id",
            "kind",
            unique=True,
            postgresql_where=text("status IN ('waiting', 'running')"),
        ),
        Index("ix_backup_runs_created_at", "created_at", "run_id"),
        Index("ix_backup_runs_backup_id", "backup_id", "created_at"),
    )


class BackupLink(Base):
    """A link to the file of a backup: for one download, until it expires."""

    __tablename__ = "backup_links"

    link_id: Mapped[UUID] = mapped_column(primary_key=True)
    backup_id: Mapped[str] = mapped_column(Text)
    requested_by: Mapped[UUID]
    expires_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    taken_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))

    __table_args__ = (Index("ix_backup_links_expires_at", "expires_at"),)
