"""Tables of the admins."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Integer, Text, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from gencharge.core.http.etags import Stamped
from gencharge.core.postgres.database import Base, stamp
from gencharge.core.values.language import Language


class AdminStatus(StrEnum):
    """The state of an admin's account."""

    ACTIVE = "active"  # may do what the role allows
    BLOCKED = "blocked"  # shut out
    ARCHIVED = "archived"  # left


class SubscriptionNotices(StrEnum):
    """How an admin is told of plans that customers bought."""

    EACH = "each"  # one notice for each; for installations with few sales
    DIGEST = "digest"  # one in the morning, with the counts of the day before
    OFF = "off"


class Role(Stamped, Base):
    """A role. Its version goes up whenever what it allows changes."""

    __tablename__ = "roles"

    role_id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(Text, unique=True)
    description: Mapped[str] = mapped_column(Text)
    permissions_version: Mapped[int] = mapped_column(Integer, server_default="1")
    created_at: Mapped[datetime] = stamp()
    updated_at: Mapped[datetime] = stamp()


class RolePermission(Base):
    """One thing that a role allows: `Plans:edit`."""

    __tablename__ = "role_permissions"

    role_id: Mapped[UUID] = mapped_column(ForeignKey("roles.role_id", ondelete="CASCADE"), primary_key=True)
    permission: Mapped[str] = mapped_column(Text, primary_key=True)


class Admin(Stamped, Base):
    """One of the staff. An empty operator scope means all operators."""

    __tablename__ = "admins"

    admin_id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    email: Mapped[str] = mapped_column(Text)
    # From when codes go to the address: a day after a colleague changed it, at once when its owner proved it.
    email_usable_from: Mapped[datetime] = stamp()
    phone_number: Mapped[str] = mapped_column(Text)
    # None for an archived admin whose role was deleted since.
    role_id: Mapped[UUID | None] = mapped_column(ForeignKey("roles.role_id"), index=True)
    operator_scope: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default=text("'{}'"))
    status: Mapped[str] = mapped_column(Text, server_default=AdminStatus.ACTIVE.value)
    # In which the admin reads notices.
    language: Mapped[str] = mapped_column(Text, server_default=Language.ENGLISH.value)
    subscription_notices: Mapped[str] = mapped_column(Text, server_default=SubscriptionNotices.DIGEST.value)
    created_at: Mapped[datetime] = stamp()
    updated_at: Mapped[datetime] = stamp()

    __table_args__ = (
        CheckConstraint("status IN ('active', 'blocked', 'archived')", name="status"),
        CheckConstraint("subscription_notices IN ('each', 'digest', 'off')", name="subscription_notices"),
        CheckConstraint("role_id IS NOT NULL OR status = 'archived'", name="role"),
    )
