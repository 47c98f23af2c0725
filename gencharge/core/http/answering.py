"""How many requests a process is answering, so that what can wait gives way to them."""

from __future__ import annotations

import asyncio


class Answering:
    """Of one application (`app.state.answering`). An event stream counts until it begins, a WebSocket not at all."""

    def __init__(self) -> None:
        self._count = 0
        self._waiting: list[asyncio.Future[None]] = []

    @property
    def count(self) -> int:
        """How many requests are being answered."""
        return self._count

    def begin(self) -> None:
        """A request has come."""
        self._count += 1

    def end(self) -> None:
        """It is answered."""
        self._count -= 1
        if not self._count:
            for turn in self._waiting:
                _let(turn)
            self._waiting.clear()

    async def give_way(self, seconds: float) -> None:
        """Wait until nothing is being answered, so long at most."""
        if not self._count or seconds <= 0:
            return
        loop = asyncio.get_running_loop()
        turn = loop.create_future()
        timer = loop.call_later(seconds, _let, turn)
        self._waiting.append(turn)
        try:
            await turn
        finally:
            timer.cancel()
            if turn in self._waiting:
                self._waiting.remove(turn)


def _let(turn: asyncio.Future[None]) -> None:
    if not turn.done():
        turn.set_result(None)
