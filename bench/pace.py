"""Requests at a constant rate, whatever the answers do: a queue that builds up is seen, and not waited for.

    python -m bench.pace PORT FILE PREFIX RATE SECONDS

Sends the prepared requests of a file (see request.lua) and prints the result as one line of JSON. A request's time runs
from the moment when it was due, not from when a connection was free for it.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections import deque
from itertools import islice
from pathlib import Path
from typing import cast

import uvloop

from bench.generator import requests_of

CONNECTIONS = 64
PATIENCE_SECONDS = 30.0


class Runner:
    """Connections, and the requests that wait for one."""

    def __init__(self) -> None:
        self.milliseconds: list[float] = []
        self.errors = 0
        self.free: deque[_Connection] = deque()
        self.waiting: deque[tuple[float, bytes]] = deque()

    def send(self, due: float, request: bytes) -> None:
        """Send now, or as soon as a connection is free."""
        if self.free:
            self.free.popleft().send(due, request)
        else:
            self.waiting.append((due, request))

    def answered(self, connection: _Connection, due: float, *, good: bool) -> None:
        """Note an answer and hand the connection to the next request that waits."""
        self.milliseconds.append((time.perf_counter() - due) * 1000)
        self.errors += not good
        if self.waiting:
            connection.send(*self.waiting.popleft())
        else:
            self.free.append(connection)


class _Connection(asyncio.Protocol):
    def __init__(self, runner: Runner) -> None:
        self._runner, self._buffer, self._due = runner, b"", 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports are no asyncio.Transport.
        self._transport = cast(asyncio.Transport, transport)
        self._runner.free.append(self)

    def send(self, due: float, request: bytes) -> None:
        """Send a request; its answer is awaited before the next."""
        self._due = due
        self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head, blank, rest = self._buffer.partition(b"\r\n\r\n")
        if not blank or len(rest) < _length_of(head):
            return
        self._buffer = b""
        self._runner.answered(self, self._due, good=head.startswith(b"HTTP/1.1 2"))


def _length_of(head: bytes) -> int:
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return int(line[15:])
    return 0


async def run(port: int, file: Path, prefix: str, rate: float, seconds: float) -> dict[str, float]:
    """Send them; the result."""
    runner, loop = Runner(), asyncio.get_running_loop()
    count = int(rate * seconds)
    requests = list(islice(requests_of(file, prefix, count), count))
    for _ in range(CONNECTIONS):
        await loop.create_connection(lambda: _Connection(runner), "127.0.0.1", port)
    started = time.perf_counter() + 0.2
    for number, request in enumerate(requests):
        due = started + number / rate
        if (early := due - time.perf_counter()) > 0:
            await asyncio.sleep(early)
        runner.send(due, request)
    end = time.perf_counter() + PATIENCE_SECONDS
    while len(runner.milliseconds) < len(requests) and time.perf_counter() < end:
        await asyncio.sleep(0.05)
    sorted_ms = sorted(runner.milliseconds) or [0.0]
    return {
        "requests": len(runner.milliseconds),
        "p50_ms": sorted_ms[len(sorted_ms) // 2],
        "p95_ms": sorted_ms[int(len(sorted_ms) * 0.95)],
        "p99_ms": sorted_ms[int(len(sorted_ms) * 0.99)],
        "longest_ms": sorted_ms[-1],
        "errors": runner.errors + len(requests) - len(runner.milliseconds),
    }


if __name__ == "__main__":
    port, file, prefix, rate, seconds = sys.argv[1:]
    print(json.dumps(uvloop.run(run(int(port), Path(file), prefix, float(rate), float(seconds)))))
