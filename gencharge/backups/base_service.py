"""Base backups: all files of the embedded server, copied while it runs, as the beginning of a recovery to a point in time.

pg_basebackup writes one tar to us; it is compressed and put under its name when it was read once to its end. With WAL archiving on, PostgreSQL
ends a base backup when the segments that it needs are in the archive.
"""

from __future__ import annotations

import os
import re
import secrets
import shutil
import subprocess
import sys
import tarfile
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import IO, Any, Final

import orjson

from gencharge.backups import cipher, crud, names, programs, wal_archive, wal_crud
from gencharge.backups.create_service import Progress, key_of
from gencharge.backups.errors import (
    BackupFailed,
    BackupInvalid,
    BackupKeyRequired,
    BaseBackupAlreadyRunning,
    WalArchiveRequired,
)
from gencharge.backups.wal_archive import Base
from gencharge.core import telemetry
from gencharge.core.settings import Settings
from gencharge.core.values import clock
from gencharge.core.wording import worded

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

log = telemetry.get_logger(__name__)
# A base backup that hears nothing for so long ends with an error: PostgreSQL waits without an end for an archive that takes no segment.
PATIENCE_SECONDS: Final = 300.0
_PIECE_BYTES: Final = 1024 * 1024
_LEVEL: Final = 3
_SHOWN_LINES: Final = 3
_START: Final = re.compile(rb"START WAL LOCATION: (?P<start>[0-9A-F]+/[0-9A-F]+)")


def archive_of(settings: Settings) -> Path:
    """The archive of the embedded server. Raises WalArchiveRequired if there is none."""
    if settings.database_url:
        raise WalArchiveRequired(
            "DATABASE_URL names a server of your own: docs/how-to/point-in-time.md has the ways for it."
        )
    if settings.backup_wal_dir is None:
        raise WalArchiveRequired
    return settings.backup_wal_dir.resolve()


def create(settings: Settings, progress: Progress, *, patience_seconds: float = PATIENCE_SECONDS) -> Base:
    """Make a base backup of the embedded server, which must run; it is there when it is whole, and not before.

    Raises WalArchiveRequired, BaseBackupAlreadyRunning, BackupToolsUnavailable, BackupFailed, OSError."""
    archive, url = archive_of(settings), settings.migration_url
    with crud.connected(url, "postgres", autocommit=True) as connection:
        if not wal_crud.get_archiving(connection).is_on:
            raise WalArchiveRequired(
                "The embedded PostgreSQL was started without BACKUP_WAL_DIR: start it again, and then make the base backup."
            )
        if not crud.take_patiently(lambda: wal_crud.take_lock(connection)):
            raise BaseBackupAlreadyRunning
        major, version = crud.get_server_version(connection)
        tools = programs.find_tools(major, settings.postgres_bin_dir)
        base_id = names.new_backup_id(clock.now(), secrets.token_hex(3)[:5])
        parent = wal_archive.base_folder(archive)
        parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        _sweep(parent)
        draft, key = parent / f".{base_id}", key_of(settings)
        draft.mkdir(mode=0o700)
        try:
            started_at = clock.now()
            target = draft / wal_archive.archive_name(sealed=key is not None)
            _copy(tools, url, target, key, progress, patience_seconds)
            description = _described(target, key) | {
                "started_at": started_at.isoformat(),
                # What is committed from now on is not in it.
                "finished_at": wal_crud.get_archiving(connection).now.isoformat(),
                "postgres": version,
                "sealed": key is not None,
            }
            _write(draft / wal_archive.DESCRIPTION_NAME, orjson.dumps(description))
            draft.rename(parent / base_id)
            _sync(parent)
        finally:
            shutil.rmtree(draft, ignore_errors=True)
    log.info("base_backup_created", base_id=base_id, size_bytes=description["size_bytes"])
    return next(base for base in wal_archive.list_bases(archive) if base.base_id == base_id)


def prune(settings: Settings) -> tuple[list[Base], int]:
    """Delete the base backups that BACKUP_WAL_DAYS does not keep and the segments that only they need; the former, and how many of the latter.

    Raises WalArchiveRequired, OSError."""
    archive = archive_of(settings)
    keep_since = clock.now() - timedelta(days=settings.backup_wal_days)
    bases, segments = wal_archive.superfluous(
        wal_archive.list_bases(archive), wal_archive.list_segments(archive), keep_since=keep_since
    )
    for base in bases:
        # Without its description it is none, whatever is left of it.
        (base.folder / wal_archive.DESCRIPTION_NAME).unlink(missing_ok=True)
        shutil.rmtree(base.folder)
    for segment in segments:
        segment.path.unlink(missing_ok=True)
    if bases or segments:
        log.info("wal_archive_pruned", base_backups=len(bases), segments=len(segments))
    return bases, len(segments)


@contextmanager
def files_of(archive: Path, key: bytes | None = None) -> Iterator[tarfile.TarFile]:
    """The files of a base backup, which are read one after the other, to their end.

    Raises BackupInvalid for a damaged one, BackupKeyRequired and BackupKeyMismatch for an encrypted one without its key."""
    try:
        with (
            archive.open("rb") as file,
            zstd.open(_unsealed(file, archive, key), "rb") as content,
            tarfile.open(fileobj=content, mode="r|") as files,
        ):
            yield files
            # What follows the last file belongs to the compressed stream, whose checksum is at its end.
            while content.read(_PIECE_BYTES):
                pass
    except (zstd.ZstdError, EOFError, tarfile.TarError) as problem:
        raise BackupInvalid(
            worded("The base backup is damaged: {problem}.", problem=f"{archive}: {problem}")
        ) from None


def _unsealed(file: IO[bytes], archive: Path, key: bytes | None) -> Any:
    if archive.name != wal_archive.SEALED_ARCHIVE_NAME:
        return file
    if key is None:
        raise BackupKeyRequired("The base backup is encrypted. Set BACKUP_KEY_FILE to the file with its key.")
    return cipher.OpeningReader(file, key)


def _described(archive: Path, key: bytes | None) -> dict[str, Any]:
    """What the base backup says of itself. Reads it to its end, so what is listed could be read once."""
    start, manifest = b"", dict[str, Any]()
    with files_of(archive, key) as files:
        for member in files:
            file = files.extractfile(member) if member.name in {"backup_label", "backup_manifest"} else None
            content = file.read() if file is not None else b""
            if member.name == "backup_label" and (match := _START.search(content)):
                start = match["start"]
            elif member.name == "backup_manifest":
                manifest = orjson.loads(content)
    if not start or not manifest.get("WAL-Ranges"):
        raise BackupInvalid(worded("There is no base backup in {file}.", file=str(archive)))
    ranges = manifest["WAL-Ranges"]
    return {
        "start": start.decode(),
        "end": ranges[0]["End-LSN"],
        "timeline": ranges[0]["Timeline"],
        "system": manifest.get("System-Identifier"),
        "size_bytes": archive.stat().st_size,
    }


def _copy(
    tools: programs.Tools,
    url: str,
    target: Path,
    key: bytes | None,
    progress: Progress,
    patience_seconds: float,
) -> None:
    command = [
        tools.path("pg_basebackup"),
        "--pgdata=-",
        "--format=tar",
        "--wal-method=none",
        "--checkpoint=fast",
        "--manifest-checksums=SHA256",
        "--no-password",
        "--label=gencharge",
    ]
    done = 0
    options: dict[Any, int] = {
        zstd.CompressionParameter.compression_level: _LEVEL,
        zstd.CompressionParameter.checksum_flag: 1,
    }
    with target.open("xb") as file:
        target.chmod(0o600)
        sealing = cipher.SealingWriter(file.write, key) if key is not None else None
        sink: Any = sealing or file
        with (
            _watched(command, url, patience_seconds) as (content, heard),
            zstd.open(sink, "wb", options=options) as packed,
        ):
            while piece := content.read(_PIECE_BYTES):
                heard.set()
                packed.write(piece)
                done += len(piece)
                progress("base backup", done)
        if sealing is not None:
            sealing.finish()
        file.flush()
        os.fsync(file.fileno())


@contextmanager
def _watched(
    command: list[str], url: str, patience_seconds: float
) -> Iterator[tuple[IO[bytes], threading.Event]]:
    """A program that is ended when it was not heard of for so long. Raises BackupFailed with what it said."""
    heard, over, silent = threading.Event(), threading.Event(), threading.Event()
    with tempfile.TemporaryFile() as messages:
        process = subprocess.Popen(  # noqa: S603 - a fixed program, no shell
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=messages,
            env=programs.environment(url),
        )
        assert process.stdout is not None, "it is a pipe"

        def watch() -> None:
            while heard.wait(patience_seconds) and not over.is_set():
                heard.clear()
            if not over.is_set():
                silent.set()
                process.kill()

        watcher = threading.Thread(target=watch, name="watch-base-backup", daemon=True)
        watcher.start()
        try:
            yield process.stdout, heard
            code = process.wait()
        finally:
            over.set()
            heard.set()
            if process.poll() is None:
                process.kill()
                process.wait()
            process.stdout.close()
            watcher.join()
        if silent.is_set():
            raise BackupFailed(
                worded(
                    "PostgreSQL said nothing for {seconds} s: does the archive take its segments? Its log says why not. Nothing was kept.",
                    seconds=patience_seconds,
                )
            )
        if code:
            messages.seek(0)
            lines = messages.read().decode(errors="replace").strip().splitlines()
            reason = telemetry.scrub(" | ".join(lines[-_SHOWN_LINES:]) or f"exit code {code}")[:300]
            raise BackupFailed(
                worded("The base backup could not be made: {reason}. Nothing was kept.", reason=reason)
            )


def _sweep(parent: Path) -> None:
    """Delete what a process that was killed has left. Only one at a time is here: it holds the lock."""
    for left_over in parent.glob(".*"):
        shutil.rmtree(left_over, ignore_errors=True)


def _write(path: Path, content: bytes) -> None:
    with path.open("xb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
