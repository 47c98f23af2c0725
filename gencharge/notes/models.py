"""The table of notes about customers."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index, Text
from sqlalchemy.orm import Mapped, mapped_column

from gencharge.core.postgres.database import Base, stamp
from gencharge.core.vault.columns import Sealed, SealedText


class CustomerNote(Base):
    """What an admin wrote about a customer, for the staff. It is never changed, only taken back by its author."""

    __tablename__ = "customer_notes"

    user_id: Mapped[UUID] = mapped_column(primary_key=True)
    note_id: Mapped[UUID] = mapped_column(primary_key=True)
    author_id: Mapped[UUID]
    # Of the request that wrote it: a repeat of the author's writes nothing.
    key: Mapped[str] = mapped_column(Text)
    text: Mapped[Sealed] = mapped_column(SealedText)
    created_at: Mapped[datetime] = stamp()

    __table_args__ = (Index("uq_customer_notes_key", "user_id", "author_id", "key", unique=True),)
