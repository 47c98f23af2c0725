"""The rows of a report that is a statement, over a cursor of the server: the memory stays flat however many there are."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from typing import Any, Final

from sqlalchemy import ColumnElement, Text, cast, func, literal_column, select
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.reports.definitions import Batch, Column, Kind, Rows

# Rows that are in memory at a time: a thread is busy with them for some hundredths of a second.
BATCH: Final = 2_000


async def stream_rows(
    db: AsyncSession, statement: Rows, columns: Sequence[Column]
) -> AsyncGenerator[Batch, None]:
    """The rows, a batch at a time, with only these columns of the statement. Ids come as texts."""
    expressions = [_expression(statement.selected_columns[column.name], column) for column in columns]
    chosen = statement.with_only_columns(*expressions, maintain_column_froms=True)
    # On the connection: the session would make each row again, as it does for entities.
    connection = await db.connection()
    result = await connection.stream(chosen.execution_options(yield_per=BATCH))
    async for rows in result.partitions():
        yield rows


def _expression(selected: ColumnElement[Any], column: Column) -> ColumnElement[Any]:
    # A UUID becomes a text in every file. The server makes it while this process is busy with other rows, in a fraction of the time.
    return cast(selected, Text).label(column.name) if column.kind is Kind.ID else selected


async def count_rows(db: AsyncSession, statement: Rows, *, limit: int | None = None) -> int:
    """How many rows there are; with a limit, no more are looked at."""
    numbered: Rows = statement.with_only_columns(literal_column("1"), maintain_column_froms=True)
    rows = numbered.order_by(None).limit(limit).subquery()
    return int((await db.execute(select(func.count()).select_from(rows))).scalar_one())
