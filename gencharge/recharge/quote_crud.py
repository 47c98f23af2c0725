"""SQL of the counts of quotes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.recharge.quote_models import QuoteCount


async def add_counts(db: AsyncSession, process_id: UUID, counts: Mapping[tuple[date, str], int]) -> None:
    """Add quotes, by day and operator, to those of a process."""
    statement = insert(QuoteCount).values(
        [
            {"day": day, "operator": operator, "process_id": process_id, "quotes": quotes}
            for (day, operator), quotes in sorted(counts.items())
        ]
    )
    await db.execute(
        statement.on_conflict_do_update(
            index_elements=[QuoteCount.day, QuoteCount.operator, QuoteCount.process_id],
            set_={"quotes": QuoteCount.quotes + statement.excluded.quotes},
        )
    )
