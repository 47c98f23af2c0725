"""The list of backups: what is in the storage. Verifying, deleting, and what is too old."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

import orjson

from gencharge.backups import findings, manifest, names, restore_service, retention, runs_crud
from gencharge.backups.create_service import Progress, open_backups, write_description
from gencharge.backups.errors import BackupInUse, BackupNotFound
from gencharge.backups.examine_service import Location
from gencharge.backups.models import BackupRun, RunStatus
from gencharge.backups.restore_service import Restored, Target
from gencharge.core import telemetry
from gencharge.core.errors import Problem
from gencharge.core.rooms.proofs import Proof
from gencharge.core.settings import Settings
from gencharge.core.stores.storage import MOST_LISTED, Storage, StoredFile
from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.core.wording import worded

# A making that failed or was cancelled leaves the list after this time.
SHOW_FAILED: Final = timedelta(days=30)
# In the description of a backup that is being deleted: since when. One that is still there after a while is not.
_GOING: Final = "deleting_since"
_GOING_FOR: Final = timedelta(minutes=10)
# Described at once: each takes a read of the storage.
_AT_ONCE: Final = 50
log = telemetry.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Backup:
    """A backup in the list. `verified_ok`: what its last verification found; None if there was none.

    `description`: the manifest, when and how fast it was made; empty if the file beside the archive is lost."""

    backup_id: str
    key: str
    size_bytes: int
    made_at: datetime
    description: dict[str, Any]

    @property
    def verification(self) -> dict[str, Any] | None:
        """The last verification: `at`, `ok`, `problems`."""
        return self.description.get("verification")

    @property
    def verified_ok(self) -> bool | None:
        """Whether the last verification went well; None if there was none."""
        return self.verification["ok"] if self.verification else None

    @property
    def is_going(self) -> bool:
        """Whether it is being deleted now."""
        since = self.description.get(_GOING)
        return since is not None and datetime.fromisoformat(since) > clock.now() - _GOING_FOR

    @property
    def is_encrypted(self) -> bool:
        """Whether the archive can be read with a key only."""
        return self.key.endswith(names.SEALED_ENDING)

    @property
    def summary(self) -> dict[str, int]:
        """Tables, rows, documents and files."""
        return manifest.summary(self.description)


async def list_backups(settings: Settings) -> list[Backup]:
    """All backups, the newest first. Only whole archives are in the storage. Raises StorageUnavailable."""
    return await describe(settings, await list_keys(settings))


@dataclass(frozen=True, slots=True)
class Listed:
    """A line of the list: a backup that is in the storage, or else a making of one that is not over, or made none."""

    backup_id: str
    backup: Backup | None
    # How a worker made it, or makes it; None: the command line did.
    run: BackupRun | None

    @property
    def status(self) -> str:
        """`ready`, or where its making stands: `waiting`, `running`, `failed`, `cancelled`."""
        return "ready" if self.backup is not None or self.run is None else self.run.status


async def walk(stores: Stores, status: str | None = None) -> AsyncGenerator[list[Listed], None]:
    """All of the list, the newest first, some at a time; with a status, only these. Raises StorageUnavailable, DatabaseUnavailable."""
    files = await list_keys(stores.settings)
    since = clock.now() - SHOW_FAILED
    creations = await stores.database.run(
        lambda db: runs_crud.list_creations(db, since=since, backup_ids=list(files))
    )
    # One that succeeded, and is not in the storage, was deleted.
    runs = {
        run.backup_id: run for run in creations if run.backup_id in files or run.status != RunStatus.SUCCEEDED
    }
    ids = sorted({*files, *runs}, reverse=True)
    for start in range(0, len(ids), _AT_ONCE):
        part = ids[start : start + _AT_ONCE]
        described = await describe(stores.settings, {each: files[each] for each in part if each in files})
        known = {backup.backup_id: backup for backup in described}
        lines = [Listed(each, known.get(each), runs.get(each)) for each in part]
        yield [line for line in lines if status is None or line.status == status]


async def list_keys(settings: Settings) -> dict[str, StoredFile]:
    """The archives by the ids of the backups, the newest first, without what is known of them. Raises StorageUnavailable."""
    storage, after = open_backups(settings), ""
    files = dict[str, StoredFile]()
    while True:
        page = await storage.list_files(names.FOLDER, after=after)
        files |= {backup_id: file for file in page if (backup_id := names.id_of_archive(file.key))}
        if len(page) < MOST_LISTED:
            return dict(sorted(files.items(), reverse=True))
        after = page[-1].key


async def describe(settings: Settings, files: Mapping[str, StoredFile]) -> list[Backup]:
    """What is known of these archives, in their order. Raises StorageUnavailable."""
    storage = open_backups(settings)
    return await asyncio.gather(*(_described(storage, backup_id, file) for backup_id, file in files.items()))


async def get_backup(settings: Settings, backup_id: str) -> Backup:
    """A backup. Raises BackupNotFound, StorageUnavailable."""
    if names.is_backup_id(backup_id):
        storage = open_backups(settings)
        for file in await storage.list_files(f"{names.FOLDER}{backup_id}"):
            if names.id_of_archive(file.key) == backup_id:
                return await _described(storage, backup_id, file)
    raise BackupNotFound(worded("There is no backup {backup_id}.", backup_id=repr(backup_id[:60])))


def location_of(settings: Settings, backup: Backup) -> Location:
    """Where its archive is."""
    return Location(open_backups(settings), backup.key)


def file_location(settings: Settings, path: Path) -> Location:
    """An archive that is a file of this machine."""
    return Location(open_backups(settings), path=path)


def scratch_target(settings: Settings, backup_id: str, purpose: str, *, token: str | None = None) -> Target:
    """New databases for a restore, named after the live ones; with a token always the same ones."""
    if token is not None:
        return Target(
            names.derived_database(settings.database_name, purpose, token),
            names.derived_database(settings.mongo_database, purpose, token),
            files=False,
            token=token,
        )
    stamp = f"{clock.now():%Y%m%dt%H%M%Sz}"
    return Target(
        names.derived_database(settings.database_name, f"{purpose}_{backup_id[-8:]}", stamp),
        names.derived_database(settings.mongo_database, f"{purpose}_{backup_id[-8:]}", stamp),
        files=False,
    )


async def verify(
    settings: Settings,
    backup_id: str,
    *,
    proofs: Sequence[Proof],
    progress: Progress,
    token: str | None = None,
) -> Restored | Problem:
    """Restore a backup into scratch databases, compare and prove them, delete them, and keep the result with the backup.

    `token`: of this work; what an earlier try of it left is deleted first. Returns what was restored, or why it could not be. Raises BackupNotFound, StorageUnavailable."""
    backup = await get_backup(settings, backup_id)
    target, result = scratch_target(settings, backup_id, "verify", token=token), None
    if token is not None:
        await restore_service.drop(settings, target)
    location = location_of(settings, backup)
    problems = list[str]()
    outcome: Restored | Problem
    try:
        outcome = result = await restore_service.restore(
            settings, location, target, proofs=proofs, progress=progress
        )
        problems = result.problems
    except Problem as problem:
        outcome, problems = problem, [problem.detail]
        if problem.status >= 500:
            # Not the backup's fault: a store was away, or there was no room for a copy.
            log.warning("backup_not_verified", backup_id=backup_id, reason=problem.detail)
            return problem
    finally:
        if result is not None:
            await restore_service.drop(settings, target)
    storage = open_backups(settings)
    if not await storage.exists(backup.key):
        # Deleted while it was read: a result without an archive would stay for ever.
        raise BackupNotFound(worded("There is no backup {backup_id}.", backup_id=repr(backup_id[:60])))
    description = dict(backup.description) or (dict(result.manifest) if result else {})
    description["verification"] = {
        "at": clock.now().isoformat(),
        "ok": not problems,
        **findings.stored(problems),
    }
    await write_description(storage, backup_id, description)
    (log.error if problems else log.info)("backup_verified", backup_id=backup_id, problems=len(problems))
    return outcome


async def delete(settings: Settings, backup_id: str) -> None:
    """Delete a backup. Raises BackupNotFound, and BackupInUse for the only one that is known to be good."""
    await _delete(settings, await find_deletable(settings, backup_id))


async def _delete(settings: Settings, backup: Backup) -> None:
    """Raises BackupInUse, and nothing is deleted, if all other good ones are being deleted at the same time.

    First it says so, then it looks once more: of two who delete the last two good ones, each sees the other.
    """
    if backup.verified_ok:
        storage = open_backups(settings)
        going = backup.description | {_GOING: clock.now().isoformat()}
        await write_description(storage, backup.backup_id, going)
        try:
            await find_deletable(settings, backup.backup_id)
        except BackupInUse:
            await write_description(storage, backup.backup_id, backup.description)
            raise
        except BackupNotFound:
            # Somebody else has deleted it since: what was just written belongs to nothing.
            await storage.delete(names.description_key(backup.backup_id))
            raise
    await _remove(settings, backup)


async def find_deletable(settings: Settings, backup_id: str) -> Backup:
    """A backup that may be deleted. Raises as `delete`."""
    backups = await list_backups(settings)
    own = next((each for each in backups if each.backup_id == backup_id), None)
    if own is None:
        raise BackupNotFound(worded("There is no backup {backup_id}.", backup_id=repr(backup_id[:60])))
    if own.verified_ok and not any(
        each.verified_ok and not each.is_going
        for each in backups
        if each is not own and not each.description.get("selection")
    ):
        raise BackupInUse(
            worded(
                "{backup_id} is the last backup that is known to be good. Verify a newer one first.",
                backup_id=backup_id,
            )
        )
    return own


async def prune(settings: Settings, *, dry_run: bool = False) -> list[str]:
    """Delete what the settings do not keep; the ids, the oldest first. Raises StorageUnavailable."""
    backups = {each.backup_id: each for each in await list_backups(settings)}
    keep = {
        "hourly": settings.backup_keep_hourly,
        "daily": settings.backup_keep_daily,
        "weekly": settings.backup_keep_weekly,
        "monthly": settings.backup_keep_monthly,
    }
    gone = retention.superfluous([_candidate(each) for each in backups.values()], keep)
    if not dry_run:
        for backup_id in list(gone):
            try:
                await _delete(settings, backups[backup_id])
            except (BackupInUse, BackupNotFound):
                # The others are being deleted, or this one was.
                gone.remove(backup_id)
            else:
                log.info("backup_pruned", backup_id=backup_id)
    return gone


def _candidate(backup: Backup) -> retention.Candidate:
    return retention.Candidate(
        backup.backup_id,
        backup.made_at,
        good=backup.verified_ok is True,
        failed=backup.verified_ok is False,
        partial=bool(backup.description.get("selection")),
    )


async def _described(storage: Storage, backup_id: str, file: StoredFile) -> Backup:
    content = await storage.get(names.description_key(backup_id))
    try:
        description = orjson.loads(content) if content else {}
    except orjson.JSONDecodeError:
        description = {}
    return Backup(backup_id, file.key, file.size_bytes, names.made_at(backup_id), description)


async def _remove(settings: Settings, backup: Backup) -> None:
    storage = open_backups(settings)
    await storage.delete(backup.key)
    await storage.delete(names.description_key(backup.backup_id))
