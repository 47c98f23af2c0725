"""A query that is often the only one of its transaction, such as a look at a queue that is mostly empty.

While a session's transaction has not begun, the query is sent by `Database.fetch_row`: one round trip without BEGIN and COMMIT, and
the session takes no connection. Once the transaction has begun, the query is a part of it and sees what it wrote.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Select, TextClause
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.sql.compiler import SQLCompiler

from gencharge.core.postgres.database import Database


class SingleQuery:
    """A query of exactly one row. It must read only: if PostgreSQL gives it up, it is sent again."""

    def __init__(self, statement: Select[Any] | TextClause) -> None:
        self._statement = statement
        # For the driver: the text, and the names of the parameters in their order. Written with the first query.
        self._text = ""
        self._names: Sequence[str] = ()
        self._constants: Mapping[str, Any] = {}

    async def fetch(self, db: AsyncSession, parameters: Mapping[str, Any]) -> Sequence[Any]:
        """The row."""
        database: Database | None = db.info.get("database")
        if database is None or db.in_transaction():
            return (await db.execute(self._statement, parameters)).one()
        if not self._text:
            self._compile(database)
        values = {**self._constants, **parameters}
        row = await database.fetch_row(self._text, *(values[name] for name in self._names))
        assert row is not None, "the query has one row"
        return tuple(row)

    def _compile(self, database: Database) -> None:
        compiled = self._statement.compile(dialect=database.engine.dialect)
        assert isinstance(compiled, SQLCompiler), "a query is SQL"
        names = compiled.positiontup
        assert names is not None, "the driver numbers its parameters"
        self._names = names
        self._constants = {name: compiled.params[name] for name in names if not compiled.binds[name].required}
        self._text = str(compiled)
