"""The table of the data keys."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, DateTime, Index, Integer, LargeBinary, Text
from sqlalchemy.orm import Mapped, mapped_column

from gencharge.core.postgres.database import Base, stamp


class DataKey(Base):
    """A key that personal data are encrypted with, wrapped by the master key. The one with the highest number encrypts."""

    __tablename__ = "data_keys"

    key_id: Mapped[str] = mapped_column(Text, primary_key=True)
    number: Mapped[int] = mapped_column(Integer)
    wrapped: Mapped[bytes] = mapped_column(LargeBinary)
    # The fingerprint of the master key that wrapped it.
    master: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = stamp()
    # Since when nothing was left under an older key or in clear; null while a rotation is under way.
    completed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))

    __table_args__ = (
        CheckConstraint("number > 0", name="number"),
        Index("uq_data_keys_number", "number", unique=True),
    )
