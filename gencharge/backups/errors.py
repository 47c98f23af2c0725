"""What can go wrong with backups."""

from __future__ import annotations

from gencharge.core.errors import Conflict, Invalid, NotFound, Problem, Unavailable


class BackupNotFound(NotFound):
    """There is no backup with this id."""


class BackupInvalid(Invalid):
    """The backup can't be used: it is damaged, or not a backup of GenCharge."""


class BackupKeyMismatch(Invalid):
    """The backup is encrypted with another key than the one in BACKUP_KEY_FILE."""


class BackupKeyRequired(Invalid):
    """A key is needed: BACKUP_KEY_FILE to encrypt, BACKUP_SIGNING_KEY_FILE to sign, BACKUP_PUBLIC_KEY_FILE to restore."""


class BackupKeyInvalid(Invalid):
    """BACKUP_KEY_FILE must name a file with 64 hexadecimal digits, as `gencharge backup key` writes it."""


class BackupSignatureInvalid(Invalid):
    """The backup is not signed with the key that belongs to BACKUP_PUBLIC_KEY_FILE."""


class BackupSigningKeyInvalid(Invalid):
    """BACKUP_SIGNING_KEY_FILE and BACKUP_PUBLIC_KEY_FILE must name files with Ed25519 keys, as `gencharge backup signing-key` writes them."""


class BackupTooNew(Conflict):
    """The backup was made by a newer version than this one."""


class BackupTablesInvalid(Invalid):
    """Name tables that exist."""


class BackupToolsUnavailable(Unavailable):
    """The programs pg_dump and pg_restore of the server's version or newer are needed on this machine."""

    retry_after_seconds = 300


class BackupNotPermitted(Conflict):
    """The login of the database may not do this."""


class BackupConfirmationMismatch(Invalid):
    """Type the id of the backup to restore it in place."""


class BackupDatabaseAlreadyExists(Conflict):
    """A database of this name exists already. A restore never writes into one."""


class BackupInUse(Conflict):
    """This is the last backup that is known to be good. It is not deleted."""


class BackupRestoreAlreadyRunning(Conflict):
    """Another restore in place is under way."""


class BackupRestoreInterrupted(Conflict):
    """A restore in place was interrupted. Run `gencharge backup restore --resume` first."""


class BackupDatabaseLimitExceeded(Conflict):
    """There are too many databases that restores made or left. Delete one first: `gencharge backup databases` lists them."""


class BackupDatabaseNotFound(NotFound):
    """There is no database of this name that a restore made or left."""


class BackupRunNotFound(NotFound):
    """Work on the backup not found."""


class BackupRunAlreadyEnded(Conflict):
    """The work on the backup has already ended."""


class BackupRunAlreadyOpen(Conflict):
    """The same is already being done with this backup, or waits for a worker."""


class BackupLimitExceeded(Conflict):
    """Another backup is being made. Wait for it, or cancel it."""


class BackupLinkNotFound(NotFound):
    """The link is not valid, has expired, or was used. Ask for a new one."""


class BackupFailed(Problem):
    """The backup could not be made. Nothing was kept."""


class RestoreFailed(Problem):
    """The backup could not be restored. What was there before is unchanged."""


class WalArchiveRequired(Conflict):
    """There is no archive of the write-ahead log: set BACKUP_WAL_DIR to a folder, and start the stores again."""


class WalCopiesRequired(Conflict):
    """The archive of the write-ahead log has no copy: set BACKUP_BUCKET to a bucket."""


class WalCopiesDiffer(Conflict):
    """The bucket holds the write-ahead log of another server: name another bucket, or another STORAGE_PREFIX."""


class BaseBackupAlreadyRunning(Conflict):
    """Another base backup is being made."""
