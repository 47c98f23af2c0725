"""Files that we keep: receipts, uploads, reports, backups. A small port, and a folder of this machine behind it.

A key is a path that the server makes, never one that a client sends: `receipts/2026/0198c0de-1f2e.pdf`. Under a key there
is a whole file or none: it is written under another name, brought to the disk, and then renamed. The ending of a key
says what the file is, so a store needs to keep nothing beside it. Nothing here is more than an S3-compatible service
offers, too.
"""

from __future__ import annotations

import asyncio
import errno
import os
import re
import secrets
from collections.abc import AsyncIterable, AsyncIterator, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Final, Protocol

from gencharge.core.errors import NotFound, Unavailable
from gencharge.core.settings import Settings

CHUNK_BYTES: Final = 256 * 1024
TYPES: Final = MappingProxyType(
    {
        "csv": "text/csv",
        "gz": "application/gzip",
        "jpg": "image/jpeg",
        "json": "application/json",
        "jsonl": "application/x-ndjson",
        "pdf": "application/pdf",
        "png": "image/png",
        "webp": "image/webp",
        "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        "zip": "application/zip",
        "zst": "application/zstd",
    }
)
_MOST_LISTED: Final = 1_000
# Parts of lower-case letters, digits, `-`, `_` and `.`, none of which begins with a dot: so no `..`, and nothing absolute.
_KEY: Final = re.compile(r"[a-z0-9_-][a-z0-9._-]{0,99}(/[a-z0-9_-][a-z0-9._-]{0,99}){0,7}\.[a-z0-9]{1,5}")
_PREFIX: Final = re.compile(r"([a-z0-9_-][a-z0-9._-]{0,99}/){0,7}([a-z0-9_-][a-z0-9._-]{0,99})?")
_FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
# Files that are being written; what a crash left there is deleted a day later.
_INCOMING: Final = ".incoming"
_LEFT_OVER_SECONDS: Final = 86_400


class StorageUnavailable(Unavailable):
    """Files are temporarily unavailable. Nothing was changed; try again soon."""


class StorageFull(StorageUnavailable):
    """There is no space left for this file. Nothing was saved."""

    retry_after_seconds = 300


class StoredFileNotFound(NotFound):
    """File not found."""


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file without its content. `modified_at` in UTC."""

    key: str
    size_bytes: int
    modified_at: datetime

    @property
    def content_type(self) -> str:
        """What it is, by its ending."""
        return type_of(self.key)


class Storage(Protocol):
    """Where files are kept. Every method raises StorageUnavailable, and ValueError for a key that is none."""

    async def put(self, key: str, content: bytes | AsyncIterable[bytes], content_type: str) -> None:
        """Keep a file, in the place of an earlier one with this key. Raises StorageFull."""

    async def get(self, key: str) -> bytes | None:
        """The whole file; None if there is none."""

    def read(self, key: str, chunk_bytes: int = CHUNK_BYTES) -> AsyncIterator[bytes]:
        """The file piece by piece, for one of any size. Raises StoredFileNotFound."""

    async def exists(self, key: str) -> bool:
        """Whether there is a file."""

    async def delete(self, key: str) -> bool:
        """Take a file away; False if there was none."""

    async def list_files(
        self, prefix: str = "", *, after: str = "", limit: int = _MOST_LISTED
    ) -> list[StoredFile]:
        """Files whose key starts with `prefix`, in the order of their keys, from the first one after `after` on."""


def type_of(key: str) -> str:
    """The media type that a key's ending means. Raises ValueError if it means none."""
    try:
        return TYPES[key.rpartition(".")[2]]
    except KeyError:
        raise ValueError(f"{key!r}: no known ending; one of {', '.join(TYPES)}") from None


def open_storage(settings: Settings) -> Storage:
    """The storage that the settings name. Touches nothing before its first use."""
    return FolderStorage(settings.storage_folder)


class FolderStorage:
    """Files in a folder of this machine, for nobody else to read: 0600 in folders of 0700."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.resolve()

    async def put(self, key: str, content: bytes | AsyncIterable[bytes], content_type: str) -> None:
        """Keep a file, in the place of an earlier one with this key. Raises StorageFull, StorageUnavailable."""
        if type_of(_checked(key)) != content_type:
            raise ValueError(f"{key!r} is {type_of(key)}, not {content_type}")
        if isinstance(content, bytes):
            await asyncio.to_thread(self._put, key, content)
            return
        incoming = await asyncio.to_thread(_Incoming, self.folder)
        try:
            async for piece in content:
                await asyncio.to_thread(incoming.write, piece)
            await asyncio.to_thread(incoming.keep_as, self._path(key))
        finally:
            incoming.abandon()

    async def get(self, key: str) -> bytes | None:
        """The whole file; None if there is none. Raises StorageUnavailable."""
        return await asyncio.to_thread(self._get, key)

    async def read(self, key: str, chunk_bytes: int = CHUNK_BYTES) -> AsyncIterator[bytes]:
        """The file piece by piece. One that is replaced or deleted while it is read is still read as it was."""
        with _missing_as_not_found():
            file = await asyncio.to_thread(self._path(key).open, "rb")
        with file:
            while True:
                with _translated():
                    piece = await asyncio.to_thread(file.read, chunk_bytes)
                if not piece:
                    return
                yield piece

    async def exists(self, key: str) -> bool:
        """Whether there is a file. Raises StorageUnavailable."""
        with _translated():
            return await asyncio.to_thread(self._path(key).is_file)

    async def delete(self, key: str) -> bool:
        """Take a file away; False if there was none. Raises StorageUnavailable."""
        try:
            with _missing_as_not_found():
                await asyncio.to_thread(self._path(key).unlink)
        except StoredFileNotFound:
            return False
        return True

    async def list_files(
        self, prefix: str = "", *, after: str = "", limit: int = _MOST_LISTED
    ) -> list[StoredFile]:
        """Files whose key starts with `prefix`, in the order of their keys. Raises StorageUnavailable."""
        if not _PREFIX.fullmatch(prefix):
            raise ValueError(f"{prefix!r} is no beginning of a key")
        return await asyncio.to_thread(self._list, prefix, after, limit)

    def _path(self, key: str) -> Path:
        return self.folder / _checked(key)

    def _put(self, key: str, content: bytes) -> None:
        incoming = _Incoming(self.folder)
        try:
            incoming.write(content)
            incoming.keep_as(self._path(key))
        finally:
            incoming.abandon()

    def _get(self, key: str) -> bytes | None:
        try:
            with _missing_as_not_found():
                return self._path(key).read_bytes()
        except StoredFileNotFound:
            return None

    def _list(self, prefix: str, after: str, limit: int) -> list[StoredFile]:
        with _translated():
            start = self.folder / prefix.rpartition("/")[0]
            keys = sorted(
                key
                for parent, folders, names in os.walk(start)
                for key in _keys_in(Path(parent).relative_to(self.folder), folders, names)
                if key.startswith(prefix) and key > after
            )
            return [file for key in keys[:limit] if (file := self._look_at(key)) is not None]

    def _look_at(self, key: str) -> StoredFile | None:
        with suppress(FileNotFoundError):  # deleted since
            seen = (self.folder / key).stat()
            return StoredFile(key, seen.st_size, datetime.fromtimestamp(seen.st_mtime, UTC))
        return None


class _Incoming:
    """A file that is being written. It has a key at the end only, by one rename; until then it is nothing."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        with _translated():
            _make_folders(folder, folder / _INCOMING)
            _sweep(folder / _INCOMING)
            self._path = folder / _INCOMING / secrets.token_hex(16)
            self._file = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        self._open = True

    def write(self, piece: bytes) -> None:
        """Add a piece. Raises StorageFull, StorageUnavailable."""
        rest = memoryview(piece)
        with _translated():
            while rest:
                rest = rest[os.write(self._file, rest) :]

    def keep_as(self, path: Path) -> None:
        """Bring it to the disk, then give it its name. Raises StorageFull, StorageUnavailable."""
        with _translated():
            os.fsync(self._file)
            _make_folders(self._folder, path.parent)
            self._path.replace(path)
            self.abandon()
            _sync_folder(path.parent)

    def abandon(self) -> None:
        """Let go of it; what has no name by now goes away."""
        if self._open:
            self._open = False
            os.close(self._file)
            self._path.unlink(missing_ok=True)


def _checked(key: str) -> str:
    if not _KEY.fullmatch(key):
        raise ValueError(
            f"{key!r} is no key: lower-case letters, digits, - _ . and / between parts, with an ending"
        )
    return key


def _keys_in(parent: Path, folders: list[str], names: list[str]) -> Iterator[str]:
    folders[:] = [name for name in folders if not name.startswith(".")]
    yield from ((parent / name).as_posix() for name in names)


def _make_folders(top: Path, folder: Path) -> None:
    """Make `folder` and its missing parents; from `top` down they are private to this user."""
    top.parent.mkdir(parents=True, exist_ok=True)
    for each in (top, *(top / part for part in reversed(folder.relative_to(top).parents)), folder):
        with suppress(FileExistsError):
            each.mkdir(mode=0o700)
            _sync_folder(each.parent)


def _sync_folder(folder: Path) -> None:
    """Bring a folder's names to the disk, so that a file is still there after the power went."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _sweep(incoming: Path) -> None:
    limit = datetime.now(UTC).timestamp() - _LEFT_OVER_SECONDS
    for path in incoming.iterdir():
        with suppress(FileNotFoundError):  # finished, or swept by another process
            if path.stat().st_mtime < limit:
                path.unlink()


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise (StorageFull if error.errno in _FULL else StorageUnavailable)() from error


@contextmanager
def _missing_as_not_found() -> Iterator[None]:
    with _translated():
        try:
            yield
        except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
            raise StoredFileNotFound from None
