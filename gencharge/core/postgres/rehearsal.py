"""`gencharge migrate --dry-run`: the migrations run in a transaction that is always rolled back, and say what they did.

The locks are those that a migration would hold to the end of `gencharge migrate`, and while it is rehearsed they are held, too, for as long
as it takes. So it waits for a lock for a second at most, and is over after `limit_seconds`, finished or not.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any, Final

import psycopg
from sqlalchemy import Connection, event, text
from sqlalchemy.exc import DBAPIError

from gencharge.core.postgres import migrations
from gencharge.core.settings import Settings

# Where Alembic's environment finds a rehearsal.
REHEARSAL: Final = "rehearsal"
LOCK_WAIT_SECONDS: Final = 1
LIMIT_SECONDS: Final = 10.0
# What a table's lock keeps others from (PostgreSQL's manual, 13.3.1). Weaker ones keep nobody from reading or writing rows.
EFFECTS: Final = {
    "AccessExclusiveLock": "nobody reads or writes it",
    "ExclusiveLock": "nobody writes it",
    "ShareRowExclusiveLock": "nobody writes it",
    "ShareLock": "nobody writes it",
}
_RANK: Final = tuple(EFFECTS)
# Tables that were there before: what the transaction made is nobody else's yet.
_TABLES: Final = text(
    "SELECT oid, relname FROM pg_class WHERE relkind IN ('r', 'p') AND relnamespace = 'public'\\:\\:regnamespace"
)
_LOCKS: Final = text(
    "SELECT relation, mode FROM pg_locks WHERE pid = pg_backend_pid() AND locktype = 'relation' AND granted"
)


class RehearsalEnded(Exception):
    """The migrations ran; nothing of them may stay."""


class TableInUse(Exception):
    """A migration waited for a table's lock for as long as it may."""


class RehearsalTooLong(Exception):
    """The migrations did not end in the time that a rehearsal has."""


@dataclass(slots=True)
class Step:
    """What one migration did. `locks`: tables that were there before and the mode, if no migration before it took as strong a lock."""

    revision: str
    title: str
    seconds: float
    statements: list[str]
    locks: list[tuple[str, str]]


@dataclass(slots=True)
class Rehearsal:
    """A rehearsal, filled in by Alembic's environment while it runs.

    `functions`: the names of the SQL functions that would be installed; `seconds`: for how long all locks were held, at most."""

    limit_seconds: float = LIMIT_SECONDS
    steps: list[Step] = field(default_factory=list)
    functions: list[str] = field(default_factory=list)
    seconds: float = 0.0
    _tables: dict[int, str] = field(default_factory=dict)
    _held: dict[str, str] = field(default_factory=dict)
    _statements: list[str] = field(default_factory=list)
    _began: float = 0.0
    _step_began: float = 0.0

    def begin(self, connection: Connection) -> None:
        """Watch a connection, before its transaction does anything. Raises RehearsalTooLong from any statement after the limit."""
        connection.execute(text(f"SET lock_timeout = '{LOCK_WAIT_SECONDS}s'"))
        connection.execute(text(f"SET statement_timeout = '{max(1, round(self.limit_seconds * 1000))}ms'"))
        self._tables = {int(oid): name for oid, name in connection.execute(_TABLES)}
        connection.commit()
        self._began = self._step_began = time.perf_counter()
        event.listen(connection, "before_cursor_execute", self._note)

    def _note(self, _connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if time.perf_counter() - self._began > self.limit_seconds:
            raise RehearsalTooLong
        self._statements.append(statement.strip())

    def on_step(self, ctx: Any, step: Any, heads: Any, run_args: Any) -> None:
        """Note a migration that has run: Alembic calls it (`on_version_apply`)."""
        del heads, run_args
        seconds, statements = time.perf_counter() - self._step_began, self._statements
        self._statements = []
        locks = self._new_locks(ctx.connection)
        self._statements = []
        module = step.up_revision.module
        title = (module.__doc__ or "").strip().partition("\n")[0]
        # The last statement writes down the revision, in Alembic's own table.
        own = [one for one in statements if "alembic_version" not in one]
        self.steps.append(Step(step.up_revision_id, title, seconds, own, locks))
        self._step_began = time.perf_counter()

    def on_functions(self, names: list[str]) -> None:
        """Note the SQL functions that were installed, and the end."""
        self.functions = names
        self.seconds = time.perf_counter() - self._began

    def _new_locks(self, connection: Connection) -> list[tuple[str, str]]:
        fresh = []
        for oid, mode in connection.execute(_LOCKS):
            table = self._tables.get(int(oid))
            if table is None or mode not in EFFECTS or table == "alembic_version":
                continue
            before = self._held.get(table)
            if before is None or _RANK.index(mode) < _RANK.index(before):
                self._held[table] = mode
                fresh.append((table, mode))
        # A table may be locked in several modes: the strongest says it all.
        return sorted({table: self._held[table] for table, _ in fresh}.items())


def rehearse(settings: Settings, *, limit_seconds: float) -> Rehearsal:
    """Do what `migrations.upgrade` would do, and take it back: the result says what that was. Holds all locks until the end.

    Raises NewerSchema, NotPermitted, RehearsalTooLong, TableInUse."""
    if migrations.is_ahead(settings):
        raise migrations.NewerSchema(
            f"{migrations.pending(settings)[0]}: a newer version migrated this database"
        )
    rehearsal = Rehearsal(limit_seconds)
    try:
        migrations.run(settings, **{REHEARSAL: rehearsal})
    except RehearsalEnded:
        pass
    except (DBAPIError, psycopg.Error) as problem:
        cause = getattr(problem, "orig", problem)
        if isinstance(cause, psycopg.errors.LockNotAvailable):
            raise TableInUse(str(cause).partition("\n")[0]) from None
        if isinstance(cause, psycopg.errors.QueryCanceled):
            raise RehearsalTooLong from None
        raise
    return rehearsal


def lines_of(rehearsal: Rehearsal, *, sql: bool = False) -> list[str]:
    """What a rehearsal found, in lines for a person. `sql`: with the statements."""
    lines = []
    for step in rehearsal.steps:
        count = len(step.statements)
        lines.append(
            f"{step.revision}  {step.title}  ({count} statement{'s' * (count != 1)}, {step.seconds * 1000:.0f} ms here)"
        )
        lines += [f"      locks {table}: {mode}, {EFFECTS[mode]} until the end" for table, mode in step.locks]
        if sql:
            lines += [f"      {line}" for one in step.statements for line in f"{one};".splitlines()]
    if rehearsal.functions:
        lines.append(f"SQL functions that would be installed: {', '.join(rehearsal.functions)}")
    return lines
