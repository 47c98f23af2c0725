"""A copy of the archive of the write-ahead log in the bucket of the backups, for the day when the machine with the archive is gone.

    wal-archive/wal/000000010000000000000007.gz.aes
    wal-archive/base/ID/base.tar.zst.aes
    wal-archive/base/ID/base.json            comes last: without it there is no base backup

PostgreSQL archives into the folder of BACKUP_WAL_DIR, and never waits for a bucket. A worker copies what is new, once a minute and in order. The copies are deleted by
the same rule as the archive, but by what is in the bucket itself: an archive that was lost takes nothing from it.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

import orjson
from prometheus_client import Gauge

from gencharge.backups import base_service, names, wal_archive, wal_program
from gencharge.backups.create_service import Progress, open_backups
from gencharge.backups.errors import WalCopiesDiffer, WalCopiesRequired
from gencharge.backups.wal_archive import Base, Segment
from gencharge.core import telemetry
from gencharge.core.settings import Settings
from gencharge.core.stores.storage import MOST_LISTED, Storage, StorageUnavailable, StoredFile, type_of
from gencharge.core.values import clock
from gencharge.core.wording import worded

log = telemetry.get_logger(__name__)
FOLDER: Final = "wal-archive/"
LAG: Final = Gauge(
    "gencharge_wal_copy_lag_seconds",
    "For how long the oldest file of the archive of the write-ahead log has waited for its copy in the bucket; 0: none waits, or nothing is copied",
)
_WAL: Final = f"{FOLDER}wal/"
_BASE: Final = f"{FOLDER}base/"
_PIECE_BYTES: Final = 1024 * 1024
# When this process last saw what the bucket has; at first when it began.
_looked_at = clock.now()


def is_on(settings: Settings) -> bool:
    """Whether the archive is copied: there is one, and a bucket for the backups."""
    return settings.backup_wal_dir is not None and not settings.database_url and bool(settings.backup_bucket)


async def copy(settings: Settings) -> int:
    """Copy what the bucket lacks, the oldest first, and delete the copies that are not kept; how many files were copied.

    Raises WalArchiveRequired, WalCopiesRequired, WalCopiesDiffer, StorageUnavailable, OSError."""
    archive, storage = _places(settings)
    copied = 0
    for path, key in await _missing(archive, storage):
        if await _copied(storage, path, key):
            copied += 1
    await _prune(settings, storage)
    if copied:
        log.info("wal_archive_copied", files=copied)
    return copied


async def tell(settings: Settings) -> None:
    """Set the gauge of this process. If the bucket is away, it is at least as long behind as nobody here could look."""
    global _looked_at
    if not is_on(settings):
        return
    archive, storage = _places(settings)
    try:
        LAG.set(_age_seconds(await _missing(archive, storage)))
        _looked_at = clock.now()
    except (StorageUnavailable, WalCopiesDiffer):
        LAG.set((clock.now() - _looked_at).total_seconds())


async def fetch(settings: Settings, progress: Progress) -> int:
    """Bring back into the archive's folder what is in the bucket only; how many files. What is in the folder stays as it is.

    Raises WalArchiveRequired, WalCopiesRequired, StorageUnavailable, OSError."""
    archive, storage = _places(settings)
    fetched, done = 0, 0
    # A base backup is described last, here as there.
    files = sorted(await _list(storage, FOLDER), key=lambda file: file.key.endswith(".json"))
    for file in files:
        target = _path_of(archive, file.key)
        if target is None or await asyncio.to_thread(target.exists):
            continue
        await asyncio.to_thread(target.parent.mkdir, 0o700, True, True)
        draft = target.with_name(f".{target.name}.fetched")
        with draft.open("wb") as written:
            draft.chmod(0o600)
            async for piece in storage.read(file.key, _PIECE_BYTES):
                await asyncio.to_thread(written.write, piece)
                done += len(piece)
                progress("fetching", done)
            await asyncio.to_thread(_sync, written.fileno())
        # When it was archived is when its transactions had ended at the latest.
        os.utime(draft, (file.modified_at.timestamp(), file.modified_at.timestamp()))
        await asyncio.to_thread(draft.replace, target)
        fetched += 1
    return fetched


def _places(settings: Settings) -> tuple[Path, Storage]:
    archive = base_service.archive_of(settings)
    if not settings.backup_bucket:
        raise WalCopiesRequired
    return archive, open_backups(settings)


async def _list(storage: Storage, prefix: str) -> list[StoredFile]:
    files, after = list[StoredFile](), ""
    while True:
        page = await storage.list_files(prefix, after=after)
        files += page
        if len(page) < MOST_LISTED:
            return files
        after = page[-1].key


async def _missing(archive: Path, storage: Storage) -> list[tuple[Path, str]]:
    """The files that the bucket lacks, with their keys, in the order in which they are copied."""
    present = {file.key: file.size_bytes for file in await _list(storage, FOLDER)}
    missing = list[tuple[Path, str]]()
    for path, key in await asyncio.to_thread(_files_of, archive):
        if key not in present:
            missing.append((path, key))
        elif path.exists() and path.stat().st_size != present[key]:
            # A file of an archive is never written again, so a server whose log began again has written this one.
            raise WalCopiesDiffer(worded("The bucket holds another {key}.", key=key))
    return missing


def _files_of(archive: Path) -> list[tuple[Path, str]]:
    """All files of the archive with their keys: the log in its order, then the base backups, each with its description last."""
    files = list[tuple[Path, str]]()
    for path in sorted(wal_archive.wal_folder(archive).glob("[0-9A-F]*")):
        if wal_program.is_archived_name(path.name):
            files.append((path, f"{_WAL}{path.name.lower()}"))
    for base in wal_archive.list_bases(archive):
        for path in (base.archive, base.folder / wal_archive.DESCRIPTION_NAME):
            files.append((path, f"{_BASE}{base.base_id}/{path.name}"))
    return files


async def _copied(storage: Storage, path: Path, key: str) -> bool:
    """Copy a file; False if it was deleted since it was listed."""

    async def pieces() -> AsyncIterator[bytes]:
        with path.open("rb") as file:
            while piece := await asyncio.to_thread(file.read, _PIECE_BYTES):
                yield piece

    try:
        await storage.put(key, pieces(), type_of(key))
    except FileNotFoundError:
        return False
    return True


def _path_of(archive: Path, key: str) -> Path | None:
    """Where a copy comes back to; None for what is none: a name that leads elsewhere is no name of a file of an archive."""
    if key.startswith(_WAL):
        # A key has lower-case letters only; PostgreSQL writes the digits of its names in capitals.
        digits, dot, rest = key.removeprefix(_WAL).partition(".")
        offset, ending, more = rest.partition(".backup")
        name = (
            f"{digits.upper()}{dot}{offset.upper()}{ending}{more}" if ending else f"{digits.upper()}.{rest}"
        )
        return wal_archive.wal_folder(archive) / name if wal_program.is_archived_name(name) else None
    base_id, _, name = key.removeprefix(_BASE).partition("/")
    known = {
        wal_archive.ARCHIVE_NAME,
        wal_archive.SEALED_ARCHIVE_NAME,
        wal_archive.DESCRIPTION_NAME,
    }
    if names.is_backup_id(base_id) and name in known:
        return wal_archive.base_folder(archive) / base_id / name
    return None


async def _prune(settings: Settings, storage: Storage) -> None:
    keep_since = clock.now() - timedelta(days=settings.backup_wal_days)
    keys = {file.key: file.modified_at for file in await _list(storage, FOLDER)}
    bases = [base for key in sorted(keys) if (base := await _base_of(storage, key)) is not None]
    segments = [segment for key, at in keys.items() if (segment := _segment_of(key, at)) is not None]
    old, unneeded = wal_archive.superfluous(bases, segments, keep_since=keep_since)
    for base in old:
        # The description first: what is left of a base backup without it is none.
        for key in (f"{_BASE}{base.base_id}/{wal_archive.DESCRIPTION_NAME}", *keys):
            if key.startswith(f"{_BASE}{base.base_id}/"):
                await storage.delete(key)
    for segment in unneeded:
        await storage.delete(f"{_WAL}{segment.path.name.lower()}")


async def _base_of(storage: Storage, key: str) -> Base | None:
    path = _path_of(Path(), key)
    if path is None or path.name != wal_archive.DESCRIPTION_NAME:
        return None
    try:
        return wal_archive.base_of(path.parent, orjson.loads(await storage.get(key) or b""))
    except (KeyError, TypeError, ValueError):
        return None


def _segment_of(key: str, at: datetime) -> Segment | None:
    path = _path_of(Path(), key) if key.startswith(_WAL) else None
    return wal_archive.segment_of(path, at) if path is not None else None


def _age_seconds(waiting: list[tuple[Path, str]]) -> float:
    ages = [0.0]
    for path, _ in waiting:
        if path.exists():
            ages.append(clock.now().timestamp() - path.stat().st_mtime)
    return max(ages)


def _sync(descriptor: int) -> None:
    os.fsync(descriptor)
