"""The storage: a whole file or none, and nothing outside its folder."""

from __future__ import annotations

import errno
import os
import resource
import stat
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from gencharge.core.settings import Settings
from gencharge.core.stores.storage import (
    FolderStorage,
    StorageFull,
    StorageUnavailable,
    StoredFileNotFound,
    open_storage,
)

PDF = "application/pdf"
KEY = "receipts/2026/0198c0de-1.pdf"


@pytest.fixture
def storage(tmp_path: Path) -> FolderStorage:
    return FolderStorage(tmp_path / "storage")


def files_in(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


@contextmanager
def room_for(size_bytes: int) -> Iterator[None]:
    """No file of this process can grow beyond this: the kernel itself says EFBIG."""
    import signal

    earlier = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size_bytes, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, earlier)


async def pieces(*parts: bytes, error: Exception | None = None) -> AsyncIterator[bytes]:
    for part in parts:
        yield part
    if error is not None:
        raise error


async def test_what_was_put_is_there_until_it_is_deleted(storage: FolderStorage) -> None:
    assert await storage.get(KEY) is None
    assert not await storage.exists(KEY)
    await storage.put(KEY, b"first", PDF)
    await storage.put(KEY, b"second", PDF)
    assert await storage.get(KEY) == b"second"
    assert await storage.exists(KEY)
    assert await storage.delete(KEY)
    assert not await storage.delete(KEY)
    assert await storage.get(KEY) is None


async def test_a_file_is_for_nobody_else_to_read(storage: FolderStorage) -> None:
    before = os.umask(0)
    try:
        await storage.put(KEY, b"x", PDF)
    finally:
        os.umask(before)
    assert stat.S_IMODE((storage.folder / KEY).stat().st_mode) == 0o600
    for folder in (storage.folder, storage.folder / "receipts", storage.folder / "receipts/2026"):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700, folder


async def test_files_come_and_go_piece_by_piece(storage: FolderStorage) -> None:
    await storage.put("backups/1.zst", pieces(b"one ", b"", b"two ", b"three"), "application/zstd")
    assert b"".join([piece async for piece in storage.read("backups/1.zst", 3)]) == b"one two three"
    with pytest.raises(StoredFileNotFound):
        await anext(storage.read("backups/2.zst"))


async def test_a_file_that_is_being_read_is_read_to_its_end_though_it_is_replaced(
    storage: FolderStorage,
) -> None:
    await storage.put(KEY, b"old text", PDF)
    reading = storage.read(KEY, 4)
    assert await anext(reading) == b"old "
    await storage.put(KEY, b"new", PDF)
    assert [piece async for piece in reading] == [b"text"]


@pytest.mark.parametrize("earlier", [None, b"earlier"])
async def test_a_write_that_fails_half_way_leaves_what_was_there_before(
    storage: FolderStorage, earlier: bytes | None
) -> None:
    if earlier is not None:
        await storage.put(KEY, earlier, PDF)
    before = files_in(storage.folder) if earlier else []
    with pytest.raises(RuntimeError, match="the source broke"):
        await storage.put(KEY, pieces(b"half", error=RuntimeError("the source broke")), PDF)
    assert await storage.get(KEY) == earlier
    assert files_in(storage.folder) == before


@pytest.mark.parametrize("in_pieces", [False, True])
async def test_a_full_disk_is_told_and_leaves_nothing_half_written(
    storage: FolderStorage, in_pieces: bool
) -> None:
    await storage.put(KEY, b"earlier", PDF)
    content = b"x" * 20_000
    with room_for(10_000), pytest.raises(StorageFull) as refused:
        await storage.put(KEY, pieces(content) if in_pieces else content, PDF)
    assert isinstance(refused.value.__cause__, OSError)
    assert refused.value.__cause__.errno == errno.EFBIG
    assert (refused.value.status, refused.value.code()) == (503, "storage_full")
    assert await storage.get(KEY) == b"earlier"
    assert files_in(storage.folder) == [KEY]


async def test_a_storage_that_is_no_folder_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "storage").write_text("a file in its place")
    storage = FolderStorage(tmp_path / "storage")
    with pytest.raises(StorageUnavailable):
        await storage.put(KEY, b"x", PDF)


@pytest.mark.parametrize(
    "key",
    [
        "",
        "a",
        "../a.pdf",
        "a/../b.pdf",
        "a/..",
        "/etc/passwd.pdf",
        "a//b.pdf",
        "a/./b.pdf",
        ".hidden.pdf",
        "a/.incoming/b.pdf",
        "A.pdf",
        "a\\b.pdf",
        "a b.pdf",
        "a\x00.pdf",
        "a.pdf\n",
        "é.pdf",
        "%2e%2e/a.pdf",
        "a/" * 9 + "b.pdf",
        "a" * 101 + ".pdf",
    ],
)
async def test_a_key_that_could_lead_elsewhere_is_refused_by_every_door(
    storage: FolderStorage, key: str
) -> None:
    with pytest.raises(ValueError):
        await storage.put(key, b"x", PDF)
    with pytest.raises(ValueError):
        await storage.get(key)
    with pytest.raises(ValueError):
        await anext(storage.read(key))
    with pytest.raises(ValueError):
        await storage.exists(key)
    with pytest.raises(ValueError):
        await storage.delete(key)
    assert not storage.folder.exists()


@pytest.mark.parametrize("prefix", ["..", "../", "/", "a/../", ".incoming/", "A"])
async def test_a_prefix_that_could_lead_elsewhere_is_refused(storage: FolderStorage, prefix: str) -> None:
    with pytest.raises(ValueError):
        await storage.list_files(prefix)


async def test_a_file_is_what_its_ending_says(storage: FolderStorage) -> None:
    with pytest.raises(ValueError, match="not text/html"):
        await storage.put(KEY, b"x", "text/html")
    with pytest.raises(ValueError, match="no known ending"):
        await storage.put("a/b.exe", b"x", PDF)


async def test_files_are_listed_by_prefix_in_the_order_of_their_keys_and_page_by_page(
    storage: FolderStorage,
) -> None:
    assert await storage.list_files("receipts/") == []
    keys = [
        "receipts/2025/b.pdf",
        "receipts/2026/a-1.pdf",
        "receipts/2026/a-2.pdf",
        "receipts/2026/b.pdf",
        "x.pdf",
    ]
    for key in reversed(keys):
        await storage.put(key, key.encode(), PDF)
    assert [file.key for file in await storage.list_files()] == keys
    files = await storage.list_files("receipts/2026/a-")
    assert [file.key for file in files] == keys[1:3]
    assert [(file.size_bytes, file.content_type) for file in files] == [(21, PDF)] * 2
    page = await storage.list_files("receipts/", limit=2)
    rest = await storage.list_files("receipts/", after=page[-1].key)
    assert [file.key for file in (*page, *rest)] == keys[:4]


async def test_what_a_crash_left_half_written_is_never_a_file_and_goes_away_after_a_day(
    storage: FolderStorage,
) -> None:
    await storage.put(KEY, b"x", PDF)
    left, fresh = (storage.folder / ".incoming" / name for name in ("left", "fresh"))
    left.write_bytes(b"half")
    fresh.write_bytes(b"half")
    os.utime(left, (0, 0))
    assert [file.key for file in await storage.list_files()] == [KEY]
    await storage.put(KEY, b"y", PDF)
    assert (left.exists(), fresh.exists()) == (False, True)


async def test_twenty_writers_of_one_key_leave_one_whole_file(storage: FolderStorage) -> None:
    import asyncio

    contents = [bytes([65 + number]) * 100_000 for number in range(20)]
    await asyncio.gather(*(storage.put(KEY, content, PDF) for content in contents))
    assert await storage.get(KEY) in contents
    assert files_in(storage.folder) == [KEY]


def test_the_folder_is_the_one_that_is_set_or_beside_the_other_data(
    tmp_path: Path, settings: Settings
) -> None:
    assert open_storage(settings).folder == settings.data_dir.resolve() / "storage"  # type: ignore[attr-defined]
    elsewhere = settings.model_copy(update={"storage_dir": tmp_path})
    assert open_storage(elsewhere).folder == tmp_path.resolve()  # type: ignore[attr-defined]
