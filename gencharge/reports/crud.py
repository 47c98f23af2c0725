"""The rows of a report that is a statement, over a cursor of the server: the memory stays flat however many there are."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from typing import Final

from sqlalchemy import func, literal_column, select
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.reports.definitions import Batch, Column, Rows

# Rows that are in memory at a time: a thread is busy with them for some hundredths of a second.
BATCH: Final = 2_000


async def stream_rows(
    db: AsyncSession, statement: Rows, columns: Sequence[Column]
) -> AsyncGenerator[Batch, None]:
    """The rows, a batch at a time, with only these columns of the statement."""
    selected = statement.selected_columns
    expressions = [selected[column.name] for column in columns]
    chosen = statement.with_only_columns(*expressions, maintain_column_froms=True)
    result = await db.stream(chosen.execution_options(yield_per=BATCH))
    async for rows in result.partitions():
        yield rows


async def count_rows(db: AsyncSession, statement: Rows, *, limit: int | None = None) -> int:
    """How many rows there are; with a limit, no more are looked at."""
    numbered: Rows = statement.with_only_columns(literal_column("1"), maintain_column_froms=True)
    rows = numbered.order_by(None).limit(limit).subquery()
    return int((await db.execute(select(func.count()).select_from(rows))).scalar_one())
