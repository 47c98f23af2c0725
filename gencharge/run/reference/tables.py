"""The page of the tables, from the models."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from sqlalchemy import Table
from sqlalchemy.dialects import postgresql

from gencharge.core.postgres.database import Base
from gencharge.run.reference import markdown

_DIALECT: Final = postgresql.dialect()  # type: ignore[no-untyped-call]


def page() -> Iterator[str]:
    """Every table by its room: columns, keys, indexes."""
    yield markdown.title("Tables")
    yield "Amounts are paise, instants are UTC. The first column of a primary key says who owns the row.\n"
    rooms: dict[str, list[Table]] = {}
    for mapper in Base.registry.mappers:
        room = mapper.class_.__module__.split(".")[1]
        rooms.setdefault(room, []).append(mapper.local_table)  # type: ignore[arg-type]
    for room, tables in sorted(rooms.items()):
        yield f"## {room}\n"
        for table in sorted(tables, key=lambda table: table.name):
            yield from _table(table)


def _table(table: Table) -> Iterator[str]:
    purpose = next(
        (mapper.class_.__doc__ for mapper in Base.registry.mappers if mapper.local_table is table), None
    )
    yield f"### {table.name}\n"
    if purpose:
        yield purpose.strip().splitlines()[0] + "\n"
    yield f"Primary key: {', '.join(f'`{column.name}`' for column in table.primary_key)}\n"
    yield "| column | type | null | default |\n|---|---|---|---|"
    for column in table.columns:
        default = getattr(getattr(column.server_default, "arg", None), "text", None) or getattr(
            column.server_default, "arg", ""
        )
        null = "yes" if column.nullable else ""
        yield f"| `{column.name}` | {column.type.compile(dialect=_DIALECT)} | {null} | {default} |"
    yield ""
    for index in sorted(table.indexes, key=lambda index: str(index.name)):
        kind = "unique index" if index.unique else "index"
        yield f"- {kind} `{index.name}` ({', '.join(str(expression).split('.')[-1] for expression in index.expressions)})"
    if table.indexes:
        yield ""
