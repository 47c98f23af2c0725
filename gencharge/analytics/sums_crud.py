"""The sums of all figures there are: a few thousand rows, however many recharges."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.analytics.models import Cut, RechargeFigures

# What is summed up. `paid` is what customers paid for delivered recharges.
SUMMED: Final = (
    *("sold", "delivered", "failed", "refunds", "delivered_discount", "cashback", "commission"),
    *("refunded", "refunded_discount", "refunded_cashback", "refunded_commission", "paid"),
)


@dataclass(frozen=True, slots=True)
class Summed:
    """The sums of an operator: of all its recharges (`channel` is empty), or of those over a channel. Amounts in paise."""

    operator: str
    channel: str
    measures: Mapping[str, int]


async def list_sums(db: AsyncSession) -> list[Summed]:
    """The sums of each operator, and of each operator and channel, over all days."""
    figures = RechargeFigures
    columns = [
        func.sum(
            figures.delivered_price - figures.delivered_discount if name == "paid" else getattr(figures, name)
        ).label(name)
        for name in SUMMED
    ]
    keys = (figures.operator, figures.key)
    # Both cuts by name: two short stretches of the index.
    statement = (
        select(*keys, *columns).where(figures.cut.in_((Cut.ALL, Cut.CHANNEL))).group_by(figures.cut, *keys)
    )
    rows = (await db.execute(statement)).mappings()
    return [Summed(row["operator"], row["key"], {name: int(row[name]) for name in SUMMED}) for row in rows]
