"""Runs and the differences they found. Amounts in paise; a gateway's refunds are negative amounts."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Date, DateTime, Index, Integer, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from gencharge.core.postgres.database import Base, stamp

GATEWAY = "gateway:razorpay"


class ReconciliationRunStatus(StrEnum):
    """How far a run is."""

    RUNNING = "running"  # requested or in progress
    MATCHED = "matched"  # every row agrees
    DIFFERENCES = "differences"  # the staff have to resolve them
    FAILED = "failed"  # the statement was not available, or is not valid


class EntryState(StrEnum):
    """What our books have under a reference."""

    BOOKED = "booked"
    FAILED = "failed"  # it failed, or was never booked
    UNDER_WAY = "under_way"  # its outcome is not known yet
    ELSEWHERE = (
        "elsewhere"  # the recharge was delivered under another reference, so this one was a second delivery
    )
    FOREIGN = "foreign"  # it was sent to another counterparty


class StatementSource(StrEnum):
    """Where a statement came from."""

    API = "api"
    FILE = "file"


class DifferenceKind(StrEnum):
    """How the two sides disagree on a reference."""

    MISSING_AT_THEIRS = "missing_at_theirs"  # our books have it, their statement does not
    MISSING_AT_OURS = "missing_at_ours"  # their statement has it, our books failed it or never booked it
    AMOUNT_DIFFERS = "amount_differs"
    COMMISSION_DIFFERS = "commission_differs"
    STATUS_DIFFERS = "status_differs"  # they know the outcome and we do not, or they report another one
    DUPLICATE_AT_THEIRS = "duplicate_at_theirs"  # they list twice what they did once
    EXTRA_ROW = "extra_row"  # a reference that we never sent them


class DifferenceResolution(StrEnum):
    """How a difference can be resolved."""

    ASK_OPERATOR_AGAIN = "ask_operator_again"  # ask the counterparty for the outcome and apply it
    SETTLE_DELIVERED = "settle_delivered"  # it was delivered: the held money goes to the operator
    FAIL_AND_RELEASE = "fail_and_release"  # it was not: the held money goes back to the wallet
    REFUND_CUSTOMER = "refund_customer"  # the recharge is reversed: its money goes back to the wallet
    WRITE_OFF = "write_off"  # we bear the loss, or keep the gain
    CLAIM_FROM_COUNTERPARTY = (
        "claim_from_counterparty"  # they have to correct it; the difference stays unsettled
    )
    NONE = "none"  # no action; the note says why


class DifferenceStatus(StrEnum):
    """The state of a difference."""

    OPEN = "open"
    CLAIMED = "claimed"  # claimed from the counterparty; no money has moved
    RESOLVED = "resolved"
    SUPERSEDED = "superseded"  # a later run of the same day replaces it


class ReconciliationRun(Base):
    """One statement matched with our books. Of several runs of a day the one that is not superseded counts."""

    __tablename__ = "reconciliation_runs"

    run_id: Mapped[UUID] = mapped_column(primary_key=True)
    counterparty: Mapped[str] = mapped_column(Text)
    day: Mapped[date] = mapped_column(Date)
    status: Mapped[str] = mapped_column(Text)
    source: Mapped[str] = mapped_column(Text)
    statement_sha256: Mapped[str | None] = mapped_column(Text)
    rows_theirs: Mapped[int] = mapped_column(Integer, server_default="0")
    rows_ours: Mapped[int] = mapped_column(Integer, server_default="0")
    matched: Mapped[int] = mapped_column(Integer, server_default="0")
    theirs_paise: Mapped[int] = mapped_column(BigInteger, server_default="0")
    ours_paise: Mapped[int] = mapped_column(BigInteger, server_default="0")
    # Theirs less ours: the sum of the differences.
    difference_paise: Mapped[int] = mapped_column(BigInteger, server_default="0")
    # Of `ours_paise`: what we booked on another day, less what we booked on this day and they list on another.
    carried_paise: Mapped[int] = mapped_column(BigInteger, server_default="0")
    # The operator's commission to us, or the gateway's fee, according to the statement.
    charges_paise: Mapped[int] = mapped_column(BigInteger, server_default="0")
    differences: Mapped[int] = mapped_column(Integer, server_default="0")
    error: Mapped[str] = mapped_column(Text, server_default="")
    requested_by: Mapped[UUID]
    started_at: Mapped[datetime] = stamp()
    finished_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    superseded_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))

    __table_args__ = (
        CheckConstraint("status IN ('running', 'matched', 'differences', 'failed')", name="status"),
        CheckConstraint("source IN ('api', 'file')", name="source"),
        CheckConstraint("(status = 'running') = (finished_at IS NULL)", name="finished"),
        Index("ix_reconciliation_runs_all", "started_at", "run_id"),
        Index("ix_reconciliation_runs_of_day", "counterparty", "day", "started_at"),
    )


class ReconciliationDifference(Base):
    """One reference on which a statement and our books disagree. Every run that finds it gives it the same id."""

    __tablename__ = "reconciliation_differences"

    run_id: Mapped[UUID] = mapped_column(primary_key=True)
    difference_id: Mapped[UUID] = mapped_column(primary_key=True)
    counterparty: Mapped[str] = mapped_column(Text)
    day: Mapped[date] = mapped_column(Date)
    kind: Mapped[str] = mapped_column(Text)
    reference: Mapped[str] = mapped_column(Text)
    user_id: Mapped[UUID | None]
    recharge_id: Mapped[UUID | None]
    payment_id: Mapped[UUID | None]
    refund_id: Mapped[UUID | None]
    ours_paise: Mapped[int | None] = mapped_column(BigInteger)
    theirs_paise: Mapped[int | None] = mapped_column(BigInteger)
    detail: Mapped[dict[str, object]] = mapped_column(JSONB, server_default=text("'{}'"))
    proposed_resolution: Mapped[str] = mapped_column(Text)
    status: Mapped[str] = mapped_column(Text, server_default=DifferenceStatus.OPEN.value)
    resolution: Mapped[str | None] = mapped_column(Text)
    note: Mapped[str | None] = mapped_column(Text)
    resolved_by: Mapped[UUID | None]
    resolved_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))

    __table_args__ = (
        CheckConstraint("status IN ('open', 'claimed', 'resolved', 'superseded')", name="status"),
        CheckConstraint(
            "status <> 'resolved' OR resolution IS NOT NULL AND note IS NOT NULL", name="resolved"
        ),
        Index("ix_reconciliation_differences_of_day", "counterparty", "day"),
        Index("ix_reconciliation_differences_of_reference", "reference"),
        Index(
            "ix_reconciliation_differences_open",
            "run_id",
            postgresql_where=text("status IN ('open', 'claimed')"),
        ),
    )
