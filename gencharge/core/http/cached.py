"""Answers kept as ready bytes: for public lists that change seldom and are asked for all the time.

A `ReadyRoute` looks an answer up by path and query before FastAPI parses anything; what it finds goes out as it is,
or as 304 when the client has it already (RFC 9110 section 13.1.2). What it does not find is made the ordinary,
validated way and kept. The room decides how long an answer is true by handing out a new `Answers` when its data change.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Coroutine, Iterable
from typing import Any, Final

from fastapi import FastAPI, Request
from fastapi.responses import Response
from starlette.types import Receive, Scope, Send

from gencharge.core.http.web import Route

# Kept by whoever likes, asked about at each use: a 304 costs next to nothing, an old price costs trust.
CACHE_CONTROL: Final = "public, no-cache"
_MAX_QUERY_BYTES: Final = 400
Key = tuple[str, bytes]


class ReadyAnswer:
    """One 200 answer with a strong ETag, and the 304 that stands for it. Both are sent again and again."""

    __slots__ = ("_full", "_not_modified", "etag", "size_bytes")

    def __init__(self, body: bytes, *, media_type: str = "application/json") -> None:
        self.etag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
        self.size_bytes = len(body)
        headers = {"ETag": self.etag, "Cache-Control": CACHE_CONTROL}
        self._full = Response(body, headers=headers, media_type=media_type)
        self._not_modified = Response(status_code=304, headers=headers)

    def to(self, headers: Iterable[tuple[bytes, bytes]]) -> Response:
        """The answer to a request with these headers: 304 if its If-None-Match names this answer."""
        for name, value in headers:
            if name == b"if-none-match":
                return self._not_modified if self._is_named(value.decode("latin-1")) else self._full
        return self._full

    def _is_named(self, if_none_match: str) -> bool:
        # The comparison is weak (RFC 9110 section 13.1.2): proxies may have put W/ in front.
        named = (tag.strip().removeprefix("W/") for tag in if_none_match.split(","))
        return any(tag in {self.etag, "*"} for tag in named)


class Answers:
    """Ready answers of one state of the data. Bounded in number and in bytes; the oldest goes first."""

    def __init__(self, *, most: int = 512, most_bytes: int = 8_000_000) -> None:
        self.most = most
        self.most_bytes = most_bytes
        self.size_bytes = 0
        self._kept: dict[Key, ReadyAnswer] = {}

    def __len__(self) -> int:
        return len(self._kept)

    def get(self, key: Key) -> ReadyAnswer | None:
        """The answer of this path and raw query string."""
        return self._kept.get(key)

    def keep(self, key: Key, answer: ReadyAnswer) -> None:
        """Keep an answer, unless its query is so long that it can't be a usual one."""
        if len(key[1]) > _MAX_QUERY_BYTES or answer.size_bytes > self.most_bytes:
            return
        self._forget(key)
        self._kept[key] = answer
        self.size_bytes += answer.size_bytes
        while len(self._kept) > self.most or self.size_bytes > self.most_bytes:
            self._forget(next(iter(self._kept)))

    def _forget(self, key: Key) -> None:
        gone = self._kept.pop(key, None)
        if gone is not None:
            self.size_bytes -= gone.size_bytes


class ReadyRoute(Route):
    """A route whose 200 answers depend on its path, its query and the data behind `answers_of`, and on nothing else."""

    @staticmethod
    def present_answers(app: FastAPI) -> Answers | None:
        """The answers that are true now; None while the data are not in memory. Overridden by the room."""
        raise NotImplementedError

    @staticmethod
    async def answers_of(request: Request) -> Answers:
        """The same, loading what is not in memory; may leave what the route's function needs in `request.scope`."""
        raise NotImplementedError

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send a ready answer if there is one, before any of the machinery of a request is set up."""
        answers = self.present_answers(scope["app"]) if scope["method"] == "GET" else None
        ready = answers.get((scope["path"], scope["query_string"])) if answers is not None else None
        if ready is None:
            await super().handle(scope, receive, send)
        else:
            await ready.to(scope["headers"])(scope, receive, send)

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        run = super().get_route_handler()
        answers_of = self.answers_of

        async def make(request: Request) -> Response:
            answers = await answers_of(request)
            response = await run(request)
            if response.status_code != 200 or request.method != "GET":
                return response
            ready = ReadyAnswer(bytes(response.body))
            answers.keep((request.scope["path"], request.scope["query_string"]), ready)
            return ready.to(request.scope["headers"])

        return make
