"""Between a thread that works with bytes and a storage that is asynchronous: in both directions, and never more than a few MB ahead."""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Final, Self

_PIECE_BYTES: Final = 1024 * 1024
_PIECES_AHEAD: Final = 8
_POLL_SECONDS: Final = 0.1


class Stopped(Exception):
    """Nobody reads any more what the thread writes."""


class ThreadOutput:
    """What a thread writes, as pieces for a storage: `async with ThreadOutput(work) as output: ... output.pieces()`.

    `work` is called in a thread with the function to write with. What it raises is raised by the iteration, so the storage
    abandons the file. At the end of the block the thread has ended: if it has not written everything, its next write raises Stopped."""

    def __init__(self, work: Callable[[Callable[[bytes], None]], None]) -> None:
        self._work = work
        self._pieces: queue.Queue[bytes | None] = queue.Queue(_PIECES_AHEAD)
        self._buffer = bytearray()
        self._stopped = threading.Event()
        # A thread of its own: the work may lower its priority, which no thread takes back.
        self._executor = ThreadPoolExecutor(1, thread_name_prefix="thread-output")
        self._thread: asyncio.Future[None] | None = None
        self.size_bytes = 0

    async def __aenter__(self) -> Self:
        self._thread = asyncio.get_running_loop().run_in_executor(self._executor, self._run)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._stopped.set()
        assert self._thread is not None, "it was entered"
        # What the thread raised was raised by the iteration, or there is an earlier reason.
        await asyncio.wait([self._thread])
        self._executor.shutdown(wait=False)
        if not self._thread.cancelled():
            self._thread.exception()

    async def pieces(self) -> AsyncIterator[bytes]:
        """The pieces, until the thread has ended well."""
        assert self._thread is not None, "it was entered"
        while (piece := await asyncio.to_thread(self._get)) is not None:
            yield piece
        await self._thread

    def _get(self) -> bytes | None:
        while not self._stopped.is_set():
            try:
                return self._pieces.get(timeout=_POLL_SECONDS)
            except queue.Empty:
                continue
        return None

    def _run(self) -> None:
        try:
            self._work(self._write)
            self._put(bytes(self._buffer))
        finally:
            self._put_end()

    def _write(self, content: bytes) -> None:
        self._buffer += content
        while len(self._buffer) >= _PIECE_BYTES:
            self._put(bytes(self._buffer[:_PIECE_BYTES]))
            del self._buffer[:_PIECE_BYTES]

    def _put(self, piece: bytes) -> None:
        while not self._stopped.is_set():
            try:
                self._pieces.put(piece, timeout=_POLL_SECONDS)
            except queue.Full:
                continue
            self.size_bytes += len(piece)
            return
        raise Stopped

    def _put_end(self) -> None:
        while not self._stopped.is_set():
            try:
                self._pieces.put(None, timeout=_POLL_SECONDS)
            except queue.Full:
                continue
            return


class ThreadInput:
    """Pieces of a storage, for a thread that reads them like a file. `loop` must run in another thread."""

    def __init__(self, pieces: AsyncIterator[bytes], loop: asyncio.AbstractEventLoop) -> None:
        self._pieces = pieces
        self._loop = loop
        self._rest = b""
        self._at = 0
        self.size_bytes = 0

    def read(self, size: int, /) -> bytes:
        """Up to `size` bytes; none at the end. Raises what the storage raises."""
        if self._at == len(self._rest):
            self._rest, self._at = self._next(), 0
            self.size_bytes += len(self._rest)
        piece = self._rest[self._at : self._at + size]
        self._at += len(piece)
        return piece

    def _next(self) -> bytes:
        future: Future[bytes] = asyncio.run_coroutine_threadsafe(_next_of(self._pieces), self._loop)
        return future.result()


async def _next_of(pieces: AsyncIterator[bytes]) -> bytes:
    async for piece in pieces:
        if piece:
            return piece
    return b""


async def close(pieces: AsyncIterator[bytes]) -> None:
    """End an iteration that was not read to its end."""
    if isinstance(pieces, AsyncGenerator):
        await pieces.aclose()
