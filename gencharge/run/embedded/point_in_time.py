"""Recovers the embedded PostgreSQL as it was at an instant, into a new folder: the base backup before it, then the log up to it.

    FOLDER/postgres.draft    what is being recovered; a process that dies leaves it, and the next one deletes it
    FOLDER/postgres          the data, when they are whole

A recharge that was acknowledged before the instant is there, for its commit was in the log before its answer left; one that was asked for after it
is not. The data in use are not touched: of a server that does not run any more, the end of its log is read, too, which the archive lacks.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, Final

import orjson
import psycopg

from gencharge.backups import base_service, create_service, crud, wal_archive, wal_crud, wal_keys
from gencharge.backups.create_service import Progress
from gencharge.backups.wal_archive import Base
from gencharge.backups.wal_program import ENDING, SEALED_ENDING
from gencharge.core.settings import Settings
from gencharge.core.values import clock
from gencharge.run.embedded import cluster, disk, wal
from gencharge.run.embedded.binaries import Binary, find_postgres_of
from gencharge.run.embedded.errors import ArchiveDamaged, InstantNotReachable, ServerFailed
from gencharge.run.embedded.ownership import match_owner, server_account

_DRAFT: Final = "postgres.draft"
# A day: how long a recovery takes depends on how much was written since the base backup.
_READY_SECONDS: Final = 86_400.0
_ARCHIVED_SECONDS: Final = 60.0
_POLL_SECONDS: Final = 0.1
# Files of a server, unpacked, take a few times the room of the compressed ones.
_ROOM: Final = 6
_PIECE_BYTES: Final = 1024 * 1024
_RECOVERING: Final = """
    SELECT pg_is_in_recovery(),
           coalesce(pg_wal_lsn_diff(pg_last_wal_replay_lsn(), pg_control_checkpoint.redo_lsn), 0)
    FROM pg_control_checkpoint()
"""
_NOT_REACHED: Final = "recovery ended before configured recovery target was reached"
_LAST: Final = re.compile(r"last completed transaction was at log time (.+)")


@dataclass(frozen=True, slots=True)
class Recovered:
    """What was recovered. `last_at`: the last transaction that it holds, as the log of the server says it; empty if it says nothing."""

    folder: Path
    base: Base
    last_at: str


def recover(settings: Settings, until: datetime, folder: Path, progress: Progress) -> Recovered:
    """Recover PostgreSQL as it was at an instant (UTC) into `folder`/postgres.

    Raises WalArchiveRequired, InstantNotReachable, ArchiveDamaged, BackupInvalid, ServerFailed. Then there is no such folder."""
    archive = base_service.archive_of(settings)
    if until > clock.now():
        raise InstantNotReachable(f"{until.isoformat()} is in the future.")
    if (folder / "postgres").exists():
        raise ServerFailed(f"{folder} holds data already: name another folder, or delete it")
    live = _end_segment(settings, archive)
    base = _base_for(archive, until)
    program = find_postgres_of(int(base.postgres.partition(".")[0]))
    if program is None:
        raise ServerFailed(f"PostgreSQL {base.postgres}, which made the base backup, is not on this machine")
    if short := disk.shortage(folder.parent, base.size_bytes * _ROOM):
        raise ServerFailed(short)
    draft = folder / _DRAFT
    shutil.rmtree(draft, ignore_errors=True)
    folder.mkdir(mode=0o755, parents=True, exist_ok=True)
    match_owner(folder)
    try:
        _unpack(base, create_service.key_of(settings), draft, progress)
        with _key_file(settings, folder) as key_file:
            reading = {
                "restore_command": wal.restore_command(wal_archive.wal_folder(archive), live, key_file)
            }
            last_at = _replay(folder, draft, program, reading, until, live, progress)
        (draft / "backup_manifest").unlink(missing_ok=True)
        draft.rename(folder / "postgres")
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return Recovered(folder, base, last_at)


def _base_for(archive: Path, until: datetime) -> Base:
    spans = wal_archive.spans_of(wal_archive.list_bases(archive), wal_archive.list_segments(archive))
    choice = wal_archive.base_for(spans, until)
    if choice is None:
        reachable = "; ".join(wal_archive.describe(spans)) or "nothing, for there is no base backup"
        raise InstantNotReachable(
            f"The archive does not lead to {until.isoformat()}. It leads to: {reachable}"
        )
    return choice[1]


def _end_segment(settings: Settings, archive: Path) -> Path | None:
    """Let the server archive what it has written; of one that does not run, the folder of its log, if it is there."""
    try:
        with crud.connected(settings.postgres_url, "postgres", autocommit=True) as connection:
            name = wal_crud.switch_segment(connection)
    except psycopg.OperationalError:
        pg_wal = settings.data_dir.resolve() / "postgres" / "pg_wal"
        return pg_wal if pg_wal.is_dir() else None
    deadline = time.monotonic() + _ARCHIVED_SECONDS
    folder = wal_archive.wal_folder(archive)
    while not any((folder / f"{name}{ending}").exists() for ending in (ENDING, SEALED_ENDING)):
        if time.monotonic() > deadline:
            raise ServerFailed(
                f"PostgreSQL has not archived {name} within {_ARCHIVED_SECONDS:g} s: see {settings.data_dir / 'logs' / 'postgres.log'}"
            )
        time.sleep(_POLL_SECONDS)
    return None


@contextmanager
def _key_file(settings: Settings, folder: Path) -> Iterator[Path | None]:
    """The private key of the archive, in a file for the server's user while it reads the log; None without a key of backups."""
    key = create_service.key_of(settings)
    if key is None:
        yield None
        return
    path, account = folder / "wal.key", server_account(folder)
    path.unlink(missing_ok=True)
    try:
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o400), "w", encoding="ascii") as file:
            file.write(wal_keys.private_of(key))
        if account is not None:
            os.chown(path, account.uid, account.gid)
        yield path
    finally:
        path.unlink(missing_ok=True)


def _unpack(base: Base, key: bytes | None, draft: Path, progress: Progress) -> None:
    """Write the files of the base backup, and compare each with the checksum that the server gave of it."""
    draft.mkdir(mode=0o700)
    digests, done = dict[str, str](), 0
    with base_service.files_of(base.archive, key) as files:
        for member in files:
            target = draft / member.name
            if not target.resolve().is_relative_to(draft.resolve()) or not (
                member.isdir() or member.isfile()
            ):
                raise ArchiveDamaged(
                    f"The base backup holds {member.name[:200]!r}, which is no file of a server."
                )
            if member.isdir():
                target.mkdir(mode=0o700, parents=True, exist_ok=True)
                continue
            content = files.extractfile(member)
            assert content is not None, "it is a file"
            digests[member.name.removeprefix("./")] = _write(content, target)
            done += member.size
            progress("unpacking", done)
    manifest = orjson.loads((draft / "backup_manifest").read_bytes())
    for file in manifest["Files"]:
        if digests.get(file.get("Path")) != file.get("Checksum"):
            raise ArchiveDamaged(f"The base backup is damaged: {file.get('Path')} is not as it was.")


def _write(content: IO[bytes], target: Path) -> str:
    """Write a file; its SHA-256."""
    digest = hashlib.sha256()
    with target.open("xb") as file:
        target.chmod(0o600)
        while piece := content.read(_PIECE_BYTES):
            digest.update(piece)
            file.write(piece)
    return digest.hexdigest()


def _replay(
    folder: Path,
    draft: Path,
    program: Binary,
    reading: Mapping[str, str],
    until: datetime,
    live: Path | None,
    progress: Progress,
) -> str:
    """Let a server of its own read the log up to the instant, and stop it again in order."""
    # PostgreSQL takes this file away when it has arrived.
    (draft / "recovery.signal").touch()
    to_the_instant = {
        "recovery_target_time": until.isoformat(),
        "recovery_target_action": "promote",
    }
    log = folder / "logs" / f"{draft.name}.log"
    try:
        _run(folder, draft, program, {**reading, **to_the_instant}, progress)
    except ServerFailed as problem:
        if not _says(log, _NOT_REACHED):
            raise _named(log, problem) from None
        if live is None:
            raise InstantNotReachable(
                f"The archive ends before {until.isoformat()}: its last transaction is of {_last(log) or 'no known instant'}."
            ) from None
        # Its log is here to its very end, so nothing happened between that and the instant.
        _run(folder, draft, program, reading, progress)
    return _last(log)


def _run(folder: Path, draft: Path, program: Binary, more: Mapping[str, str], progress: Progress) -> None:
    with cluster.running(folder, draft, program, ready_seconds=_READY_SECONDS, more=more) as server:
        # It answers while it reads the log, and ends if it can't go on.
        while True:
            try:
                with psycopg.connect(server.url, autocommit=True) as connection:
                    while (state := connection.execute(_RECOVERING).fetchone()) is not None and state[0]:
                        progress("log", int(state[1]))
                        time.sleep(_POLL_SECONDS)
                return
            except psycopg.OperationalError:
                if not server.running:
                    raise ServerFailed(server.why_stopped()) from None
                time.sleep(_POLL_SECONDS)


def _named(log: Path, problem: ServerFailed) -> Exception:
    damaged = [line for line in _lines(log) if "is damaged" in line]
    return ArchiveDamaged(f"The archive can't be read: {damaged[-1][:300]}") if damaged else problem


def _says(log: Path, text: str) -> bool:
    return any(text in line for line in _lines(log))


def _last(log: Path) -> str:
    matches = [match[1] for line in _lines(log) if (match := _LAST.search(line))]
    return matches[-1].strip() if matches else ""


def _lines(log: Path) -> list[str]:
    with suppress(OSError):
        return log.read_text(errors="replace").splitlines()
    return []
