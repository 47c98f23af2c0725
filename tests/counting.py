"""Counts the SQL statements that one request makes: a list that asks once more for each row must not pass."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import event

from gencharge.core.postgres.database import Database

# Of the request that is looked at: what watchers and other tests do at the same time is not its doing.
_looking: ContextVar[Counted | None] = ContextVar("looking", default=None)


@dataclass(slots=True)
class Counted:
    """What was asked, in order; BEGIN and COMMIT are not in it."""

    texts: list[str] = field(default_factory=list)

    @property
    def statements(self) -> int:
        """How many."""
        return len(self.texts)


def _note(statement: str) -> None:
    counted = _looking.get()
    if counted is not None:
        counted.texts.append(statement)


@contextmanager
def listening(database: Database) -> Iterator[None]:
    """Both ways to the database report what they are asked: the engine, and `fetch_row` on the fast pool."""
    engine, fetch_row = database.engine.sync_engine, database.fetch_row

    def before(connection: Any, cursor: Any, statement: str, *others: Any) -> None:
        del connection, cursor, others
        _note(statement)

    async def counted_fetch_row(statement: str, *arguments: Any) -> Any:
        _note(statement)
        return await fetch_row(statement, *arguments)

    event.listen(engine, "before_cursor_execute", before)
    database.fetch_row = counted_fetch_row  # type: ignore[method-assign]
    try:
        yield
    finally:
        event.remove(engine, "before_cursor_execute", before)
        del database.fetch_row


@contextmanager
def counting() -> Iterator[Counted]:
    """Counts what is asked by this task, and by the tasks that it starts, inside the block."""
    counted = Counted()
    token = _looking.set(counted)
    try:
        yield counted
    finally:
        _looking.reset(token)
