"""Base backups: whole or not listed, one at a time, and deleted when no kept instant needs them."""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest

from gencharge.backups import base_service, crud, programs, wal_archive, wal_crud
from gencharge.backups.errors import BackupFailed, BackupInvalid, BaseBackupAlreadyRunning, WalArchiveRequired
from gencharge.core.settings import Settings
from gencharge.core.values import clock
from gencharge.run.embedded import EmbeddedServers
from tests.make import fork_server
from tests.make.backups import silent

PROGRAM = """
from gencharge.backups import base_service
from gencharge.core.settings import Settings
settings = Settings(_env_file=None)
print("ready", flush=True)
base_service.create(settings, lambda stage, done: None)
"""


@pytest.fixture(scope="module")
def own(settings: Settings) -> Iterator[Settings]:
    """The settings of an embedded server of its own, which archives."""
    folder = Path(tempfile.mkdtemp(prefix="gencharge-base-"))
    folder.chmod(0o755)
    changes = {"data_dir": folder / "data", "backup_wal_dir": folder / "archive", "database_url": ""}
    own = settings.model_copy(update=changes)
    servers = EmbeddedServers(own.data_dir, ["postgres"])
    servers.postgres.wal_dir = own.backup_wal_dir
    with servers:
        yield own
    shutil.rmtree(folder, ignore_errors=True)


def archive_of(own: Settings) -> Path:
    assert own.backup_wal_dir is not None
    return own.backup_wal_dir


def write_segments(own: Settings, count: int) -> None:
    with psycopg.connect(own.postgres_url, autocommit=True, dbname="postgres") as connection:
        for _ in range(count):
            name = wal_crud.switch_segment(connection)
    path = wal_archive.wal_folder(archive_of(own)) / f"{name}.gz"
    deadline = time.monotonic() + 30
    while not path.exists():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_base_backup_is_listed_with_the_segments_that_it_needs(own: Settings) -> None:
    seen = list[tuple[str, int]]()
    base = base_service.create(own, lambda stage, done: seen.append((stage, done)))
    assert seen
    assert base in wal_archive.list_bases(archive_of(own))
    archived = {segment.number for segment in wal_archive.list_segments(archive_of(own))}
    assert set(range(base.first, base.last + 1)) <= archived
    assert base.archive.stat().st_mode & 0o077 == 0
    with base_service.files_of(base.archive) as files:
        assert {"backup_label", "backup_manifest", "PG_VERSION"} <= {member.name for member in files}


def test_one_that_is_killed_midway_is_not_listed_and_the_next_one_tidies_up(own: Settings) -> None:
    before = wal_archive.list_bases(archive_of(own))
    environment = {name: value for name, value in os.environ.items() if not name.endswith("_URL")} | {
        "ENVIRONMENT": "test",
        "DATA_DIR": str(own.data_dir),
        "BACKUP_WAL_DIR": str(own.backup_wal_dir),
    }
    for delay_seconds in (0.05, 0.3):
        process = fork_server.begin(PROGRAM, folder=own.data_dir, environment=environment)
        assert process.stdout.readline() == "ready\n"
        time.sleep(delay_seconds)
        os.killpg(process.pid, signal.SIGKILL)
        process.end()
    for base in wal_archive.list_bases(archive_of(own))[len(before) :]:
        with base_service.files_of(base.archive) as files:
            assert list(files), "if it is listed it is whole"
    base_service.create(own, silent)
    assert not list(wal_archive.base_folder(archive_of(own)).glob(".*"))


def test_there_is_one_at_a_time(own: Settings) -> None:
    with crud.connected(own.migration_url, "postgres", autocommit=True) as connection:
        assert wal_crud.take_lock(connection)
        with pytest.raises(BaseBackupAlreadyRunning):
            base_service.create(own, silent)


def test_an_archive_that_takes_no_segment_ends_it_with_the_reason(own: Settings) -> None:
    before, folder = wal_archive.list_bases(archive_of(own)), wal_archive.wal_folder(archive_of(own))
    away = folder.with_name("away")
    folder.rename(away)
    try:
        with pytest.raises(BackupFailed, match="does the archive take its segments"):
            base_service.create(own, silent, patience_seconds=2)
    finally:
        away.rename(folder)
    assert wal_archive.list_bases(archive_of(own)) == before


def test_a_program_that_fails_says_why(own: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    before = wal_archive.list_bases(archive_of(own))
    monkeypatch.setenv("PGUSER", "nobody")
    monkeypatch.setattr(
        programs, "environment", lambda url: {**os.environ, "PGHOST": "/nowhere", "PGUSER": "x"}
    )
    with pytest.raises(BackupFailed, match="nowhere"):
        base_service.create(own, silent)
    assert wal_archive.list_bases(archive_of(own)) == before


def test_a_damaged_archive_is_no_base_backup(own: Settings, tmp_path: Path) -> None:
    base = base_service.create(own, silent)
    content = base.archive.read_bytes()
    for damaged in (content[:-40], content[: len(content) // 2], b"nothing", b""):
        path = tmp_path / "base.tar.zst"
        path.write_bytes(damaged)
        with pytest.raises(BackupInvalid), base_service.files_of(path) as files:
            list(files)


def test_what_is_not_kept_goes_with_its_segments_and_the_newest_stays(own: Settings) -> None:
    base_service.create(own, silent)
    write_segments(own, 2)
    base_service.create(own, silent)
    bases = wal_archive.list_bases(archive_of(own))
    # Segments from before the first one are of no use to anybody.
    assert base_service.prune(own)[0] == []
    assert base_service.prune(own) == ([], 0)
    with clock.at(datetime.now(UTC) + timedelta(days=own.backup_wal_days, hours=1)):
        gone, segments = base_service.prune(own)
    assert gone == bases[:-1]
    assert segments > 0
    assert wal_archive.list_bases(archive_of(own)) == bases[-1:]
    [span] = wal_archive.spans_of(bases[-1:], wal_archive.list_segments(archive_of(own)))
    assert span.missing is None


def test_without_an_archive_it_is_said_what_to_set(own: Settings, settings: Settings) -> None:
    for other in (
        own.model_copy(update={"backup_wal_dir": None}),
        settings,
    ):
        with pytest.raises(WalArchiveRequired):
            base_service.create(other, silent)
    plain = settings.model_copy(update={"database_url": "", "backup_wal_dir": own.backup_wal_dir})
    with pytest.raises(WalArchiveRequired, match="started without BACKUP_WAL_DIR"):
        base_service.create(plain, silent)
