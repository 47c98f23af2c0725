"""Tables of the sessions. `user_id` is a user's or an admin's id; the two never share one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    DateTime,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    SmallInteger,
    Text,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from gencharge.core.postgres.database import Base, stamp
from gencharge.core.vault.columns import Sealed, SealedText


class Session(Base):
    """A sign-in: one device, from the OTP to its end."""

    __tablename__ = "sessions"

    user_id: Mapped[UUID] = mapped_column(primary_key=True)
    session_id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(Text)
    device: Mapped[Sealed] = mapped_column(SealedText)
    address: Mapped[Sealed] = mapped_column(SealedText)
    # The HMAC of what tells the device from others; null if it does not say (decision 0068).
    device_id: Mapped[UUID | None]
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    last_used_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    # The hash of the refresh token that was used last. Its successors are valid until one of them is used.
    last_used_hash: Mapped[bytes | None] = mapped_column(LargeBinary)
    # When its owner, an admin, last verified a second factor in it; a step-up compares this.
    second_factor_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    # The end if the session is not used; each refresh extends it.
    expires_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    # The end in any case.
    absolute_expires_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    # By the database's clock, because every process polls for recent revocations.
    revoked_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    revoked_reason: Mapped[str | None] = mapped_column(Text)

    __table_args__ = (
        CheckConstraint("kind IN ('user', 'admin')", name="kind"),
        Index("ix_sessions_revoked_at", "revoked_at", postgresql_where=text("revoked_at IS NOT NULL")),
        Index("ix_sessions_absolute_expires_at", "absolute_expires_at"),
    )


class RefreshToken(Base):
    """One refresh token, by its hash. Used once; while no successor was used, a client that lost the answer gets another."""

    __tablename__ = "refresh_tokens"

    user_id: Mapped[UUID] = mapped_column(primary_key=True)
    token_hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    session_id: Mapped[UUID]
    issued_at: Mapped[datetime] = stamp()
    expires_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    rotated_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    # Random; with the old token and a key of the process it gives the successor. Alone it gives nothing.
    successor_seed: Mapped[bytes | None] = mapped_column(LargeBinary)
    # The hash of the token that it was given for; null for the first one of a session.
    predecessor_hash: Mapped[bytes | None] = mapped_column(LargeBinary)

    __table_args__ = (
        ForeignKeyConstraint(
            ["user_id", "session_id"], ["sessions.user_id", "sessions.session_id"], ondelete="CASCADE"
        ),
        Index("ix_refresh_tokens_user_id_session_id", "user_id", "session_id"),
    )


class SessionCutoff(Base):
    """The instant before which no access token counts: a restore in place ended all sessions. One row at most."""

    __tablename__ = "session_cutoffs"

    cutoff_id: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    issued_from: Mapped[datetime] = mapped_column(DateTime(timezone=True))

    __table_args__ = (CheckConstraint("cutoff_id = 1", name="one"),)


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a sign-in came from: what the client calls itself, and its network address."""

    device: str
    address: str


@dataclass(frozen=True, slots=True)
class SessionBrief:
    """A sign-in as its owner and the staff see it, in clear. `expires_at`: its end if it is not used any more."""

    session_id: UUID
    device: str
    address: str
    created_at: datetime
    last_used_at: datetime
    expires_at: datetime
    ended_at: datetime | None
    ended_because: str | None
