"""What one WebSocket may cost us: uvicorn's protocol with bounds on what a client may send and leave unread.

A client that does not read gets no more answers to its pings and is dropped after some seconds (`core.http.protocol`). One that
vanished without a word is found by a ping that stays unanswered.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Any, Final

from uvicorn.config import Config
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from uvicorn.server import ServerState
from websockets.frames import Frame, Opcode
from websockets.http11 import Request

from gencharge.core.http.protocol import Limits, Watch

# A client sends tokens and nothing else (`sessions.tokens` has the longest).
MAX_MESSAGE_BYTES: Final = 8_192
PING_SECONDS: Final = 20.0
# How long the client's own close frame is waited for.
_CLOSE_SECONDS: Final = 2.0
# An extension of ASGI (its specification, "Extensions"): writes a whole frame at once, without a task of the application.
WRITE_FRAME: Final = "gencharge.write_frame"
# A message may come in so many fragments; an empty fragment has no size to count.
_MAX_FRAGMENTS: Final = 64
# The edge logs what fails in the application; what a client sends wrong is not our error.
_QUIET: Final = logging.getLogger("gencharge.websocket")
_QUIET.addHandler(logging.NullHandler())
_QUIET.propagate = False


def text_frame(text: str) -> bytes:
    """A text message as a server sends it (RFC 6455, section 5.2): not masked, so the same bytes go to any number of clients."""
    return Frame(Opcode.TEXT, text.encode()).serialize(mask=False)


class WebSocketConnection(WebSocketsSansIOProtocol):
    """One WebSocket. `functools.partial(WebSocketConnection, limits=...)` is uvicorn's `ws`."""

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        *,
        limits: Limits,
    ) -> None:
        super().__init__(config, server_state, app_state)
        self.logger = _QUIET
        self.close_timeout = _CLOSE_SECONDS
        self._watch = Watch.of(server_state, limits, self.loop)
        self._address = ""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The client's handshake is there."""
        super().connection_made(transport)
        self._address = self.client[0] if self.client else ""

    def connection_lost(self, exc: Exception | None) -> None:
        """The client or the server has closed it."""
        self._watch.forget_upgraded(self, self._address)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Parse what has come; a handshake that can't be read is refused."""
        super().data_received(data)
        if self.conn.handshake_exc is not None and not self.handshake_initiated:
            self.handshake_initiated = True
            # The library has closed its side already, so this is written past it.
            self.transport.write(self.conn.reject(400, f"{self.conn.handshake_exc}\n").serialize())
            self.transport.close()

    def handle_connect(self, event: Request) -> None:
        """The client's handshake: the application learns how to write frames at once."""
        super().handle_connect(event)
        if not self.close_sent:
            extensions: dict[str, Any] = self.scope["extensions"]
            extensions[WRITE_FRAME] = self.write_frame

    def write_frame(self, frame: bytes) -> bool:
        """Write a frame now. False: nothing was written, because the client has to read first, or is gone."""
        is_open = self.handshake_complete and not (self.close_sent or self.disconnected)
        if not is_open or self.conn.extensions or not self.writable.is_set() or self.transport.is_closing():
            return False
        self.transport.write(frame)
        return True

    def handle_parser_exception(self) -> None:
        """The client broke the protocol. Its error is logged nowhere; it reads the code and the reason."""
        if self.conn.close_sent is None:
            self.transport.abort()
            return
        super().handle_parser_exception()

    def handle_cont(self, event: Frame) -> None:
        """Another fragment of a message."""
        if len(self.frames) >= _MAX_FRAGMENTS:
            self.conn.fail(1008, "too many fragments")
            self.handle_parser_exception()
            return
        super().handle_cont(event)

    def pause_writing(self) -> None:
        """The client does not read as fast as we write: it is not read either, so that its pings add nothing."""
        self._watch.unread[self] = self.loop.time()
        super().pause_writing()
        if not self.transport.is_closing():
            self.transport.pause_reading()

    def resume_writing(self) -> None:
        """The client reads again."""
        self._watch.unread.pop(self, None)
        super().resume_writing()
        if not self.read_paused and not self.transport.is_closing():
            self.transport.resume_reading()

    def shutdown(self) -> None:
        """The server has waited long enough: a client that has not closed by now is cut off."""
        super().shutdown()
        self.transport.abort()
