"""The copy of the archive in a bucket: in order, whole, brought back as it was, and never emptied by an archive that was lost."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest

from gencharge.backups import service, wal_archive, wal_copies_service
from gencharge.backups.errors import WalArchiveRequired, WalCopiesDiffer, WalCopiesRequired
from gencharge.backups.wal_copies_service import FOLDER, LAG
from gencharge.core.settings import Settings
from gencharge.core.stores.s3_storage import S3Storage
from gencharge.core.stores.storage import StorageUnavailable
from gencharge.core.values import clock
from tests.make.backups import silent
from tests.make.storage import BUCKET, S3Server

SEGMENTS = [f"00000001000000000000000{number}" for number in "ABCDEF"]
BASE_ID = "20261120t120000z-00000000"


@pytest.fixture(scope="module")
def server() -> Iterator[S3Server]:
    with S3Server() as server:
        yield server


@pytest.fixture
def own(settings: Settings, server: S3Server, tmp_path: Path, request: pytest.FixtureRequest) -> Settings:
    """An archive with six segments and a base backup, and a place of its own in the bucket."""
    bucket = server.settings(prefix=f"t{abs(hash(request.node.name)):x}")
    shared = {name: getattr(bucket, name) for name in bucket.model_fields_set if name != "storage_bucket"}
    changes: dict[str, Any] = {
        **shared,
        "backup_bucket": BUCKET,
        "backup_wal_dir": tmp_path / "archive",
        "database_url": "",
    }
    wal = tmp_path / "archive" / "wal"
    wal.mkdir(parents=True)
    for name in SEGMENTS:
        (wal / f"{name}.gz.aes").write_bytes(name.encode())
    (wal / "00000002.history.gz.aes").write_bytes(b"history")
    (wal / "00000001000000000000000A.00000028.backup.gz.aes").write_bytes(b"label")
    (wal / ".00000001000000000000000F.77").write_bytes(b"a draft")
    add_base(tmp_path / "archive", BASE_ID, "0/A000028")
    return settings.model_copy(update=changes)


def add_base(archive: Path, base_id: str, start: str, days_ago: int = 0) -> None:
    folder = archive / "base" / base_id
    folder.mkdir(parents=True)
    (folder / "base.tar.zst.aes").write_bytes(b"files" * 1_000_000)
    at = (clock.now() - timedelta(days=days_ago)).isoformat()
    description = {
        "started_at": at,
        "finished_at": at,
        "timeline": 1,
        "start": start,
        "end": start,
        "size_bytes": 5_000_000,
        "postgres": "18.4",
        "sealed": True,
    }
    (folder / "base.json").write_bytes(orjson.dumps(description))


def files_of(archive: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(archive)): path.read_bytes()
        for path in sorted(archive.rglob("*"))
        if path.is_file() and not path.name.startswith(".")
    }


async def test_all_is_copied_once_and_comes_back_as_it_was(own: Settings) -> None:
    assert own.backup_wal_dir is not None
    before = files_of(own.backup_wal_dir)
    assert len(before) == 10
    assert await wal_copies_service.copy(own) == 10
    assert await wal_copies_service.copy(own) == 0
    assert await service.list_keys(own) == {}, "it is no backup"

    # The machine is gone.
    shutil.rmtree(own.backup_wal_dir)
    seen = list[int]()
    assert await wal_copies_service.fetch(own, lambda _stage, done: seen.append(done)) == 10
    assert seen == sorted(seen)
    assert files_of(own.backup_wal_dir) == before
    [base] = wal_archive.list_bases(own.backup_wal_dir)
    assert base.sealed
    [span] = wal_archive.spans_of([base], wal_archive.list_segments(own.backup_wal_dir))
    assert span.missing is None
    assert await wal_copies_service.fetch(own, silent) == 0


async def test_an_archive_that_was_lost_takes_nothing_from_its_copy(own: Settings) -> None:
    assert own.backup_wal_dir is not None
    await wal_copies_service.copy(own)
    shutil.rmtree(own.backup_wal_dir)
    assert await wal_copies_service.copy(own) == 0
    assert await wal_copies_service.fetch(own, silent) == 10


async def test_copies_that_no_kept_instant_needs_are_deleted(own: Settings) -> None:
    assert own.backup_wal_dir is not None
    shutil.rmtree(own.backup_wal_dir / "base")
    add_base(own.backup_wal_dir, BASE_ID, "0/A000028", days_ago=30)
    add_base(own.backup_wal_dir, BASE_ID.replace("1120", "1121"), "0/C000028", days_ago=20)
    add_base(own.backup_wal_dir, BASE_ID.replace("1120", "1122"), "0/E000028", days_ago=1)
    await wal_copies_service.copy(own)
    shutil.rmtree(own.backup_wal_dir)
    await wal_copies_service.fetch(own, silent)
    bases = wal_archive.list_bases(own.backup_wal_dir)
    assert [base.base_id[:8] for base in bases] == ["20261121", "20261122"], (
        "the older one leads to 7 days ago"
    )
    numbers = [segment.number for segment in wal_archive.list_segments(own.backup_wal_dir)]
    assert numbers == [0xC, 0xD, 0xE, 0xF]


async def test_the_log_of_another_server_is_never_mixed_with_the_one_that_is_there(own: Settings) -> None:
    assert own.backup_wal_dir is not None
    await wal_copies_service.copy(own)
    (own.backup_wal_dir / "wal" / f"{SEGMENTS[0]}.gz.aes").write_bytes(b"of a server that began anew")
    with pytest.raises(WalCopiesDiffer, match="holds another"):
        await wal_copies_service.copy(own)


async def test_a_bucket_that_goes_away_midway_has_the_first_ones_and_the_gauge_says_how_far_it_is_behind(
    own: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    put, count = S3Storage.put, 0

    async def failing(self: S3Storage, *arguments: Any) -> None:
        nonlocal count
        count += 1
        if count == 4:
            raise StorageUnavailable
        await put(self, *arguments)

    monkeypatch.setattr(S3Storage, "put", failing)
    with pytest.raises(StorageUnavailable):
        await wal_copies_service.copy(own)
    with clock.later(seconds=1000):
        await wal_copies_service.tell(own)
    assert 990 < LAG._value.get() < 1200
    assert await wal_copies_service.copy(own) == 7
    await wal_copies_service.tell(own)
    assert LAG._value.get() == 0
    away = own.model_copy(update={"storage_endpoint_url": "http://127.0.0.1:9"})
    with clock.later(seconds=2000):
        await wal_copies_service.tell(away)
    assert 1990 < LAG._value.get() < 2200


async def test_a_name_in_the_bucket_that_leads_elsewhere_is_not_fetched(own: Settings) -> None:
    assert own.backup_wal_dir is not None
    storage = S3Storage.of(own.model_copy(update={"storage_bucket": BUCKET}))
    for key in ("wal/x.gz", "wal/a/b.gz", f"base/{BASE_ID}/other.json", "base/other/base.json", "else.gz"):
        await storage.put(
            f"{FOLDER}{key}", b"x", "application/gzip" if key.endswith("gz") else "application/json"
        )
    shutil.rmtree(own.backup_wal_dir)
    assert await wal_copies_service.fetch(own, silent) == 0


async def test_without_an_archive_or_a_bucket_nothing_is_copied(own: Settings) -> None:
    assert wal_copies_service.is_on(own)
    for change, problem in (
        ({"backup_bucket": ""}, WalCopiesRequired),
        ({"backup_wal_dir": None}, WalArchiveRequired),
        ({"database_url": "postgresql://somewhere/gencharge"}, WalArchiveRequired),
    ):
        other = own.model_copy(update=change)
        assert not wal_copies_service.is_on(other)
        with pytest.raises(problem):
            await wal_copies_service.copy(other)
