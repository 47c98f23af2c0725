"""Indexes of tables that are as good as empty: dropped for a load and made again after it, which takes a tenth of the time.

The few rows are put aside, too, and the table is emptied: rows that come into a table which was emptied in the same transaction can be
stored as rows that everybody sees, so that nothing needs to write each page once more to say so (COPY FREEZE).

All in the load's own transaction: whatever interrupts it leaves rows and indexes as they were. In a table that holds more
than a few rows they stay, because somebody may be using it.
"""

from __future__ import annotations

from typing import Final

import asyncpg

from scale.progress import Meter

_FEW_ROWS: Final = 10_000
# Definitions as PostgreSQL itself writes them, so that what is made again is what was there.
_CONSTRAINTS: Final = """
    SELECT format('ALTER TABLE %s DROP CONSTRAINT %I', conrelid::regclass, conname),
           format('ALTER TABLE %s ADD CONSTRAINT %I %s', conrelid::regclass, conname, pg_get_constraintdef(oid))
    FROM pg_constraint WHERE conrelid = $1::text::regclass AND contype IN ('p', 'u') ORDER BY conname
"""
_INDEXES: Final = """
    SELECT format('DROP INDEX %s', indexrelid::regclass), pg_get_indexdef(indexrelid)
    FROM pg_index
    WHERE indrelid = $1::text::regclass
      AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid) ORDER BY indexrelid::regclass::text
"""
_REFERRED: Final = "SELECT 1 FROM pg_constraint WHERE confrelid = $1::text::regclass"


async def put_aside(connection: asyncpg.Connection, table: str) -> list[str]:
    """Drop what makes loading `table` slow, and empty it; the statements that make it again, rows first. None if the table is in use."""
    few = f"SELECT count(*) FROM (SELECT FROM {table} LIMIT {_FEW_ROWS}) AS few"  # noqa: S608 - names from the schema
    row_count = await connection.fetchval(few)
    if row_count == _FEW_ROWS or await connection.fetchval(_REFERRED, table):
        return []
    saved = f"saved_{table}"
    await connection.execute(f"CREATE TEMPORARY TABLE {saved} ON COMMIT DROP AS SELECT * FROM {table}")  # noqa: S608
    await connection.execute(f"TRUNCATE {table}")
    again = [f"INSERT INTO {table} SELECT * FROM {saved}"]  # noqa: S608
    for query in (_CONSTRAINTS, _INDEXES):
        for drop, create in await connection.fetch(query, table):
            await connection.execute(drop)
            again.append(create)
    return again


async def make_again(connection: asyncpg.Connection, statements: list[str], meter: Meter) -> None:
    """Make the dropped indexes again."""
    await connection.execute("SET LOCAL maintenance_work_mem = '256MB'")
    for statement in statements:
        await connection.execute(statement)
        meter.advance(1)
