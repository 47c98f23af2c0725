"""The storage in a bucket of an S3-compatible service: AWS, MinIO, Ceph, a provider's own.

A large file goes up in parts, and is there with the last of them: an upload that breaks off leaves nothing under its key. The
service keeps the parts of such an upload until it is aborted, which a lifecycle rule of the bucket should do
(`AbortIncompleteMultipartUpload`, in `docs/how-to/deploy.md`).
"""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final, Self
from urllib.parse import urlsplit

import obstore
from obstore.exceptions import BaseError
from obstore.store import S3Store

from gencharge.core.settings import Settings
from gencharge.core.stores.s3_links import Signer
from gencharge.core.stores.storage import (
    CHUNK_BYTES,
    MOST_LISTED,
    StorageUnavailable,
    StoredFile,
    StoredFileNotFound,
    check_prefix,
    check_type,
    checked_key,
)

if TYPE_CHECKING:
    from obstore.store import RetryConfig, S3Config

# A service that says nothing for so long is away.
_SECONDS: Final = 5
_CONNECT_SECONDS: Final = 2
_RETRY: Final[RetryConfig] = {
    "max_retries": 1,
    "backoff": {"init_backoff": timedelta(milliseconds=100), "max_backoff": timedelta(seconds=1), "base": 2},
    "retry_timeout": timedelta(seconds=_SECONDS),
}
# S3 takes no smaller part but the last, and 10,000 of them: 80 GB.
_PART_BYTES: Final = 8 * 1024 * 1024


class S3Storage:
    """Files as objects of a bucket, under our prefix."""

    def __init__(self, store: S3Store, signer: Signer | None = None, public_base: str = "") -> None:
        """`signer`: makes links for browsers. `public_base`: where these find our objects."""
        self._store = store
        self._signer = signer
        self._public_base = public_base

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """The bucket of the settings. Touches nothing before its first use."""
        endpoint = settings.storage_endpoint_url
        config: S3Config = {
            "region": settings.storage_region,
            "access_key_id": settings.storage_access_key_id,
            "secret_access_key": settings.storage_secret_access_key.get_secret_value(),
            # Services other than AWS seldom have a host name for each bucket.
            "virtual_hosted_style_request": not endpoint,
        }
        if endpoint:
            config["endpoint"] = endpoint
        return cls(
            S3Store(
                settings.storage_bucket,
                prefix=settings.storage_prefix or None,
                config=config,
                client_options={
                    "allow_http": urlsplit(endpoint).scheme == "http",
                    "connect_timeout": timedelta(seconds=_CONNECT_SECONDS),
                    "read_timeout": timedelta(seconds=_SECONDS),
                    "timeout": timedelta(hours=1),
                },
                retry_config=_RETRY,
            ),
            *_public(settings),
        )

    async def put(self, key: str, content: bytes | AsyncIterable[bytes], content_type: str) -> None:
        """Keep a file, in the place of an earlier one with this key. Raises StorageUnavailable."""
        check_type(key, content_type)
        with _translated():
            await obstore.put_async(
                self._store,
                key,
                content,
                attributes={"Content-Type": content_type},
                chunk_size=_PART_BYTES,
                max_concurrency=2,
            )

    async def get(self, key: str) -> bytes | None:
        """The whole file; None if there is none. Raises StorageUnavailable."""
        try:
            with _missing_as_not_found():
                answer = await obstore.get_async(self._store, checked_key(key))
                return bytes(await answer.bytes_async())
        except StoredFileNotFound:
            return None

    async def read(self, key: str, chunk_bytes: int = CHUNK_BYTES) -> AsyncIterator[bytes]:
        """The file piece by piece. Raises StoredFileNotFound, StorageUnavailable."""
        with _missing_as_not_found():
            answer = await obstore.get_async(self._store, checked_key(key))
            async for piece in answer.stream(min_chunk_size=chunk_bytes):
                yield bytes(piece)

    async def exists(self, key: str) -> bool:
        """Whether there is a file. Raises StorageUnavailable."""
        try:
            with _missing_as_not_found():
                await obstore.head_async(self._store, checked_key(key))
        except StoredFileNotFound:
            return False
        return True

    async def delete(self, key: str) -> bool:
        """Take a file away; False if there was none. Raises StorageUnavailable."""
        if not await self.exists(key):
            return False
        with _translated():
            await obstore.delete_async(self._store, key)
        return True

    async def list_files(
        self, prefix: str = "", *, after: str = "", limit: int = MOST_LISTED
    ) -> list[StoredFile]:
        """Files whose key starts with `prefix`, in the order of their keys. Raises StorageUnavailable."""
        check_prefix(prefix)
        files: list[StoredFile] = []
        with _translated():
            # The service lists whole parts of a key; what they begin with is looked at here.
            pages = obstore.list(
                self._store, prefix.rpartition("/")[0] or None, offset=after or None, chunk_size=MOST_LISTED
            )
            async for page in pages:
                files += [
                    StoredFile(meta["path"], meta["size"], meta["last_modified"])
                    for meta in page
                    if meta["path"].startswith(prefix)
                ]
                if len(files) >= limit:
                    break
        return files[:limit]

    def link(self, key: str, seconds: int, *, disposition: str) -> str | None:
        """A signed address at which the service hands the file to anybody for so long; None if browsers do not reach it."""
        if self._signer is None:
            return None
        return self._signer.link(
            f"{self._public_base}/{checked_key(key)}",
            seconds=seconds,
            # A real instant, not the clock's: the service compares it with its own.
            now=datetime.now(UTC),
            parameters={"response-content-disposition": disposition, "response-cache-control": "no-store"},
        )


def _public(settings: Settings) -> tuple[Signer | None, str]:
    """Who signs links for browsers, and where these find our objects; nobody if they don't reach the service."""
    if not settings.storage_public_url:
        return None, ""
    secret = settings.storage_secret_access_key.get_secret_value()
    signer = Signer(settings.storage_access_key_id, secret, settings.storage_region)
    parts = (settings.storage_public_url.rstrip("/"), settings.storage_bucket, settings.storage_prefix)
    return signer, "/".join(part for part in parts if part)


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except (BaseError, OSError, TimeoutError) as error:
        # The rest of what it says is a page of the library's own state.
        raise StorageUnavailable from OSError(str(error).partition("\n")[0])


@contextmanager
def _missing_as_not_found() -> Iterator[None]:
    with _translated():
        try:
            yield
        except FileNotFoundError:
            raise StoredFileNotFound from None
