"""Tables of the directory."""

from __future__ import annotations

from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, Text
from sqlalchemy.orm import Mapped, mapped_column

from gencharge.core.postgres.database import Base


class OwnerKind(StrEnum):
    """Who an entry belongs to: a customer or one of the staff."""

    USER = "user"
    ADMIN = "admin"


class PhoneEntry(Base):
    """A phone number (E.164) and its one owner."""

    __tablename__ = "phone_directory"

    phone_number: Mapped[str] = mapped_column(Text, primary_key=True)
    kind: Mapped[str] = mapped_column(Text)
    owner_id: Mapped[UUID]

    __table_args__ = (CheckConstraint("kind IN ('user', 'admin')", name="kind"),)


class EmailEntry(Base):
    """An e-mail address (lower case) and its one owner."""

    __tablename__ = "email_directory"

    email: Mapped[str] = mapped_column(Text, primary_key=True)
    kind: Mapped[str] = mapped_column(Text)
    owner_id: Mapped[UUID]

    __table_args__ = (CheckConstraint("kind IN ('user', 'admin')", name="kind"),)
