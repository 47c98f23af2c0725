"""Requests to one host over HTTP/1.1, as many at a time as it has connections; each is kept for the next request.

For a host that is called a thousand times a second. The pool of httpx looks at each of its connections for each request, and reads answers with a parser
in Python: a request costs 0.9 to 2.8 ms of the processor's time there with 32 to 128 under way. Here the parser is uvicorn's (llhttp).
"""

from __future__ import annotations

import asyncio
import select
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, cast
from urllib.parse import urlsplit

import httptools

# A connection that nothing came over for so long is closed by the other side soon.
_KEEP_SECONDS: Final = 30.0
_PORTS: Final = {"http": 80, "https": 443}
_MAX_ANSWER_BYTES: Final = 1_048_576
_CLOSE_SECONDS: Final = 1.0
_LENGTHS: Final = frozenset({b"content-length", b"transfer-encoding"})


class HostAway(Exception):
    """The host can't be reached, or it did not answer as HTTP asks for."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A status and what came with it."""

    status: int
    content: bytes

    @property
    def is_success(self) -> bool:
        """A status of 2xx."""
        return 200 <= self.status < 300


class HostClient:
    """Posts to URLs of one host. The certificate of an `https` URL is checked with `verify`. No proxy, no redirects."""

    def __init__(self, url: str, *, verify: ssl.SSLContext, connections: int, timeout_seconds: float) -> None:
        parts = urlsplit(url)
        self._name = parts.hostname or ""
        self._port = parts.port or _PORTS[parts.scheme]
        self._host = _line("Host", parts.netloc.rpartition("@")[2])
        self._verify = verify if parts.scheme == "https" else None
        self._seconds = timeout_seconds
        self._places = asyncio.Semaphore(connections)
        # The one that was used last comes first, so that few are open while little is sent.
        self._idle = list[_Connection]()

    async def post(self, url: str, headers: Mapping[str, str], content: bytes) -> Answer:
        """Raises HostAway, and ValueError for a header that would be more than one line. A URL of another host is a mistake of the caller."""
        lines = [_target(url), self._host, _line("Content-Length", str(len(content)))]
        lines += [_line(name, value) for name, value in headers.items()]
        request = b"".join((*lines, b"\r\n", content))
        async with self._places:
            connection: _Connection | None = None
            try:
                connection = self._idle_connection() or await self._connect()
                async with asyncio.timeout(self._seconds):
                    answer = await connection.post(request)
            except BaseException as error:
                if connection is not None:
                    await connection.close()
                if isinstance(error, TimeoutError):
                    raise HostAway(f"no answer in {self._seconds:g} s") from error
                if isinstance(error, OSError | httptools.HttpParserError):
                    raise HostAway(f"{type(error).__name__} {error}".strip()) from error
                raise
            if connection.is_reusable:
                self._idle.append(connection)
            else:
                await connection.close()
            return answer

    def _idle_connection(self) -> _Connection | None:
        now = asyncio.get_running_loop().time()
        while self._idle:
            connection = self._idle.pop()
            if now - connection.used_at < _KEEP_SECONDS and connection.is_quiet:
                return connection
            connection.abort()
        return None

    async def _connect(self) -> _Connection:
        async with asyncio.timeout(self._seconds):
            _, connection = await asyncio.get_running_loop().create_connection(
                _Connection, self._name, self._port, ssl=self._verify
            )
        return connection

    async def close(self) -> None:
        """Close the connections."""
        while self._idle:
            await self._idle.pop().close()


class _Connection(asyncio.Protocol):
    """One connection: a request, its answer, the next request."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._gone = self._loop.create_future()
        self._answer: asyncio.Future[Answer] | None = None
        self._content = bytearray()
        # Whether the present answer says how long it is. One that does not ends with the connection.
        self._has_length = self._has_head = False
        self.is_reusable = True
        self.used_at = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """It is open."""
        # uvloop's transports are no asyncio.Transport.
        self._transport = cast(asyncio.Transport, transport)
        self._readable = select.poll()
        self._readable.register(transport.get_extra_info("socket").fileno(), select.POLLIN)

    @property
    def is_quiet(self) -> bool:
        """Whether it can take a request. The host may have closed it, and the event loop has not said so yet."""
        return self.is_reusable and not self._readable.poll(0)

    async def post(self, request: bytes) -> Answer:
        """Raises OSError, HttpParserError."""
        self._answer = self._loop.create_future()
        self._parser = httptools.HttpResponseParser(self)
        self._content.clear()
        self._has_length = self._has_head = self.is_reusable = False
        self._transport.write(request)
        answer = await self._answer
        self.used_at = self._loop.time()
        return answer

    def data_received(self, data: bytes) -> None:
        """A part of an answer. What nobody asked for ends the connection."""
        if self._answer is None or self._answer.done():
            self.abort()
            return
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as error:
            self._fail(httptools.HttpParserError(str(error)))

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header of the answer."""
        del value
        self._has_length |= name.lower() in _LENGTHS

    def on_headers_complete(self) -> None:
        """The answer's head is there. Those of an interim answer (1xx) are followed by another one."""
        self._has_head = self._parser.get_status_code() >= 200

    def on_body(self, data: bytes) -> None:
        """A part of the answer's content."""
        if len(self._content) + len(data) > _MAX_ANSWER_BYTES:
            self._fail(ConnectionError("the answer is too long"))
            return
        self._content += data

    def on_message_complete(self) -> None:
        """The answer is there. A second one, which nobody asked for, ends the connection."""
        if not self._has_head:
            self._has_length = False
        elif self._answer is not None and not self._answer.done():
            self.is_reusable = self._parser.should_keep_alive()
            self._answer.set_result(Answer(self._parser.get_status_code(), bytes(self._content)))
        else:
            self.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """The host has closed it, or we have."""
        self.is_reusable = False
        if not self._gone.done():
            self._gone.set_result(None)
        if self._answer is None or self._answer.done():
            return
        if exc is None and self._has_head and not self._has_length:
            self._answer.set_result(Answer(self._parser.get_status_code(), bytes(self._content)))
        else:
            self._answer.set_exception(exc or ConnectionResetError("the host has hung up"))

    def _fail(self, error: Exception) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(error)
        self.abort()

    def abort(self) -> None:
        """Close it at once."""
        self.is_reusable = False
        self._transport.abort()

    async def close(self) -> None:
        """Close it, and wait until it is."""
        self.abort()
        await asyncio.wait((self._gone,), timeout=_CLOSE_SECONDS)


@lru_cache(maxsize=16)
def _target(url: str) -> bytes:
    parts = urlsplit(url)
    path = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
    if not path.isascii() or any(character <= " " or character == "\x7f" for character in path):
        raise ValueError("the path of a URL has visible ASCII characters only")
    return f"POST {path} HTTP/1.1\r\n".encode("ascii")


def _line(name: str, value: str) -> bytes:
    if "\r" in value or "\n" in value or "\0" in value:
        raise ValueError(f"{name} is one line")
    return f"{name}: {value}\r\n".encode("ascii")
