"""Operators and circles (reference tables), and what is known of numbers."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import (
    Boolean,
    CheckConstraint,
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
    created_at: Mapped[datetime] = stamp()
    updated_at: Mapped[datetime] = stamp()

    __table_args__ = (
        CheckConstraint("status IN ('up', 'degraded', 'down')", name="status"),
        CheckConstraint("channel IN ('internal', 'api')", name="channel"),
    )


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
