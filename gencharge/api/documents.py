"""Documents that describe the API: made once, when somebody first asks, compressed once, and revalidated by ETag."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from types import MappingProxyType

from fastapi.responses import Response
from starlette.requests import Request

from gencharge.core.http.cached import CachedResponse


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
        self._headers = headers
        self._lock = asyncio.Lock()
        self._response: CachedResponse | None = None

    async def respond(self, request: Request) -> Response:
        """The document, compressed if the client takes that; 304 if the client has it already."""
        if self._response is None:
            async with self._lock:
                if self._response is None:
                    # In a thread, so that other requests are served at the same time.
                    self._response = await asyncio.to_thread(self._make)
        return self._response.to(request.scope["headers"])

    def _make(self) -> CachedResponse:
        response = CachedResponse(self._write(), media_type=self._media_type, headers=self._headers)
        response.prepare()
        return response
