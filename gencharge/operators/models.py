"""Operators and circles (reference tables), and what is known of numbers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    Text,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from gencharge.core.http.etags import Stamped
from gencharge.core.postgres.database import Base, stamp


class ServiceType(StrEnum):
    """How a connection is paid: before (prepaid) or by a bill (postpaid)."""

    PREPAID = "prepaid"
    POSTPAID = "postpaid"


class OperatorStatus(StrEnum):
    """Up: recharges go through. Degraded: some are late. Down: none is accepted at the moment."""

    UP = "up"
    DEGRADED = "degraded"
    DOWN = "down"


class ChannelKind(StrEnum):
    """How a recharge is fulfilled: in our own transaction (internal), or by the operator's API."""

    INTERNAL = "internal"
    API = "api"


@dataclass(frozen=True, slots=True)
class Maintenance:
    """When an operator works on its systems, and what customers read about it. Instants in UTC; the end is not part of it."""

    starts_at: datetime
    ends_at: datetime
    text: str
    text_hi: str

    def is_running(self, instant: datetime) -> bool:
        """Whether the instant is inside: nothing is sold and nothing is sent to the operator then."""
        return self.starts_at <= instant < self.ends_at


class Operator(Stamped, Base):
    """A mobile operator that has subscribers today."""

    __tablename__ = "operators"

    code: Mapped[str] = mapped_column(Text, primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    display_name: Mapped[str] = mapped_column(Text)
    status: Mapped[str] = mapped_column(Text, server_default="up")
    channel: Mapped[str] = mapped_column(Text, server_default="internal")
    is_active: Mapped[bool] = mapped_column(Boolean, server_default=text("true"))
    sort_order: Mapped[int] = mapped_column(Integer, server_default="0")
    # The next or present maintenance window, or the last one; all four or none.
    maintenance_from: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    maintenance_until: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    maintenance_text: Mapped[str | None] = mapped_column(Text)
    maintenance_text_hi: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = stamp()
    updated_at: Mapped[datetime] = stamp()

    __table_args__ = (
        CheckConstraint("status IN ('up', 'degraded', 'down')", name="status"),
        CheckConstraint("channel IN ('internal', 'api')", name="channel"),
        CheckConstraint(
            "num_nulls(maintenance_from, maintenance_until, maintenance_text, maintenance_text_hi) IN (0, 4)"
            " AND maintenance_from < maintenance_until",
            name="maintenance",
        ),
    )

    @property
    def maintenance(self) -> Maintenance | None:
        """The maintenance window; None if none is set."""
        if self.maintenance_from is None or self.maintenance_until is None:
            return None
        return Maintenance(
            starts_at=self.maintenance_from,
            ends_at=self.maintenance_until,
            text=self.maintenance_text or "",
            text_hi=self.maintenance_text_hi or "",
        )

    @maintenance.setter
    def maintenance(self, window: Maintenance | None) -> None:
        self.maintenance_from = window.starts_at if window else None
        self.maintenance_until = window.ends_at if window else None
        self.maintenance_text = window.text if window else None
        self.maintenance_text_hi = window.text_hi if window else None


class Circle(Base):
    """A telecom circle: a licence service area. Category as in the licences (Metro, A, B, C)."""

    __tablename__ = "circles"

    code: Mapped[str] = mapped_column(Text, primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    category: Mapped[str] = mapped_column(Text)

    __table_args__ = (CheckConstraint("category IN ('Metro', 'A', 'B', 'C')", name="category"),)


class ConnectionRow(Base):
    """The connection of a number: a registry's answer belongs to `ids.SYSTEM_USER_ID`, a user's row is their statement."""

    __tablename__ = "connections"

    phone_number: Mapped[str] = mapped_column(Text, primary_key=True)
    user_id: Mapped[UUID] = mapped_column(primary_key=True)
    operator: Mapped[str] = mapped_column(ForeignKey("operators.code"))
    circle: Mapped[str | None] = mapped_column(ForeignKey("circles.code"))
    service_type: Mapped[str] = mapped_column(Text)
    updated_at: Mapped[datetime] = stamp()

    __table_args__ = (
        CheckConstraint("service_type IN ('prepaid', 'postpaid')", name="service_type"),
        Index("ix_connections_user_id_phone_number", "user_id", "phone_number"),
    )
