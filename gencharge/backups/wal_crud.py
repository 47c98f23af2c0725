"""What PostgreSQL says of the archiving of its write-ahead log."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final, LiteralString

from gencharge.backups.crud import Connection

# For any login: what these functions and this view say is not secret.
_STATE: Final[LiteralString] = """
    SELECT current_setting('archive_mode'), last_archived_wal, last_archived_time, last_failed_time, failed_count,
           pg_walfile_name(pg_current_wal_lsn()), stats_reset, now()
    FROM pg_stat_archiver
"""
_LOCK: Final[LiteralString] = "SELECT pg_try_advisory_lock(hashtextextended('gencharge base backup', 0))"


@dataclass(frozen=True, slots=True)
class Archiving:
    """How far the archive is. Instants in UTC; None: that never happened."""

    is_on: bool
    last_name: str | None
    last_at: datetime | None
    failed_at: datetime | None
    failures: int
    current_name: str
    since: datetime | None
    now: datetime


def get_archiving(connection: Connection) -> Archiving:
    """How far the archive is."""
    row = connection.execute(_STATE).fetchone()
    assert row is not None, "there is one archiver"
    mode, *rest = row
    return Archiving(mode != "off", *rest)


def switch_segment(connection: Connection) -> str:
    """Close the segment that is being written, so that it is archived, and return its name.

    A transaction is written before: a recovery to an instant ends at the first one after it, so there has to be one."""
    connection.execute("SELECT pg_logical_emit_message(true, 'gencharge', 'an instant')")
    row = connection.execute("SELECT pg_walfile_name(pg_switch_wal())").fetchone()
    assert row is not None, "a function returns a row"
    return str(row[0])


def take_lock(connection: Connection) -> bool:
    """Whether nobody else makes a base backup; until the end of the session."""
    row = connection.execute(_LOCK).fetchone()
    return row is not None and bool(row[0])
