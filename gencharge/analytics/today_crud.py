"""What was counted today, for the live figures: a handful of rows, and two counts of a day."""

from __future__ import annotations

from datetime import date, datetime
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.analytics.models import Cut, RechargeFigures
from gencharge.payments.models import Payment, PaymentPurpose, PaymentStatus
from gencharge.users.models import User

COUNTED: Final = (
    "sold",
    "delivered",
    "failed",
    "refunds",
    "delivered_price",
    "delivered_discount",
    "refunded",
    "commission",
)
_PAID: Final = (PaymentStatus.CAPTURED, PaymentStatus.PARTIALLY_REFUNDED, PaymentStatus.REFUNDED)


async def list_day(db: AsyncSession, day: date) -> dict[str, dict[str, int]]:
    """The measures in COUNTED of a day in India, by operator."""
    columns = [getattr(RechargeFigures, name) for name in COUNTED]
    rows = await db.execute(
        select(RechargeFigures.operator, *columns).where(
            RechargeFigures.cut == Cut.ALL, RechargeFigures.day == day
        )
    )
    return {row["operator"]: {name: int(row[name]) for name in COUNTED} for row in rows.mappings()}


async def count_sign_ups(db: AsyncSession, since: datetime) -> int:
    """How many customers signed up from this instant on; reads an entry of an index for each."""
    return int(await db.scalar(select(func.count(User.user_id)).where(User.created_at >= since)) or 0)


async def sum_topups(db: AsyncSession, since: datetime) -> tuple[int, int]:
    """Top-ups that were begun from this instant on and paid: how many, and their sum in paise. Reads each payment since then."""
    row = (
        await db.execute(
            select(func.count(Payment.user_id), func.coalesce(func.sum(Payment.amount), 0)).where(
                Payment.created_at >= since,
                Payment.purpose == PaymentPurpose.TOPUP,
                Payment.status.in_(_PAID),
            )
        )
    ).one()
    return int(row[0]), int(row[1])
