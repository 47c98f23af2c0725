"""What one connection may cost us: uvicorn's protocol with deadlines, limits and problem documents.

A client has some seconds for the head of a request and a steady pace for its body. What it sends is bounded before
anything is made of it, and so is what all clients together may leave half sent. A client that does not read its answer
is dropped. When all connections are taken, the one that has been waiting longest for a request makes room.
A connection that becomes a WebSocket goes on in `core.http.websocket`, under the same watch.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final, Protocol, Self, TypeVar
from weakref import WeakKeyDictionary

import httptools
import orjson
from uuid_utils import uuid7
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol
from uvicorn.server import ServerState

from gencharge.core import telemetry
from gencharge.core.errors import (
    BadRequest,
    HeadersTooLarge,
    Problem,
    RequestTimeout,
    ServerBusy,
    TooManyConnections,
)
from gencharge.core.http import language
from gencharge.core.settings import Settings
from gencharge.core.values.language import Language

# The slowest body that is waited for: a tenth of what a phone at the edge of a 2G cell sends.
_BODY_BYTES_A_SECOND: Final = 2_000
# A client that takes nothing of its answer for so long is gone, or wants to hold the answer in our memory.
_UNREAD_SECONDS: Final = 30.0
_CLOSING_SECONDS: Final = 5.0
_MAX_HEADERS: Final = 128
_PIECE_BYTES: Final = 16_384
# Bodies that are half received, all together.
_MAX_UNFINISHED_BYTES: Final = 64_000_000
_NO_ROUTE: Final = "(connection)"
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Limits:
    """What a connection may do. Seconds and bytes."""

    head_seconds: float
    body_seconds: float
    head_bytes: int
    connections: int
    per_address: int
    fixed_headers: tuple[tuple[bytes, bytes], ...] = ()

    @classmethod
    def of(cls, settings: Settings, fixed_headers: tuple[tuple[bytes, bytes], ...] = ()) -> Self:
        """What the settings say. Behind proxies all connections come from their addresses, so none is limited alone."""
        return cls(
            head_seconds=settings.request_head_seconds,
            body_seconds=settings.request_body_seconds,
            head_bytes=settings.max_header_bytes,
            connections=settings.max_connections,
            per_address=settings.max_connections
            if settings.trusted_proxies
            else settings.max_connections_per_address,
            fixed_headers=fixed_headers,
        )


class Connection(HttpToolsProtocol):
    """One connection. `functools.partial(Connection, limits=...)` is uvicorn's `http`."""

    def __init__(self, *, limits: Limits, **options: Any) -> None:
        super().__init__(**options)
        self._limits = limits
        self._watch = Watch.of(self.server_state, limits, self.loop)
        self._in_head = True
        # Bytes of the head, or of the body, that is being received.
        self._received_bytes = 0
        self._refusal: Problem | None = None
        self._address = ""

    @property
    def has_sent(self) -> bool:
        """Whether a part of a request's head has come."""
        return self._in_head and self._received_bytes > 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """A client has connected. It is refused if there are too many, as a whole or from its address."""
        super().connection_made(transport)
        self._address = self.client[0] if self.client else ""
        problem = self._watch.admit(self, self._address)
        if problem is not None:
            self.refuse(problem)

    def connection_lost(self, exc: Exception | None) -> None:
        """The client or the server has closed it."""
        self._watch.forget(self, self._address)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Parse what has come. A head comes in pieces, so that none is parsed beyond its limit."""
        self._unset_keepalive_if_required()
        while data and not self.transport.is_closing():
            piece = data
            if self._in_head and len(data) > _PIECE_BYTES:
                piece, data = data[:_PIECE_BYTES], data[_PIECE_BYTES:]
            else:
                data = b""
            self._received_bytes += len(piece)
            if not self._parse(piece):
                return
            if self._in_head:
                if self._received_bytes > self._limits.head_bytes:
                    self.refuse(HeadersTooLarge())
            elif not self._watch.receive(self, len(piece)):
                self.refuse(ServerBusy())

    def _parse(self, piece: bytes) -> bool:
        try:
            self.parser.feed_data(piece)
        except httptools.HttpParserUpgrade:
            if self._should_upgrade():
                self.handle_websocket_upgrade()
                return False
            # We speak no other protocol, so the request is answered as if it had not asked for one (RFC 9110, 7.8).
            return True
        except httptools.HttpParserError:
            self.refuse(self._refusal or BadRequest())
            return False
        return True

    def _should_upgrade(self) -> bool:
        """Only a GET becomes a WebSocket (RFC 6455, section 4.1), and not behind a request that is being answered."""
        cycle = self.cycle
        idle = cycle is None or cycle.response_complete
        return idle and self.scope["method"] == "GET" and bool(super()._should_upgrade())

    def handle_websocket_upgrade(self) -> None:
        """Hand the connection over. It counts as before; the other protocol says when it ends."""
        self._watch.hand_over(self)
        super().handle_websocket_upgrade()

    def on_headers_complete(self) -> None:
        """The head of a request is there."""
        size = len(self.url) + sum(len(name) + len(value) + 4 for name, value in self.headers)
        if size > self._limits.head_bytes or len(self.headers) > _MAX_HEADERS:
            self._refusal = HeadersTooLarge()
            raise ValueError("head too large")
        self._in_head = False
        self._received_bytes = 0
        self._watch.waiting.pop(self, None)
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """A request is there as a whole."""
        self._in_head = True
        self._received_bytes = 0
        self._watch.finish(self)
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """The answer is out: the client may send its next request."""
        super().on_response_complete()
        if self.cycle.response_complete:
            self._watch.wait(self)

    def pause_writing(self) -> None:
        """The client does not read as fast as we write."""
        self._watch.unread[self] = self.loop.time()
        super().pause_writing()

    def resume_writing(self) -> None:
        """The client reads again."""
        self._watch.unread.pop(self, None)
        super().resume_writing()

    def refuse(self, problem: Problem) -> None:
        """Answer with the problem, unless an answer is on its way, and close."""
        if self.transport.is_closing():
            return
        cycle = self.cycle
        busy = cycle is not None and not cycle.response_complete
        # Not in the middle of another answer, nor after the answer to a request whose body still comes.
        may_answer = not busy if self._in_head else busy and not cycle.response_started
        if busy:
            # The application learns that the client is gone. What it may still send goes nowhere.
            cycle.disconnected = True
            cycle.message_event.set()
        if may_answer:
            self.transport.write(self._answer(problem))
        telemetry.count_request("OTHER", _NO_ROUTE, problem.status, 0.0)
        self._watch.close(self)

    def _language(self) -> Language:
        """As `Accept-Language` has it, if that much of the head has come; until then, of the request before."""
        sent = dict(self.headers or ()).get(b"accept-language", b"")
        return language.accepted(sent) or Language.ENGLISH

    def _answer(self, problem: Problem) -> bytes:
        request_id = str(uuid7())
        speaks = self._language()
        body = orjson.dumps(problem.body(request_id, language=speaks))
        headers = [
            (b"content-type", b"application/problem+json"),
            (b"content-length", str(len(body)).encode()),
            (b"connection", b"close"),
            (b"x-request-id", request_id.encode()),
            *(
                (name.lower().encode(), value.encode())
                for name, value in (problem.headers | language.HEADERS[speaks]).items()
            ),
            *self._limits.fixed_headers,
        ]
        lines = b"".join(b"%s: %s\r\n" % header for header in headers)
        return STATUS_LINE[problem.status] + lines + b"\r\n" + body


class Watched(Protocol):
    """What the watch may end: a connection of either protocol."""

    transport: asyncio.Transport


class Watch:
    """The clock of all connections of a process: each dictionary holds connections in the order of their instants."""

    def __init__(self, state: ServerState, limits: Limits, loop: asyncio.AbstractEventLoop) -> None:
        self._connections = state.connections
        self._limits = limits
        self._loop = loop
        # Since when a connection waits for a request's head; sends a body; leaves its answer unread; is being closed.
        self.waiting: dict[Connection, float] = {}
        self._sending: dict[Connection, tuple[float, int]] = {}
        self.unread: dict[Watched, float] = {}
        self._closing: dict[Watched, float] = {}
        self._from_address: Counter[str] = Counter()
        self._unfinished_bytes = 0
        self._pause = min(1.0, limits.head_seconds / 4, limits.body_seconds / 4)
        self._timer: asyncio.TimerHandle | None = None

    @classmethod
    def of(cls, state: ServerState, limits: Limits, loop: asyncio.AbstractEventLoop) -> Watch:
        """The one of this server."""
        watch = _watches.get(state)
        if watch is None:
            watch = _watches[state] = cls(state, limits, loop)
        return watch

    def admit(self, connection: Connection, address: str) -> Problem | None:
        """Take a new connection; what it is refused with if there are too many."""
        self._from_address[address] += 1
        self.wait(connection)
        if self._timer is None:
            self._timer = self._loop.call_later(self._pause, self._look)
        if self._from_address[address] > self._limits.per_address:
            return TooManyConnections(retry_after_seconds=1)
        if len(self._connections) <= self._limits.connections:
            return None
        idle = next((other for other in self.waiting if other is not connection), None)
        if idle is None:
            return ServerBusy()
        self.close(idle)
        return None

    def hand_over(self, connection: Connection) -> None:
        """Another protocol has the connection from now on. It still counts for its address."""
        self.waiting.pop(connection, None)
        self._drop(connection)
        self.finish(connection)

    def forget(self, connection: Connection, address: str) -> None:
        """The connection is gone."""
        self.hand_over(connection)
        self.release(address)

    def forget_upgraded(self, connection: Watched, address: str) -> None:
        """A connection that was handed over is gone."""
        self._drop(connection)
        self.release(address)

    def _drop(self, connection: Watched) -> None:
        self.unread.pop(connection, None)
        self._closing.pop(connection, None)

    def release(self, address: str) -> None:
        """This address has one connection less."""
        self._from_address[address] -= 1
        if self._from_address[address] <= 0:
            del self._from_address[address]

    def wait(self, connection: Connection) -> None:
        """The client may begin a request from now on."""
        self.waiting.pop(connection, None)
        self.waiting[connection] = self._loop.time()

    def receive(self, connection: Connection, size: int) -> bool:
        """A part of a body has come. False if too much is half received already."""
        since, total = self._sending.get(connection) or (self._loop.time(), 0)
        self._sending[connection] = since, total + size
        self._unfinished_bytes += size
        return self._unfinished_bytes <= _MAX_UNFINISHED_BYTES

    def finish(self, connection: Connection) -> None:
        """The body is there as a whole."""
        entry = self._sending.pop(connection, None)
        if entry is not None:
            self._unfinished_bytes -= entry[1]

    def close(self, connection: Connection) -> None:
        """Close the connection; what was written may still be read for some seconds."""
        self.waiting.pop(connection, None)
        self._closing.setdefault(connection, self._loop.time())
        connection.transport.close()

    def _look(self) -> None:
        """Close what has taken too long."""
        now = self._loop.time()
        for connection in list(_older(self.waiting, now - self._limits.head_seconds)):
            if connection.has_sent:
                connection.refuse(RequestTimeout())
            self.close(connection)
        for connection, (since, size) in list(self._sending.items()):
            if now - since > self._limits.body_seconds + size / _BODY_BYTES_A_SECOND:
                connection.refuse(RequestTimeout())
        for stuck in (
            *_older(self.unread, now - _UNREAD_SECONDS),
            *_older(self._closing, now - _CLOSING_SECONDS),
        ):
            stuck.transport.abort()
        self._timer = self._loop.call_later(self._pause, self._look) if self._connections else None


def _older(times: dict[T, float], instant: float) -> Iterator[T]:
    for connection, since in times.items():
        if since > instant:
            return
        yield connection


_watches: Final[WeakKeyDictionary[ServerState, Watch]] = WeakKeyDictionary()
