"""What every storage does: a whole file or none, and nothing outside of it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from gencharge.core.stores.folder_storage import FolderStorage
from gencharge.core.stores.s3_storage import S3Storage
from gencharge.core.stores.storage import Storage, StoredFileNotFound
from tests.make.storage import S3Server

PDF = "application/pdf"
KEY = "receipts/2026/0198c0de-1.pdf"


@pytest.fixture(scope="module")
def server() -> Iterator[S3Server]:
    with S3Server() as server:
        yield server


@pytest.fixture(params=["folder", "bucket"])
def storage(request: pytest.FixtureRequest, tmp_path: Path, server: S3Server) -> Storage:
    if request.param == "folder":
        return FolderStorage(tmp_path / "storage")
    return S3Storage.of(server.settings(prefix=f"gencharge/{tmp_path.name.replace('_', '-').lower()}"))


async def pieces(*parts: bytes, error: Exception | None = None) -> AsyncIterator[bytes]:
    for part in parts:
        yield part
    if error is not None:
        raise error


async def test_what_was_put_is_there_until_it_is_deleted(storage: Storage) -> None:
    assert await storage.get(KEY) is None
    assert not await storage.exists(KEY)
    await storage.put(KEY, b"first", PDF)
    await storage.put(KEY, b"second", PDF)
    assert await storage.get(KEY) == b"second"
    assert await storage.exists(KEY)
    assert await storage.delete(KEY)
    assert not await storage.delete(KEY)
    assert await storage.get(KEY) is None


async def test_files_come_and_go_piece_by_piece(storage: Storage) -> None:
    await storage.put("backups/1.zst", pieces(b"one ", b"", b"two ", b"three"), "application/zstd")
    assert b"".join([piece async for piece in storage.read("backups/1.zst", 3)]) == b"one two three"
    with pytest.raises(StoredFileNotFound):
        await anext(storage.read("backups/2.zst"))


@pytest.mark.parametrize("earlier", [None, b"earlier"])
async def test_a_write_that_fails_half_way_leaves_what_was_there_before(
    storage: Storage, earlier: bytes | None
) -> None:
    if earlier is not None:
        await storage.put(KEY, earlier, PDF)
    before = await storage.list_files()
    with pytest.raises(RuntimeError, match="the source broke"):
        await storage.put(KEY, pieces(b"half", error=RuntimeError("the source broke")), PDF)
    assert await storage.get(KEY) == earlier
    assert await storage.list_files() == before


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
async def test_a_key_that_could_lead_elsewhere_is_refused_by_every_door(storage: Storage, key: str) -> None:
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
    assert await storage.list_files() == []


@pytest.mark.parametrize("prefix", ["..", "../", "/", "a/../", ".incoming/", "A"])
async def test_a_prefix_that_could_lead_elsewhere_is_refused(storage: Storage, prefix: str) -> None:
    with pytest.raises(ValueError):
        await storage.list_files(prefix)


async def test_a_file_is_what_its_ending_says(storage: Storage) -> None:
    with pytest.raises(ValueError, match="not text/html"):
        await storage.put(KEY, b"x", "text/html")
    with pytest.raises(ValueError, match="no known ending"):
        await storage.put("a/b.exe", b"x", PDF)


async def test_files_are_listed_by_prefix_in_the_order_of_their_keys_and_page_by_page(
    storage: Storage,
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
