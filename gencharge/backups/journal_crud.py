"""What a restore in place asks of PostgreSQL: the lock, the journal, the closing, the exchange. All from the database `postgres`.

The journal is the comment of the live database (`core.postgres.maintenance`), so it needs no table outside of what is replaced and no right
but that of the owner, and the exchange is one transaction together with it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any, Final, LiteralString

from psycopg import OperationalError, sql

from gencharge.backups import crud
from gencharge.backups.crud import Connection
from gencharge.core.postgres.maintenance import comment_of, journal_of

_LOCK: Final[LiteralString] = (
    "SELECT pg_try_advisory_lock(hashtextextended('gencharge restore ' || %s::text, 0))"
)
_UNLOCK: Final[LiteralString] = (
    "SELECT pg_advisory_unlock(hashtextextended('gencharge restore ' || %s::text, 0))"
)
_COMMENT: Final[LiteralString] = (
    "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = %s"
)
_RIGHTS: Final[LiteralString] = """
    SELECT rolsuper OR rolcreatedb,
        (SELECT pg_has_role(datdba, 'USAGE') FROM pg_database WHERE datname = %(database)s),
        rolsuper OR pg_has_role('pg_signal_backend', 'USAGE') OR NOT EXISTS (
            SELECT FROM pg_stat_activity WHERE datname = %(database)s AND NOT pg_has_role(usesysid, 'USAGE'))
    FROM pg_roles WHERE rolname = current_user
"""
_COPIES: Final[LiteralString] = """
    SELECT datname, pg_database_size(oid), shobj_description(oid, 'pg_database') FROM pg_database
    WHERE datname ~ %s ORDER BY datname
"""


@contextmanager
def locked(url: str, database: str) -> Iterator[bool]:
    """Whether this is the only restore in place of the database; until the end of the block, or of the process."""
    with crud.connected(url, "postgres", autocommit=True) as connection:
        is_first = crud.take_patiently(lambda: _take(connection, database))
        try:
            yield is_first
        finally:
            # Closing gives it back too, but only when PostgreSQL gets to end the session; the next one may ask sooner.
            if is_first:
                with suppress(OperationalError):  # the session is gone, and the lock with it
                    connection.execute(_UNLOCK, (database,))


def _take(connection: Connection, database: str) -> bool:
    row = connection.execute(_LOCK, (database,)).fetchone()
    return row is not None and bool(row[0])


def get_comment(connection: Connection, database: str) -> str | None:
    """The comment of a database."""
    row = connection.execute(_COMMENT, (database,)).fetchone()
    return row[0] if row else None


def get_journal(connection: Connection, database: str) -> dict[str, Any]:
    """The journal of the restore that is under way or was interrupted; empty if there is none."""
    return journal_of(get_comment(connection, database))


def set_comment(connection: Connection, database: str, comment: str | None) -> None:
    """Write, or with None remove, the comment of a database."""
    statement = sql.SQL("COMMENT ON DATABASE {} IS {}")
    connection.execute(statement.format(sql.Identifier(database), sql.Literal(comment)))


def list_missing_rights(connection: Connection, database: str) -> list[str]:
    """What the login lacks for a restore in place, each as what a superuser would run."""
    row = connection.execute(_RIGHTS, {"database": database}).fetchone()
    creates, owns, signals = row or (False, False, False)
    login = connection.info.user
    missing = {
        f"ALTER ROLE {login} CREATEDB": creates,
        f"ALTER DATABASE {database} OWNER TO {login}": owns,
        f"GRANT pg_signal_backend TO {login}": signals,
    }
    return [cure for cure, has in missing.items() if not has]


def close(url: str, database: str, journal: Mapping[str, Any]) -> None:
    """Close a database for writing, write that into the journal, and end the sessions that could write."""
    with crud.connected(url, "postgres") as connection:
        set_comment(connection, database, comment_of(journal))
        _set_read_only(connection, database, True)
    _end_sessions(url, database)


def open_again(url: str, database: str, comment: str | None) -> None:
    """Open a database for writing, give it its own comment back, and end the sessions that can't write."""
    with crud.connected(url, "postgres") as connection:
        set_comment(connection, database, comment)
        _set_read_only(connection, database, False)
    _end_sessions(url, database)


def exchange(
    url: str, *, live: str, new: str, aside: str, journal: Mapping[str, Any], comment_aside: str
) -> None:
    """Put `new` in the place of `live`, which is called `aside` from then on, with the journal: all of it, or nothing. Both stay closed."""

    def before(connection: Connection) -> None:
        set_comment(connection, new, comment_of(journal))
        set_comment(connection, live, comment_aside)
        _set_read_only(connection, new, True)

    crud.rename_databases(url, [(live, aside), (new, live)], before=before)


def list_copies(connection: Connection, pattern: str) -> list[tuple[str, int, str | None]]:
    """The databases whose names match a regular expression, with their size in bytes and their comment."""
    return [
        (str(name), int(size), comment) for name, size, comment in connection.execute(_COPIES, (pattern,))
    ]


def _set_read_only(connection: Connection, database: str, value: bool) -> None:
    # Every session that begins from now on; PostgreSQL refuses what it would write.
    change = "SET default_transaction_read_only = on" if value else "RESET default_transaction_read_only"
    statement = sql.SQL("ALTER DATABASE {} " + change)
    connection.execute(statement.format(sql.Identifier(database)))


def _end_sessions(url: str, database: str) -> None:
    with crud.connected(url, "postgres", autocommit=True) as connection:
        crud.end_sessions(connection, database)
