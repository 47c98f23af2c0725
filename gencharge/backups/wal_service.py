"""How far the archive of the write-ahead log is behind: for the metrics, `gencharge doctor` and the daily base backup."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Final

import psycopg
from prometheus_client import Gauge

from gencharge.backups import base_service, crud, wal_archive, wal_crud
from gencharge.backups.create_service import Progress
from gencharge.backups.errors import BaseBackupAlreadyRunning
from gencharge.backups.wal_archive import Base
from gencharge.backups.wal_crud import Archiving
from gencharge.core.settings import Settings
from gencharge.core.values import clock

LAG: Final = Gauge(
    "gencharge_wal_archive_lag_seconds",
    "For how long the archive of the write-ahead log has taken no segment although one waits; 0: none waits, or nothing is archived",
)
BASE_EVERY: Final = timedelta(hours=24)
_SEGMENT: Final = re.compile(r"[0-9A-F]{24}")


def lag_seconds(archiving: Archiving) -> float:
    """For how long a segment has waited that the archive does not take; 0 if none waits. The one that is being written never counts."""
    if not archiving.is_on:
        return 0.0
    fails = archiving.failed_at is not None and (
        archiving.last_at is None or archiving.failed_at > archiving.last_at
    )
    if not fails and not _is_behind(archiving):
        return 0.0
    since = archiving.last_at or archiving.since or archiving.failed_at
    return (archiving.now - since).total_seconds() if since else 0.0


def read(settings: Settings) -> Archiving:
    """What the server says of its archiving, embedded or one's own. Raises psycopg.Error."""
    with crud.connected(settings.migration_url, autocommit=True) as connection:
        return wal_crud.get_archiving(connection)


def tell(settings: Settings) -> None:
    """Set the gauge of this process. A server that is away has metrics of its own."""
    try:
        LAG.set(lag_seconds(read(settings)))
    except psycopg.Error:
        return


def make_if_due(settings: Settings, progress: Progress) -> Base | None:
    """Make a base backup if the newest one is older than a day, and delete what is not kept; None if there was nothing to do.

    Raises what `base_service.create` raises."""
    if settings.backup_wal_dir is None or settings.database_url:
        return None
    bases = wal_archive.list_bases(settings.backup_wal_dir)
    if bases and bases[-1].finished_at > clock.now() - BASE_EVERY:
        return None
    try:
        base = base_service.create(settings, progress)
    except BaseBackupAlreadyRunning:
        return None
    base_service.prune(settings)
    return base


def _is_behind(archiving: Archiving) -> bool:
    """Whether a whole segment is between the last one that was archived and the one that is being written."""
    last = archiving.last_name or ""
    if archiving.last_at is None or not _SEGMENT.fullmatch(last):
        return False
    return wal_archive.number_of_name(archiving.current_name) - wal_archive.number_of_name(last) > 1
