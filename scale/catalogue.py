"""The plans that the scale data is sold from: those of the sample catalogue that are on sale in the database."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

import asyncpg

from gencharge.core.values import clock
from gencharge.plans import sample
from scale.people import DAY_MS

_ON_SALE: Final = """
    SELECT plan_id, version, name, operator, plan_type, category, price_paise AS price, is_addon,
           validity_count AS count, validity_unit AS unit
    FROM plans WHERE plan_id = ANY ($1) ORDER BY plan_id
"""


@dataclass(frozen=True, slots=True)
class Offered:
    """A plan of the sample catalogue, as it is sold. `price` in paise."""

    plan_id: UUID
    version: int
    name: str
    operator: str
    plan_type: str
    category: str
    price: int
    is_addon: bool
    count: int | None
    unit: str

    def ends_ms(self, from_ms: int, base_ends_ms: int) -> int:
        """When it ends if it starts at `from_ms`; `base_ends_ms` is when the base plan beside it does."""
        if self.unit == "base_plan":
            return base_ends_ms
        if self.unit == "day":
            return from_ms + (self.count or 0) * DAY_MS
        return _months_later(from_ms, self.count or 0)


def _months_later(from_ms: int, months: int) -> int:
    """The same time on the same date of a later month in India; the last day if that month is shorter."""
    start = datetime.fromtimestamp(from_ms / 1000, UTC).astimezone(clock.IST)
    month = start.month - 1 + months
    first = start.replace(year=start.year + month // 12, month=month % 12 + 1, day=1)
    last = (first.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)
    return int(first.replace(day=min(start.day, last.day)).timestamp() * 1000)


async def offered(connection: asyncpg.Connection) -> list[Offered]:
    """The sample plans as the database has them."""
    rows = await connection.fetch(_ON_SALE, [plan["plan_id"] for plan in sample.plans()])
    return [Offered(**row) for row in rows]
