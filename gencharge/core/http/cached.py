"""Cached responses, for public lists that change seldom and are read all the time.

A `CachedRoute` looks a response up by path and query before FastAPI parses anything. A response that it finds goes
out unchanged, or as 304 if the client has it already (RFC 9110 section 13.1.2). A response that it does not find is
made the ordinary, validated way and then cached. A room ends the life of its responses by using a new `ResponseCache`
when its data change.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Coroutine, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from fastapi import FastAPI, Request
from fastapi.responses import Response
from starlette.types import Receive, Scope, Send

from gencharge.core.http.compression import CODINGS, MIN_BYTES, Coding, coding_of, compressed
from gencharge.core.http.web import Route

# Anybody may store the response, but must revalidate it at each use: a 304 costs next to nothing, a stale price
# costs trust.
CACHE_CONTROL: Final = "public, no-cache"
# For a route's `responses`.
NOT_MODIFIED: Final[dict[int | str, dict[str, Any]]] = {
    304: {"description": "Nothing new since the answer with the ETag that `If-None-Match` names."}
}
_MAX_QUERY_BYTES: Final = 400
# Path and raw query string.
Key = tuple[str, bytes]


@dataclass(frozen=True, slots=True)
class _Pair:
    """A 200, and the 304 that replaces it."""

    full: Response
    not_modified: Response

    @classmethod
    def of(cls, body: bytes, media_type: str, headers: Mapping[str, str]) -> _Pair:
        return cls(
            Response(body, headers=headers, media_type=media_type), Response(status_code=304, headers=headers)
        )


class CachedResponse:
    """A 200 response with a strong ETag, the same compressed, and the 304 that replaces each. All are sent many times."""

    __slots__ = ("_body", "_headers", "_media_type", "_packed", "_plain", "etag", "size_bytes")

    def __init__(
        self,
        body: bytes,
        *,
        media_type: str = "application/json",
        headers: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        self.etag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
        self.size_bytes = len(body)
        self._body = body
        self._media_type = media_type
        self._headers = {
            "Vary": "Accept-Encoding",
            **headers,
            "ETag": self.etag,
            "Cache-Control": CACHE_CONTROL,
        }
        self._plain = _Pair.of(body, media_type, self._headers)
        # Each is made when the first client takes it.
        self._packed: dict[Coding, _Pair] = {}

    def to(self, headers: Iterable[tuple[bytes, bytes]]) -> Response:
        """The response to a request with these headers: 304 if its If-None-Match names this ETag."""
        pair, not_modified = self._plain, False
        for name, value in headers:
            if name == b"if-none-match":
                not_modified = self._is_named(value.decode("latin-1"))
            elif name == b"accept-encoding" and self._is_compressible:
                pair = self._pair_of(coding_of(value.decode("latin-1")))
        return pair.not_modified if not_modified else pair.full

    @property
    def _is_compressible(self) -> bool:
        return self.size_bytes >= MIN_BYTES and "Content-Encoding" not in self._headers

    def prepare(self) -> None:
        """Compress now, in every way: for a large text, in a thread."""
        if self._is_compressible:
            for coding in CODINGS:
                self._pair_of(coding)

    def _pair_of(self, coding: Coding | None) -> _Pair:
        if coding is None:
            return self._plain
        pair = self._packed.get(coding)
        if pair is None:
            # Other bytes, so another strong ETag (RFC 9110 section 8.8.3.3).
            headers = {**self._headers, "ETag": f'{self.etag[:-1]}-{coding}"', "Content-Encoding": coding}
            pair = _Pair.of(compressed(self._body, coding), self._media_type, headers)
            self._packed[coding] = pair
        return pair

    def _is_named(self, if_none_match: str) -> bool:
        # The comparison is weak (RFC 9110 section 13.1.2), because proxies may add W/.
        tags = (tag.strip().removeprefix("W/") for tag in if_none_match.split(","))
        return any(_without_coding(tag) in {self.etag, "*"} for tag in tags)


def _without_coding(tag: str) -> str:
    for coding in CODINGS:
        tag = tag.replace(f'-{coding}"', '"')
    return tag


class ResponseCache:
    """The responses made from one state of the data. Limited in number and in bytes; the oldest are dropped first."""

    def __init__(self, *, max_entries: int = 512, max_bytes: int = 8_000_000) -> None:
        self.max_entries = max_entries
        self.max_bytes = max_bytes
        self.size_bytes = 0
        self._entries: dict[Key, CachedResponse] = {}

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, key: Key) -> CachedResponse | None:
        """The response to this path and raw query string."""
        return self._entries.get(key)

    def put(self, key: Key, response: CachedResponse) -> None:
        """Cache a response, unless it is too large, or its query too long to be asked twice."""
        if len(key[1]) > _MAX_QUERY_BYTES or response.size_bytes > self.max_bytes:
            return
        self._drop(key)
        self._entries[key] = response
        self.size_bytes += response.size_bytes
        while len(self._entries) > self.max_entries or self.size_bytes > self.max_bytes:
            self._drop(next(iter(self._entries)))

    def _drop(self, key: Key) -> None:
        dropped = self._entries.pop(key, None)
        if dropped is not None:
            self.size_bytes -= dropped.size_bytes


class CachedRoute(Route):
    """A route whose 200 responses depend only on the path, the query and the data behind its cache."""

    @staticmethod
    def current_cache(app: FastAPI) -> ResponseCache | None:
        """The cache of the current data; None if the data are not in memory. The room overrides it."""
        raise NotImplementedError

    @staticmethod
    async def cache_for(request: Request) -> ResponseCache:
        """The same, after loading the data if necessary. May leave what the route's function needs in the scope."""
        raise NotImplementedError

    @staticmethod
    def may_come_again(query: Mapping[str, str]) -> bool:
        """Whether the same request is likely to be made by others, so that its response is kept. A room may override it."""
        del query
        return True

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send a cached response if there is one, before anything is set up for the request."""
        cache = self.current_cache(scope["app"]) if scope["method"] == "GET" else None
        cached = cache.get((scope["path"], scope["query_string"])) if cache is not None else None
        if cached is None:
            await super().handle(scope, receive, send)
        else:
            await cached.to(scope["headers"])(scope, receive, send)

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        run = super().get_route_handler()
        cache_for = self.cache_for

        async def respond(request: Request) -> Response:
            cache = await cache_for(request)
            response = await run(request)
            if response.status_code != 200 or request.method != "GET":
                return response
            cached = CachedResponse(bytes(response.body))
            if self.may_come_again(request.query_params):
                cache.put((request.scope["path"], request.scope["query_string"]), cached)
            return cached.to(request.scope["headers"])

        return respond
