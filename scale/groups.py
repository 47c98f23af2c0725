"""Passes the rows of one group of customers on to their table, once for each group.

Making a row takes many times as long as storing it. So the rows are made for one group of customers, and the others do the same at the
same times, each with ids and numbers of their own. Rows go into a temporary table first and come out of it in PostgreSQL's own binary
format; in these bytes the mark of the group's ids (`people.mark_of`) and the beginning of its phone numbers are exchanged.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from typing import Any, Final

import asyncpg

from scale import columns
from scale.people import BLOCK, mark_of

_PIECE_BYTES: Final = 1 << 20


class Groups:
    """Tables that are filled for several groups at once. `frozen`: those that nobody else sees before the load's transaction ends."""

    def __init__(self, count: int, frozen: Iterable[str]) -> None:
        self.count = count
        self._frozen = frozenset(frozen)
        self._exchanges = [list(zip(_signs(0), _signs(group), strict=True)) for group in range(count)]
        self._packed_tables = set[str]()

    async def copy(self, lane: asyncpg.Connection, table: str, rows: Iterable[tuple[Any, ...]]) -> None:
        """Add these rows to the table, once for each group. Call it in a transaction."""
        data = await self._packed(lane, table, rows)
        for group in range(self.count):
            # The first group is who the rows were made for.
            own = await asyncio.to_thread(self._of_group, data, group) if group else data
            await lane.copy_to_table(
                table,
                source=_pieces(own),
                columns=columns.OF[table],
                format="binary",
                freeze=table in self._frozen,
            )

    async def _packed(self, lane: asyncpg.Connection, table: str, rows: Iterable[tuple[Any, ...]]) -> bytes:
        """The rows as COPY has them."""
        packed = f"packed_{table}"
        if table not in self._packed_tables:
            names = ", ".join(columns.OF[table])
            await lane.execute(
                f"CREATE TEMPORARY TABLE {packed} ON COMMIT DROP AS SELECT {names} FROM {table} WITH NO DATA"  # noqa: S608 - names from the schema
            )
            self._packed_tables.add(table)
        await lane.copy_records_to_table(packed, records=rows, columns=columns.OF[table])
        parts = list[bytes]()

        async def keep(part: bytes) -> None:
            parts.append(part)

        await lane.copy_from_table(packed, output=keep, format="binary")
        await lane.execute(f"TRUNCATE {packed}")
        return b"".join(parts)

    def _of_group(self, data: bytes, group: int) -> bytes:
        for sign, other in self._exchanges[group]:
            data = data.replace(sign, other)
        return data


def _signs(group: int) -> tuple[bytes, ...]:
    """What tells a group's rows from those of another: the mark of its ids, as bytes and in each way of writing it; its numbers' beginning.
    All groups have signs of the same lengths."""
    mark = mark_of(group)
    digits = mark.hex()
    texts = (digits, digits.upper(), f"{digits[:4]}-{digits[4:]}", f"{BLOCK}{group}")
    return (mark, *(text.encode() for text in texts))


async def _pieces(data: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(data), _PIECE_BYTES):
        yield data[start : start + _PIECE_BYTES]
