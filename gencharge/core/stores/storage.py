"""Files that we keep: receipts, uploads, reports, backups. A small port; behind it a folder of this machine
(`folder_storage`) or a bucket of an S3-compatible service (`s3_storage`). `open_storage` opens what the settings name.

A key is a path that the server makes, never one that a client sends: `receipts/2026/0198c0de-1f2e.pdf`. Under a key there
is a whole file or none: it is written under another name, brought to the disk, and then renamed. The ending of a key
says what the file is, so a store needs to keep nothing beside it.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterable, AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Final, Protocol

from gencharge.core.errors import NotFound, Unavailable

CHUNK_BYTES: Final = 256 * 1024
TYPES: Final = MappingProxyType(
    {
        "aes": "application/octet-stream",
        "csv": "text/csv",
        "gz": "application/gzip",
        "jpg": "image/jpeg",
        "json": "application/json",
        "jsonl": "application/x-ndjson",
        "parquet": "application/vnd.apache.parquet",
        "pdf": "application/pdf",
        "png": "image/png",
        "webp": "image/webp",
        "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        "zip": "application/zip",
        "zst": "application/zstd",
    }
)
MOST_LISTED: Final = 1_000
# Parts of lower-case letters, digits, `-`, `_` and `.`, none of which begins with a dot: so no `..`, and nothing absolute.
_KEY: Final = re.compile(r"[a-z0-9_-][a-z0-9._-]{0,99}(/[a-z0-9_-][a-z0-9._-]{0,99}){0,7}\.[a-z0-9]{1,5}")
_PREFIX: Final = re.compile(r"([a-z0-9_-][a-z0-9._-]{0,99}/){0,7}([a-z0-9_-][a-z0-9._-]{0,99})?")


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

    def link(self, key: str, seconds: int, *, disposition: str) -> str | None:
        """A signed address under which anybody reads the file for so long, without us; None: there is none, so `read` it. `disposition`: the
        Content-Disposition of the answer."""

    async def list_files(
        self, prefix: str = "", *, after: str = "", limit: int = MOST_LISTED
    ) -> list[StoredFile]:
        """Files whose key starts with `prefix`, in the order of their keys, from the first one after `after` on."""


def type_of(key: str) -> str:
    """The media type that a key's ending means. Raises ValueError if it means none."""
    try:
        return TYPES[key.rpartition(".")[2]]
    except KeyError:
        raise ValueError(f"{key!r}: no known ending; one of {', '.join(TYPES)}") from None


def checked_key(key: str) -> str:
    """The key. Raises ValueError if it is none."""
    if not _KEY.fullmatch(key):
        raise ValueError(
            f"{key!r} is no key: lower-case letters, digits, - _ . and / between parts, with an ending"
        )
    return key


def check_prefix(prefix: str) -> None:
    """Raises ValueError if no key begins like this."""
    if not _PREFIX.fullmatch(prefix):
        raise ValueError(f"{prefix!r} is no beginning of a key")


def check_type(key: str, content_type: str) -> None:
    """Raises ValueError if it is no key, or if its ending means another type."""
    if type_of(checked_key(key)) != content_type:
        raise ValueError(f"{key!r} is {type_of(key)}, not {content_type}")
