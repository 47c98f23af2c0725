"""Tables of signing in."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import BigInteger, Boolean, CheckConstraint, DateTime, Integer, LargeBinary, Text
from sqlalchemy.orm import Mapped, mapped_column

from gencharge.core.postgres.database import Base
from gencharge.core.vault.columns import Sealed, SealedBytes, SealedText


class SignInFailure(Base):
    """Wrong codes given for a number since the last right one, by one source (`sources`) or by all strangers.

    In PostgreSQL, so that no flushed cache forgets it.
    """

    __tablename__ = "sign_in_failures"

    phone_number: Mapped[str] = mapped_column(Text, primary_key=True)
    source: Mapped[str] = mapped_column(Text, primary_key=True, server_default="")
    consecutive: Mapped[int] = mapped_column(Integer)
    locked_until: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    updated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class ContactKind(StrEnum):
    """What of an account changes."""

    EMAIL = "email"
    PHONE_NUMBER = "phone_number"


class ContactChange(Base):
    """An address or number that a customer or an admin is to prove. The row stays, without the value: it counts messages."""

    __tablename__ = "contact_changes"

    user_id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(Text, primary_key=True)
    new_value: Mapped[Sealed] = mapped_column(SealedText)
    # Codes that came back already, of the new place and, for a number, of the present one.
    new_proved: Mapped[bool] = mapped_column(Boolean)
    old_proved: Mapped[bool] = mapped_column(Boolean)
    expires_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    # Changes begun since an instant, at most so many a day.
    sends: Mapped[int] = mapped_column(Integer)
    sends_since: Mapped[datetime] = mapped_column(DateTime(timezone=True))

    __table_args__ = (CheckConstraint("kind IN ('email', 'phone_number')", name="kind"),)


class CodeSends(Base):
    """How many codes were sent in a window: to a number, for an address, within a budget. Personal names are HMACs."""

    __tablename__ = "code_sends"

    name: Mapped[str] = mapped_column(Text, primary_key=True)
    count: Mapped[int] = mapped_column(Integer)
    began_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), index=True)
    last_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class SecondFactor(Base):
    """An admin's authenticator app (TOTP). Secrets are encrypted (`core.vault`)."""

    __tablename__ = "admin_second_factors"

    admin_id: Mapped[UUID] = mapped_column(primary_key=True)
    secret: Mapped[Sealed | None] = mapped_column(SealedBytes("gencharge admin second factor"))
    # Shown to the admin, and not good for anything before a code of it was given.
    pending_secret: Mapped[Sealed | None] = mapped_column(SealedBytes("gencharge admin second factor"))
    confirmed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    # The time step of the last code that was taken: neither it nor an older one is taken again.
    last_step: Mapped[int] = mapped_column(BigInteger, server_default="0")
    failures: Mapped[int] = mapped_column(Integer, server_default="0")
    locked_until: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))

    __table_args__ = (CheckConstraint("(secret IS NULL) = (confirmed_at IS NULL)", name="confirmed"),)


class RecoveryCode(Base):
    """One way in without the authenticator app, by its hash. Used once."""

    __tablename__ = "admin_recovery_codes"

    admin_id: Mapped[UUID] = mapped_column(primary_key=True)
    code_hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    used_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
