"""The storage in a folder: private, whole after a crash, and honest about a full disk."""

from __future__ import annotations

import asyncio
import errno
import os
import resource
import stat
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from gencharge.core.stores.folder_storage import FolderStorage
from gencharge.core.stores.storage import StorageFull, StorageUnavailable

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


async def test_a_file_is_for_nobody_else_to_read(storage: FolderStorage) -> None:
    before = os.umask(0)
    try:
        await storage.put(KEY, b"x", PDF)
    finally:
        os.umask(before)
    assert stat.S_IMODE((storage.folder / KEY).stat().st_mode) == 0o600
    for folder in (storage.folder, storage.folder / "receipts", storage.folder / "receipts/2026"):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700, folder


async def test_a_file_that_is_being_read_is_read_to_its_end_though_it_is_replaced(
    storage: FolderStorage,
) -> None:
    await storage.put(KEY, b"old text", PDF)
    reading = storage.read(KEY, 4)
    assert await anext(reading) == b"old "
    await storage.put(KEY, b"new", PDF)
    assert [piece async for piece in reading] == [b"text"]


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
    contents = [bytes([65 + number]) * 100_000 for number in range(20)]
    await asyncio.gather(*(storage.put(KEY, content, PDF) for content in contents))
    assert await storage.get(KEY) in contents
    assert [file.key for file in await storage.list_files()] == [KEY]
