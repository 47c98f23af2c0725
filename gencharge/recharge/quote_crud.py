"""SQL of the counts of quotes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.recharge.quote_models import OfferQuoteCount, QuoteCount


async def add_counts(db: AsyncSession, process_id: UUID, counts: Mapping[tuple[date, str], int]) -> None:
    """Add quotes, by day and operator, to those of a process."""
    await _add(db, QuoteCount, "operator", process_id, counts)


async def add_offer_counts(
    db: AsyncSession, process_id: UUID, counts: Mapping[tuple[date, UUID], int]
) -> None:
    """Add quotes, by day and offer, to those of a process."""
    await _add(db, OfferQuoteCount, "offer_id", process_id, counts)


async def _add(
    db: AsyncSession,
    table: type[QuoteCount | OfferQuoteCount],
    key: str,
    process_id: UUID,
    counts: Mapping[tuple[date, Any], int],
) -> None:
    statement = insert(table).values(
        [
            {"day": day, key: value, "process_id": process_id, "quotes": quotes}
            for (day, value), quotes in sorted(counts.items())
        ]
    )
    await db.execute(
        statement.on_conflict_do_update(
            index_elements=["day", key, "process_id"],
            set_={"quotes": table.quotes + statement.excluded.quotes},
        )
    )
