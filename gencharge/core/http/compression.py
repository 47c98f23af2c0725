"""Large answers compressed with gzip, if the client takes that (RFC 9110 section 12.5.3).

Small answers stay as they are: what signs somebody in is small, so no secret is ever compressed beside a text that a
client chose.
"""

from __future__ import annotations

import asyncio
import gzip
import zlib
from typing import Final

from starlette.types import Message, Send

MIN_BYTES: Final = 4_096
# A larger text is compressed in a thread: it would hold up everybody else for milliseconds.
_INLINE_BYTES: Final = 65_536
_LEVEL: Final = 5
_TEXTS: Final = (
    b"text/",
    b"application/json",
    b"application/problem+json",
    b"application/javascript",
    b"image/svg+xml",
)
_GZIP_WINDOW: Final = 31


def takes_gzip(accept_encoding: str) -> bool:
    """Whether the header admits gzip. What is named counts before `*`."""
    weights: dict[str, float] = {}
    for part in accept_encoding.split(","):
        name, _, parameter = part.partition(";")
        weight = parameter.strip().lower().removeprefix("q=")
        try:
            weights[name.strip().lower()] = float(weight) if weight else 1.0
        except ValueError:
            weights[name.strip().lower()] = 0.0
    return weights.get("gzip", weights.get("*", 0.0)) > 0


def zipped(body: bytes, level: int = 9) -> bytes:
    """The body compressed, without a time stamp: the same text gives the same bytes in every process."""
    return gzip.compress(body, compresslevel=level, mtime=0)


class Compressing:
    """`Compressing(send)` is a `send` that compresses texts of 4 KB and more, whole or in parts."""

    __slots__ = ("_send", "_start", "_zipper")

    def __init__(self, send: Send) -> None:
        self._send = send
        # The beginning of the answer, until its first part shows how long it is.
        self._start: Message | None = None
        self._zipper: zlib._Compress | None = None

    async def __call__(self, message: Message) -> None:
        """Take one message of the application's."""
        if message["type"] == "http.response.start" and _is_text(message):
            self._start = message
        elif self._start is not None:
            await self._begin(self._start, message)
        elif self._zipper is not None:
            await self._go_on(self._zipper, message)
        else:
            await self._send(message)

    async def _begin(self, start: Message, message: Message) -> None:
        self._start = None
        body, more = message.get("body", b""), message.get("more_body", False)
        if not more and len(body) < MIN_BYTES:
            await self._send(start)
            await self._send(message)
            return
        if more:
            self._zipper = zlib.compressobj(_LEVEL, zlib.DEFLATED, _GZIP_WINDOW)
            await self._send({**start, "headers": _headers_of(start, None)})
            await self._go_on(self._zipper, message)
            return
        small = len(body) <= _INLINE_BYTES
        body = zipped(body, _LEVEL) if small else await asyncio.to_thread(zipped, body, _LEVEL)
        await self._send({**start, "headers": _headers_of(start, len(body))})
        await self._send({**message, "body": body})

    async def _go_on(self, zipper: zlib._Compress, message: Message) -> None:
        more = message.get("more_body", False)
        body = zipper.compress(message.get("body", b"")) + zipper.flush(
            zlib.Z_SYNC_FLUSH if more else zlib.Z_FINISH
        )
        await self._send({**message, "body": body})


def _is_text(start: Message) -> bool:
    if start["status"] != 200:
        return False
    names = dict(start.get("headers", ()))
    return b"content-encoding" not in names and names.get(b"content-type", b"").startswith(_TEXTS)


def _headers_of(start: Message, length: int | None) -> list[tuple[bytes, bytes]]:
    headers = [(name, value) for name, value in start["headers"] if name not in {b"content-length", b"vary"}]
    vary = [value for name, value in start["headers"] if name == b"vary"]
    headers.append((b"vary", b", ".join([*vary, b"Accept-Encoding"])))
    headers.append((b"content-encoding", b"gzip"))
    if length is not None:
        headers.append((b"content-length", str(length).encode()))
    return headers
