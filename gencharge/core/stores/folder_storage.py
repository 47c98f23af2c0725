"""The storage in a folder of this machine."""

from __future__ import annotations

import asyncio
import errno
import os
import secrets
from collections.abc import AsyncIterable, AsyncIterator, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from gencharge.core.stores.storage import (
    CHUNK_BYTES,
    MOST_LISTED,
    StorageFull,
    StorageUnavailable,
    StoredFile,
    StoredFileNotFound,
    check_prefix,
    check_type,
    checked_key,
)

_FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
# Files that are being written; what a crash left there is deleted a day later.
_INCOMING: Final = ".incoming"
_LEFT_OVER_SECONDS: Final = 86_400


class FolderStorage:
    """Files in a folder of this machine, for nobody else to read: 0600 in folders of 0700."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.resolve()

    async def put(self, key: str, content: bytes | AsyncIterable[bytes], content_type: str) -> None:
        """Keep a file, in the place of an earlier one with this key. Raises StorageFull, StorageUnavailable."""
        check_type(key, content_type)
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

    def link(self, key: str, seconds: int, *, disposition: str) -> str | None:
        """None: nobody else reads the folder."""
        del key, seconds, disposition
        return None

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
        self, prefix: str = "", *, after: str = "", limit: int = MOST_LISTED
    ) -> list[StoredFile]:
        """Files whose key starts with `prefix`, in the order of their keys. Raises StorageUnavailable."""
        check_prefix(prefix)
        return await asyncio.to_thread(self._list, prefix, after, limit)

    def _path(self, key: str) -> Path:
        return self.folder / checked_key(key)

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
