"""What revenue is made of, and what the gateway's statements say that it charged us."""

from __future__ import annotations

from datetime import date, datetime
from typing import Final

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.analytics.models import Cut
from gencharge.reconciliation.models import GATEWAY, ReconciliationRun, ReconciliationRunStatus

# By what revenue is told apart. Each delivery and each refund has a key in all of these, so the parts of each add up to the whole.
CUTS: Final = (Cut.ALL, Cut.CHANNEL, Cut.PLAN, Cut.CIRCLE, Cut.PAYMENT_METHOD, Cut.SOURCE)
# What revenue is made of.
EARNED: Final = (
    *("delivered", "refunds", "delivered_price", "delivered_discount", "cashback", "commission"),
    *("refunded", "refunded_discount", "refunded_cashback", "refunded_commission"),
)
_READ: Final = (ReconciliationRunStatus.MATCHED, ReconciliationRunStatus.DIFFERENCES)


def _of_gateway() -> tuple[ColumnElement[bool], ...]:
    """The runs that hold: a later run of the same day takes the place of an earlier one."""
    return (
        ReconciliationRun.counterparty == GATEWAY,
        ReconciliationRun.status.in_(_READ),
        ReconciliationRun.superseded_at.is_(None),
    )


async def list_fees(db: AsyncSession, first: date, last: date) -> dict[date, int]:
    """The gateway's fees in paise, by the day of its statement. A day without a statement is left out. Both ends are included."""
    rows = await db.execute(
        select(ReconciliationRun.day, func.sum(ReconciliationRun.charges_paise))
        .where(*_of_gateway(), ReconciliationRun.day.between(first, last))
        .group_by(ReconciliationRun.day)
    )
    return {day: int(paise) for day, paise in rows}


async def stamp_fees(db: AsyncSession) -> str:
    """Changes with each statement of the gateway that is read, and with each that takes the place of another."""
    count, newest = (
        await db.execute(select(func.count(), func.max(ReconciliationRun.finished_at)).where(*_of_gateway()))
    ).one()
    at: datetime | None = newest
    return f"{count}.{at}"
