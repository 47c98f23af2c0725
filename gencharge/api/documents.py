"""Documents that describe the API: made once, when somebody first asks, compressed once, and revalidated by ETag."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from types import MappingProxyType

from fastapi.responses import Response
from starlette.requests import Request

from gencharge.core.http.cached import CachedResponse
from gencharge.core.http.compression import takes_gzip, zipped


class Document:
    """A text that stays as it is while the process lives. `write` makes it; it takes a while and waits for nothing."""

    def __init__(
        self,
        write: Callable[[], bytes],
        *,
        media_type: str,
        headers: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        self._write = write
        self._media_type = media_type
        self._headers = {**headers, "Vary": "Accept-Encoding"}
        self._lock = asyncio.Lock()
        self._variants: tuple[CachedResponse, CachedResponse] | None = None

    async def respond(self, request: Request) -> Response:
        """The document, compressed if the client takes that; 304 if the client has it already."""
        if self._variants is None:
            async with self._lock:
                if self._variants is None:
                    # In a thread, so that other requests are served at the same time.
                    self._variants = await asyncio.to_thread(self._make)
        plain, compressed = self._variants
        chosen = compressed if takes_gzip(request.headers.get("Accept-Encoding", "")) else plain
        return chosen.to(request.scope["headers"])

    def _make(self) -> tuple[CachedResponse, CachedResponse]:
        body = self._write()
        squeezed = zipped(body)
        marked = {**self._headers, "Content-Encoding": "gzip"}
        return (
            CachedResponse(body, media_type=self._media_type, headers=self._headers),
            CachedResponse(squeezed, media_type=self._media_type, headers=marked),
        )
