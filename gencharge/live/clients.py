"""A connected client: what waits to be sent to it, bounded, and why its connection ends."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from gencharge.core.errors import Problem
from gencharge.core.http.websocket import text_frame
from gencharge.core.values.ids import new_id
from gencharge.core.values.recipient import Recipient
from gencharge.live.changes import Position
from gencharge.live.errors import ClientTooSlow
from gencharge.sessions.guards import Principal

# A client reads slower than this only if it does not read at all; it comes back and catches up.
MAX_WAITING: Final = 200


@dataclass(frozen=True)
class Message:
    """A message as it is sent: JSON, its type, and the place that a client names when it comes back."""

    type: str
    text: str
    position: Position | None

    @cached_property
    def frame(self) -> bytes:
        """As a WebSocket has it; made once, for however many clients."""
        return text_frame(self.text)


class Client:
    """One connection of a person who is signed in."""

    __slots__ = (
        "_sending",
        "_waiting",
        "_wake",
        "behind",
        "catching_up",
        "connection_id",
        "ended",
        "expires_at",
        "failed",
        "position",
        "problem",
        "recipient",
        "session_id",
        "write_frame",
    )

    def __init__(self, principal: Principal, expires_at: float, last: Position | None) -> None:
        self.recipient = Recipient(principal.kind, principal.user_id)
        self.session_id = principal.session_id
        self.connection_id = new_id()
        # When the token runs out, by the monotonic clock.
        self.expires_at = expires_at
        # Everything up to here was sent, or is in the queue.
        self.position = last
        # Until it has what it missed, it gets nothing else: `behind` notes that there is more.
        self.catching_up = True
        self.behind = False
        # Catching up failed, and is tried again.
        self.failed = False
        self.ended = False
        self.problem: Problem | None = None
        # Writes a frame at once, or says that it can't: the client has to read first. None: everything goes through the queue.
        self.write_frame: Callable[[bytes], bool] | None = None
        self._waiting: list[Message] = []
        # What was taken is still being sent.
        self._sending = False
        self._wake = asyncio.Event()

    @property
    def expired(self) -> bool:
        """True if its token has run out."""
        return self.expires_at <= time.monotonic()

    @property
    def waiting(self) -> int:
        """How many messages wait to be sent."""
        return len(self._waiting)

    def send(self, message: Message) -> None:
        """Send a message, or queue it behind what waits. One who does not read loses the queue and the connection."""
        if self.ended:
            return
        if not self._written(message):
            if len(self._waiting) >= MAX_WAITING:
                self.give_up()
                return
            self._waiting.append(message)
            self._wake.set()
        if message.position is not None and (self.position is None or message.position > self.position):
            self.position = message.position

    def _written(self, message: Message) -> bool:
        """Whether it could be written past the queue: a task that wakes up for each of thousands of clients costs more than the message."""
        if self.write_frame is None or self._sending or self._waiting:
            return False
        return self.write_frame(message.frame)

    def end(self, problem: Problem | None = None) -> None:
        """End the connection once the queue is sent, and say why. None: the client itself is gone."""
        if self.ended:
            return
        self.ended = True
        self.problem = problem
        if problem is None:
            self._waiting.clear()
        self._wake.set()

    def give_up(self) -> None:
        """End the connection of one who does not read, without what waits."""
        self._waiting.clear()
        self.end(ClientTooSlow())

    async def take(self) -> list[Message]:
        """All that waits, as soon as something does; nothing: the connection ends. What was taken before has been sent."""
        self._sending = False
        if not self._waiting and not self.ended:
            await self._wake.wait()
        self._wake.clear()
        messages, self._waiting = self._waiting, []
        self._sending = bool(messages)
        return messages
