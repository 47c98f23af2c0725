"""Tables of signing in."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import DateTime, Integer, Text
from sqlalchemy.orm import Mapped, mapped_column

from gencharge.core.database import Base


class SignInFailure(Base):
    """Wrong codes given for a number since the last right one. In PostgreSQL, so that no flushed cache forgets it."""

    __tablename__ = "sign_in_failures"

    phone_number: Mapped[str] = mapped_column(Text, primary_key=True)
    consecutive: Mapped[int] = mapped_column(Integer)
    locked_until: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    updated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
