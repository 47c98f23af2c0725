"""What backups announce: who had one made, took it, restored or deleted it, and how it ended."""

from __future__ import annotations

from dataclasses import dataclass

from gencharge.core.events.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class BackupRequested(Event):
    """An admin, or the schedule, wants a backup. `tables`: only these; none: everything."""

    backup_id: str
    description: str
    tables: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class BackupVerificationRequested(Event):
    """An admin, or the schedule, wants a backup verified."""

    backup_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BackupRestoreRequested(Event):
    """An admin wants a backup restored into a new database."""

    backup_id: str
    database: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BackupRunCancelled(Event):
    """An admin stopped work on a backup."""

    backup_id: str
    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BackupCreated(Event):
    """A backup is in the storage. `duration_seconds` is rounded."""

    backup_id: str
    size_bytes: int
    duration_seconds: int
    scheduled: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class BackupVerified(Event):
    """A backup was restored into scratch databases and compared; `problems`: how many differences there were."""

    backup_id: str
    problems: int
    result: str
    scheduled: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class BackupRestored(Event):
    """A backup was restored into a new database; `problems`: how many differences there were."""

    backup_id: str
    database: str
    problems: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BackupRestoreInPlaceRequested(Event):
    """A second admin approved that a backup takes the place of what is live; a worker begins."""

    backup_id: str
    requested_by: str
    approved_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BackupRestoredInPlace(Event):
    """A backup took the place of what was live, which is kept as `database`. The first event of the restored database.

    `safety_backup_id`: of what was live. `requested_by` and `approved_by` are empty if the command line did it."""

    backup_id: str
    database: str
    mongo_database: str
    safety_backup_id: str
    requested_by: str
    approved_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RecoveredToInstant(Event):
    """The stores were recovered as they were `until` an instant (UTC, RFC 3339), from the base backup `base_id` on. The first event of what was recovered."""

    base_id: str
    until: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BackupDatabaseDeleted(Event):
    """An admin deleted a database that a restore had made or left."""

    database: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BackupRunFailed(Event):
    """Work on a backup failed; `failure` is the code of what went wrong."""

    backup_id: str
    kind: str
    failure: str
    scheduled: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class BackupDeleted(Event):
    """An admin deleted a backup."""

    backup_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BackupsPruned(Event):
    """Backups that the settings do not keep were deleted."""

    backups: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class BackupLinkMade(Event):
    """An admin took a link to the file of a backup."""

    backup_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BackupDownloaded(Event):
    """The file of a backup was taken by a link, which an admin had made."""

    backup_id: str
    link_made_by: str
