"""What events reported to the staff, and who works on what. Small reference tables: no row is a customer's."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import DateTime, Index, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from gencharge.core.postgres.database import Base, stamp


class WorkKind(StrEnum):
    """What kind of thing waits for a person."""

    STUCK_RECHARGE = "stuck_recharge"  # under way for longer than 15 minutes
    DISPUTED_DELIVERY = "disputed_delivery"  # an operator claims what had failed and was refunded
    DIFFERENCE = "difference"  # between a statement and our books
    COMPLAINT = "complaint"  # about a recharge
    ADJUSTMENT = "adjustment"  # of a balance, for a second admin
    APPROVAL = "approval"  # any other act for a second admin
    KYC_REQUEST = "kyc_request"
    PARKED_DELIVERY = "parked_delivery"  # an event that a listener refused too often
    PARKED_GATEWAY_EVENT = "parked_gateway_event"  # a webhook about an order that we don't know
    DISABLED_ENDPOINT = "disabled_endpoint"  # an integrator who gets no messages
    OPEN_BREAKER = "open_breaker"  # a channel that gets no recharges because it kept failing
    PAYOUT = "payout"  # money of a closed account that has nowhere to go
    LOW_FLOAT = "low_float"  # our balance at an operator
    FAILED_LEDGER_CHECK = "failed_ledger_check"


class WorkReport(Base):
    """Something that an event reported and no table of the other rooms shows: open until it is closed."""

    __tablename__ = "work_reports"

    kind: Mapped[str] = mapped_column(Text, primary_key=True)
    item_id: Mapped[str] = mapped_column(Text, primary_key=True)
    operator: Mapped[str | None] = mapped_column(Text)
    title: Mapped[str] = mapped_column(Text)
    # The same as a sentence and its values, for another language; null: it is in English only.
    wording: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    path: Mapped[str] = mapped_column(Text)
    reported_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    closed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))

    __table_args__ = (
        Index("ix_work_reports_open", "reported_at", postgresql_where=text("closed_at IS NULL")),
    )


class WorkAssignment(Base):
    """The admin who works on something."""

    __tablename__ = "work_assignments"

    kind: Mapped[str] = mapped_column(Text, primary_key=True)
    item_id: Mapped[str] = mapped_column(Text, primary_key=True)
    assignee_id: Mapped[UUID]
    assigned_at: Mapped[datetime] = stamp()
