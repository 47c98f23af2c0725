"""What `gencharge doctor` says of backups: how old the last good one is, to which instants the archive leads, and whether a restore keeps everything closed."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from gencharge.run.report import Row

if TYPE_CHECKING:
    from gencharge.core.settings import Settings

# As ops/alerts.yml has them.
_BACKUP_HOURS: Final = 26
_LAG_SECONDS: Final = 600


def examine(settings: Settings) -> list[Row]:
    """The rows of the report. The one of a restore is there only while there is something to say."""
    return [*_examine_closing(settings), _examine_backups(settings), *_examine_archive(settings)]


def _examine_closing(settings: Settings) -> list[Row]:
    import psycopg

    from gencharge.backups import crud, journal_crud
    from gencharge.core.postgres.maintenance import CURE

    try:
        with crud.connected(settings.postgres_url, autocommit=True) as connection:
            journal = journal_crud.get_journal(connection, settings.database_name)
    except psycopg.Error:
        return []
    if not journal:
        return []
    what = f"{journal.get('backup_id')}, since {journal.get('begun_at')}, step {journal.get('step')}"
    row = Row("Restore", origin=what, state="under way")
    if journal.get("closed"):
        row.state = "closed: nothing is served"
        row.problem = f"a restore in place keeps everything closed; {CURE}"
    return [row]


def _examine_backups(settings: Settings) -> Row:
    from gencharge.backups import measuring_service
    from gencharge.core.errors import Problem
    from gencharge.core.values import clock

    row = Row(
        "Backups", origin=settings.backup_bucket or str(settings.backup_dir or settings.data_dir / "backups")
    )
    try:
        measures = asyncio.run(measuring_service.measure(settings))
    except (Problem, OSError, ValueError) as problem:
        row.problem = f"the backups can't be listed: {problem}"
        return row
    age = measuring_service.age_seconds(measures, clock.now())
    row.state = "no good one yet" if age is None else f"the last good one is {age / 3600:.1f} h old"
    if settings.backup_schedule == "off":
        row.state += "; BACKUP_SCHEDULE is off"
    elif age is None or age > _BACKUP_HOURS * 3600:
        row.problem = f"no backup of the last {_BACKUP_HOURS} hours was verified: does a worker run? `gencharge backup list`"
    return row


def _examine_archive(settings: Settings) -> list[Row]:
    """The archive of the log: how far it is behind, and what it leads to. No row where nothing is archived."""
    import psycopg

    from gencharge.backups import wal_archive, wal_service

    own = settings.backup_wal_dir is not None and not settings.database_url
    try:
        archiving = wal_service.read(settings)
    except psycopg.Error:
        return []
    if not archiving.is_on and not own:
        return []
    row = Row(
        "Point in time", origin=str(settings.backup_wal_dir) if own else "archive_command of PostgreSQL"
    )
    lag = wal_service.lag_seconds(archiving)
    row.state = "the log is archived"
    if own and settings.backup_wal_dir is not None:
        archive = settings.backup_wal_dir
        spans = wal_archive.spans_of(wal_archive.list_bases(archive), wal_archive.list_segments(archive))
        row.state = f"each instant from {wal_archive.describe(spans)[-1]}" if spans else "no instant yet"
        if not archiving.is_on:
            row.problem = "PostgreSQL was started without BACKUP_WAL_DIR: start the stores again"
        elif not spans:
            row.problem = "there is no base backup: `gencharge backup base` makes one"
    if lag > _LAG_SECONDS:
        row.problem = f"the archive has taken nothing for {lag / 60:.0f} min: the log of PostgreSQL says why, and fills the disk until it goes on"
    return [row]
