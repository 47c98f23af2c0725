"""How far reminders are."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import DateTime, SmallInteger
from sqlalchemy.orm import Mapped, mapped_column

from gencharge.core.postgres.database import Base


class ReminderMark(Base):
    """Up to which end of a plan the reminders of so many days before were announced."""

    __tablename__ = "plan_reminder_marks"

    days: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    reminded_until: Mapped[datetime] = mapped_column(DateTime(timezone=True))
