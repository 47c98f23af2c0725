"""WebSocket clients that cost the machine next to nothing: they stand for phones, which take nothing of the server's.

A library's client wakes a task for each message. This one looks at the bytes: it answers pings, and says when a notice has come.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Final, cast

from websockets.frames import Frame, Opcode

_HEAD: Final = (
    b"GET /v1/notifications/ws HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)
_NOTICE: Final = b'"type":"notification"'
_WELCOME: Final = b'"type":"welcome"'
_PING: Final = 0x89
_CLOSE: Final = 0x88


class Phone(asyncio.Protocol):
    """One client. `joined` is done when it is signed in; `on_notice` is called for each notice, `on_lost` when the server ends the connection."""

    def __init__(self, token: str, on_notice: Callable[[], None], on_lost: Callable[[], None]) -> None:
        self._token = token
        self._on_notice = on_notice
        self._on_lost = on_lost
        self._buffer = b""
        self._upgraded = False
        self.joined: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask for the WebSocket."""
        # uvloop's transports are no asyncio.Transport.
        self._transport = cast(asyncio.Transport, transport)
        self._transport.write(_HEAD)

    def data_received(self, data: bytes) -> None:
        """The answer to the handshake, then frames."""
        self._buffer += data
        if not self._upgraded:
            head, blank, self._buffer = self._buffer.partition(b"\r\n\r\n")
            if not blank:
                self._buffer = head
                return
            if not head.startswith(b"HTTP/1.1 101"):
                self.joined.set_exception(ConnectionError(head.decode("latin-1")))
                return
            self._upgraded = True
            self._send(Opcode.TEXT, json.dumps({"token": self._token}).encode())
        while (end := _end_of_frame(self._buffer)) is not None:
            frame, self._buffer = self._buffer[:end], self._buffer[end:]
            self._take(frame)

    def _take(self, frame: bytes) -> None:
        if _NOTICE in frame:
            self._on_notice()
        elif frame[0] == _PING:
            self._send(Opcode.PONG, frame[2:])
        elif not self.joined.done() and _WELCOME in frame:
            self.joined.set_result(None)
        elif frame[0] == _CLOSE:
            self._transport.close()

    def _send(self, opcode: Opcode, data: bytes) -> None:
        self._transport.write(Frame(opcode, data).serialize(mask=True))

    def connection_lost(self, exc: Exception | None) -> None:
        """The server has ended it."""
        if not self.joined.done():
            self.joined.set_exception(exc or ConnectionError("the server has hung up"))
        else:
            self._on_lost()


def _end_of_frame(data: bytes) -> int | None:
    """Where the first frame of a server ends (RFC 6455, section 5.2: not masked); None: it has not come whole."""
    if len(data) < 2:
        return None
    length, begin = data[1], 2
    if length == 126:
        length, begin = int.from_bytes(data[2:4]), 4
    elif length == 127:
        length, begin = int.from_bytes(data[2:10]), 10
    end = begin + length
    return end if len(data) >= end else None
