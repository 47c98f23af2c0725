"""The channels over which operators are reached (a reference table)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, Boolean, CheckConstraint, DateTime, ForeignKey, Integer, Text, func, text
from sqlalchemy.orm import Mapped, mapped_column

from gencharge.core.postgres.database import Base


class OperatorChannel(Base):
    """One way to an operator: its own API, or an aggregator's. The secret is a setting, never a column.

    Among the channels of an operator those with the lowest `priority` are tried first; `weight` divides the recharges
    among equals. Amounts in paise; the commission in basis points of what the customer paid.
    """

    __tablename__ = "operator_channels"

    code: Mapped[str] = mapped_column(Text, primary_key=True)
    operator: Mapped[str] = mapped_column(ForeignKey("operators.code"))
    name: Mapped[str] = mapped_column(Text)
    url: Mapped[str] = mapped_column(Text)
    priority: Mapped[int] = mapped_column(Integer, server_default="10")
    weight: Mapped[int] = mapped_column(Integer, server_default="100")
    min_amount: Mapped[int] = mapped_column(BigInteger, server_default="1")
    max_amount: Mapped[int] = mapped_column(BigInteger, server_default="10000000")
    commission_bp: Mapped[int] = mapped_column(Integer, server_default="0")
    is_active: Mapped[bool] = mapped_column(Boolean, server_default=text("true"))
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    updated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())

    __table_args__ = (
        CheckConstraint("code ~ '^[a-z0-9-]{2,40}$'", name="code"),
        CheckConstraint("priority >= 0 AND weight > 0", name="order"),
        CheckConstraint("0 < min_amount AND min_amount <= max_amount", name="amounts"),
        CheckConstraint("commission_bp >= 0 AND commission_bp < 10000", name="commission"),
    )
