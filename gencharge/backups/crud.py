"""What a backup asks of PostgreSQL, on connections of its own: one snapshot is shared with pg_dump, and databases are made and renamed.

Statements of a whole database, not of a customer: nothing here is for a request.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any, Final, LiteralString
from uuid import UUID

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

Connection = psycopg.Connection[tuple[Any, ...]]
_CONNECT_SECONDS: Final = 10
# PostgreSQL ends the session of a killed client when it next looks at its socket.
_GONE_SECONDS: Final = 3.0
_PAUSE_SECONDS: Final = 0.05
# Rows as text must be the same in every session, or their checksums are not.
_PLAIN: Final[LiteralString] = """
    SET LOCAL TimeZone = 'UTC'; SET LOCAL DateStyle = 'ISO, YMD'; SET LOCAL IntervalStyle = 'postgres';
    SET LOCAL extra_float_digits = 1; SET LOCAL bytea_output = 'hex'; SET LOCAL statement_timeout = 0;
    SET LOCAL idle_in_transaction_session_timeout = 0
"""
_TABLES: Final[LiteralString] = """
    SELECT relname FROM pg_class
    WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition ORDER BY relname
"""
# Of a partitioned table none: its rows are in the blocks of others.
_BLOCKS: Final[LiteralString] = """
    SELECT pg_relation_size(oid) / current_setting('block_size')::int FROM pg_class
    WHERE relnamespace = 'public'::regnamespace AND relname = %s
"""
_PIECE_BLOCKS: Final = 4096
_TABLES_BY_SIZE: Final[LiteralString] = """
    SELECT relname FROM pg_class
    WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition
    ORDER BY pg_relation_size(oid) DESC, relname
"""
_INDEXES: Final[LiteralString] = """
    SELECT count(*) FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid
    WHERE relnamespace = 'public'::regnamespace AND indisready
"""
_REFERENCES: Final[LiteralString] = """
    SELECT conrelid::regclass::text, confrelid::regclass::text FROM pg_constraint
    WHERE contype = 'f' AND connamespace = 'public'::regnamespace
"""
# Who owns what is dumped, and whom its rights name: a restore needs these roles. 0 is everybody, and no role.
_ROLES: Final[LiteralString] = """
    SELECT DISTINCT rolname FROM pg_roles WHERE oid IN (
        SELECT relowner FROM pg_class WHERE relnamespace = 'public'::regnamespace
        UNION SELECT proowner FROM pg_proc WHERE pronamespace = 'public'::regnamespace
        UNION SELECT grantee FROM pg_class, aclexplode(relacl) WHERE relnamespace = 'public'::regnamespace
        UNION SELECT grantee FROM pg_proc, aclexplode(proacl) WHERE pronamespace = 'public'::regnamespace
        UNION SELECT grantee FROM pg_namespace, aclexplode(nspacl) WHERE nspname = 'public'
        UNION SELECT defaclrole FROM pg_default_acl
        UNION SELECT grantee FROM pg_default_acl, aclexplode(defaclacl))
    AND rolname NOT LIKE 'pg\\_%' ORDER BY rolname
"""
_SUMS: Final[LiteralString] = """
    -- Of every user_id, on purpose: these are the sums of the whole ledger.
    SELECT account, sum(paise)::text FROM (
        SELECT credit AS account, sum(amount) AS paise FROM transfers GROUP BY credit
        UNION ALL SELECT debit, -sum(amount) FROM transfers GROUP BY debit) AS sides
    GROUP BY account ORDER BY account
"""
_END: Final[LiteralString] = """
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = ANY(%s) AND pid <> pg_backend_pid()
"""
_WAITING: Final[LiteralString] = """
    SELECT (SELECT count(*) FROM events), (SELECT count(*) FROM deliveries),
           (SELECT id FROM events ORDER BY id LIMIT 1), (SELECT min(occurred_at) FROM events)
"""


@contextmanager
def connected(url: str, database: str | None = None, *, autocommit: bool = False) -> Iterator[Connection]:
    """A connection with the login of `url`, to another database of the same server if one is named."""
    other: dict[str, Any] = {"dbname": database} if database else {}
    connection = psycopg.connect(
        url,
        connect_timeout=_CONNECT_SECONDS,
        application_name="gencharge-backup",
        autocommit=autocommit,
        **other,
    )
    with connection:
        yield connection


def take_patiently(take: Callable[[], bool]) -> bool:
    """Whether a lock was got. If not at once it is tried for three seconds: PostgreSQL may still be ending the session of a process that was killed."""
    end = time.monotonic() + _GONE_SECONDS
    while not (taken := take()) and time.monotonic() < end:
        time.sleep(_PAUSE_SECONDS)
    return taken


def begin_snapshot(connection: Connection) -> None:
    """Let the transaction, which begins here, see one instant to its end, and write nothing."""
    connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
    connection.execute(_PLAIN)


def export_snapshot(connection: Connection) -> tuple[str, datetime]:
    """The name under which pg_dump joins the snapshot, and its instant (UTC)."""
    return _one(connection, "SELECT pg_export_snapshot(), now()")


def get_server_version(connection: Connection) -> tuple[int, str]:
    """The major version and the version of the server: 18 and `18.4`."""
    number, version = _one(
        connection, "SELECT current_setting('server_version_num')::int, current_setting('server_version')"
    )
    return number // 10_000, str(version).partition(" ")[0]


def get_revision(connection: Connection) -> str | None:
    """The revision of the tables; None if nothing was ever migrated."""
    if _one(connection, "SELECT to_regclass('alembic_version')")[0] is None:
        return None
    return str(_one(connection, "SELECT min(version_num) FROM alembic_version")[0])


def list_tables(connection: Connection) -> list[str]:
    """All tables, in order."""
    return [name for (name,) in connection.execute(_TABLES)]


def list_tables_by_size(connection: Connection) -> list[str]:
    """All tables, the largest first."""
    return [name for (name,) in connection.execute(_TABLES_BY_SIZE)]


def count_indexes(connection: Connection) -> int:
    """How many indexes are ready."""
    return int(_one(connection, _INDEXES)[0])


def analyze(connection: Connection, table: str) -> None:
    """Let the planner know what is in a table. A dump holds no statistics; without them the first queries read whole tables."""
    connection.execute("SET statement_timeout = 0")
    connection.execute(sql.SQL("ANALYZE {}").format(sql.Identifier("public", table)))


def list_references(connection: Connection) -> list[tuple[str, str]]:
    """Which table has a foreign key to which other one."""
    return [(own, other) for own, other in connection.execute(_REFERENCES)]


def list_roles(connection: Connection) -> list[str]:
    """The roles that a restore of this database needs."""
    return [name for (name,) in connection.execute(_ROLES)]


def get_fingerprint(
    connection: Connection, table: str, rest: Callable[[], None] | None = None
) -> tuple[int, str]:
    """How many rows a table has, and a checksum of their content that does not depend on their order. Reads the whole table.

    With `rest` it is read in pieces of 32 MB, in a snapshot, and `rest` is called after each of them; one that is in partitions is read at once."""
    statement = sql.SQL(
        "SELECT count(*), coalesce(sum(hashtextextended(each_row::text, 0)::numeric), 0)::text FROM {} AS each_row"
    ).format(sql.Identifier("public", table))
    rows, checksum = 0, 0
    for condition in _pieces(connection, table) if rest is not None else [sql.SQL("")]:
        some, part = _one(connection, statement + condition)
        rows, checksum = rows + int(some), checksum + int(part)
        if rest is not None:
            rest()
    return rows, str(checksum)


def _pieces(connection: Connection, table: str) -> list[sql.Composable]:
    """Conditions that each hold for some blocks of a table, and together for all."""
    (blocks,) = _one(connection, _BLOCKS, (table,))
    starts = range(0, max(int(blocks), 1), _PIECE_BLOCKS)
    if len(starts) == 1:
        return [sql.SQL("")]
    pieces: list[sql.Composable] = [
        sql.SQL(" WHERE ctid >= {} AND ctid < {}").format(
            sql.Literal(f"({start},0)"), sql.Literal(f"({start + _PIECE_BLOCKS},0)")
        )
        for start in starts[:-1]
    ]
    return [*pieces, sql.SQL(" WHERE ctid >= {}").format(sql.Literal(f"({starts[-1]},0)"))]


def get_ledger_sums(connection: Connection) -> dict[str, int]:
    """What is in each account of the ledger, all customers together, in paise."""
    return {account: int(paise) for account, paise in connection.execute(_SUMS)}


def get_audit_head(connection: Connection) -> tuple[int, str]:
    """The last anchor of the audit trail: its sequence (0 if there is none) and its hash."""
    row = connection.execute(
        "SELECT sequence, hash FROM audit_anchors ORDER BY sequence DESC LIMIT 1"
    ).fetchone()
    return (int(row[0]), str(row[1])) if row else (0, "")


def get_waiting(connection: Connection) -> tuple[int, int, UUID | None, datetime | None]:
    """Events and deliveries in the outbox, and the id and the instant of the oldest event."""
    return _one(connection, _WAITING)


def database_exists(connection: Connection, name: str) -> bool:
    """Whether there is a database of this name."""
    return connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,)).fetchone() is not None


def list_databases(connection: Connection, like: str) -> list[str]:
    """The databases whose names match a LIKE pattern."""
    return [
        name
        for (name,) in connection.execute(
            "SELECT datname FROM pg_database WHERE datname LIKE %s ORDER BY datname", (like,)
        )
    ]


def add_database(connection: Connection, name: str) -> None:
    """Make an empty database, with nothing of a template in it."""
    connection.execute(sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(sql.Identifier(name)))


def drop_database(connection: Connection, name: str) -> None:
    """Delete a database, if there is one, and end the sessions in it."""
    connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def add_role(connection: Connection, name: str) -> None:
    """Make a role that owns rights only, if it is missing, and become a member: rights may then be given for it."""
    if connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (name,)).fetchone() is None:
        connection.execute(sql.SQL("CREATE ROLE {} NOLOGIN").format(sql.Identifier(name)))
    row = connection.execute("SELECT pg_has_role(current_user, %s, 'MEMBER')", (name,)).fetchone()
    if row is None or not row[0]:
        connection.execute(sql.SQL("GRANT {} TO CURRENT_USER").format(sql.Identifier(name)))


def rename_databases(
    url: str,
    renames: Sequence[tuple[str, str]],
    *,
    before: Callable[[Connection], None] | None = None,
) -> None:
    """Give databases new names, all of them or none, and end every session in them. Raises psycopg.Error.

    `before` changes what has to change in the same transaction.

    A session that comes while one is renamed waits for the new name, so the sessions are ended until the renaming is done.
    """
    done = threading.Event()
    closer = threading.Thread(
        target=_end_sessions, args=(url, [old for old, _ in renames], done), name="end-sessions", daemon=True
    )
    closer.start()
    try:
        with connected(url, "postgres") as connection:
            if before is not None:
                before(connection)
            for old, new in renames:
                statement = sql.SQL("ALTER DATABASE {} RENAME TO {}")
                connection.execute(statement.format(sql.Identifier(old), sql.Identifier(new)))
    finally:
        done.set()
        closer.join()


def end_sessions(connection: Connection, database: str) -> None:
    """End every other session in a database."""
    connection.execute(_END, ([database],))


def _end_sessions(url: str, databases: list[str], done: threading.Event) -> None:
    with connected(url, "postgres", autocommit=True) as connection:
        while not done.wait(0.05):
            connection.execute(_END, (databases,))


def _one(
    connection: Connection, statement: LiteralString | sql.Composed, values: Sequence[Any] = ()
) -> tuple[Any, ...]:
    row = connection.execute(statement, values or None).fetchone()
    assert row is not None, "an aggregate has a row"
    return row


def database_of(url: str) -> str:
    """The name of the database that a URL leads to."""
    name = conninfo_to_dict(url).get("dbname")
    return str(name or "")
