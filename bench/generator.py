"""The load generator for machines without wrk, in a process of its own, and for runs of a counted number of requests.

    python -m bench.generator PORT FILE PREFIX CONNECTIONS (--seconds S | --count N)

Sends the prepared requests of a file (see request.lua) over kept connections, one at a time on each, and prints the
result as one line of JSON.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count, cycle
from pathlib import Path
from typing import cast

import uvloop

KEY = b"@KEY@"


@dataclass(slots=True)
class Tally:
    """The outcome of the requests."""

    milliseconds: list[float] = field(default_factory=list)
    errors: int = 0


class Client(asyncio.Protocol):
    """One connection: sends a request, waits for the whole answer, sends the next."""

    def __init__(self, requests: Iterator[bytes], tally: Tally, deadline: float) -> None:
        self._requests = requests
        self._tally = tally
        self._deadline = deadline
        self._buffer = b""
        self._sent_at = 0.0
        self.finished: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports are no asyncio.Transport.
        self._transport = cast(asyncio.Transport, transport)
        self._send()

    def _send(self) -> None:
        request = next(self._requests, None) if time.perf_counter() < self._deadline else None
        if request is None:
            self._end()
            return
        self._sent_at = time.perf_counter()
        self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head, blank, rest = self._buffer.partition(b"\r\n\r\n")
        if not blank or len(rest) < _length_of(head):
            return
        self._tally.milliseconds.append((time.perf_counter() - self._sent_at) * 1000)
        self._tally.errors += not head.startswith(b"HTTP/1.1 2")
        self._buffer = b""
        self._send()

    def connection_lost(self, error: Exception | None) -> None:
        if not self.finished.done():
            self._tally.errors += 1
            self._end()

    def _end(self) -> None:
        if not self.finished.done():
            self.finished.set_result(None)
        self._transport.close()


def _length_of(head: bytes) -> int:
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return int(line[15:])
    return 0


def requests_of(file: Path, prefix: str, limit: int | None) -> Iterator[bytes]:
    """The prepared requests of a file round and round, `limit` of them, each key a new one."""
    prepared = [whole.partition(KEY) for whole in file.read_bytes().split(b"\0") if whole]
    numbers = count() if limit is None else range(limit)
    for number, (head, marker, tail) in zip(numbers, cycle(prepared), strict=False):
        yield b"%s%s-%d%s" % (head, prefix.encode(), number, tail) if marker else head


async def run(arguments: argparse.Namespace) -> dict[str, float]:
    """Send the requests; the result."""
    tally = Tally()
    started = time.perf_counter()
    deadline = started + (arguments.seconds or float("inf"))
    requests = requests_of(arguments.file, arguments.prefix, arguments.count)
    loop = asyncio.get_running_loop()
    opening = [
        loop.create_connection(lambda: Client(requests, tally, deadline), "127.0.0.1", arguments.port)
        for _ in range(arguments.connections)
    ]
    clients = [client for _, client in await asyncio.gather(*opening)]
    await asyncio.gather(*(client.finished for client in clients))
    seconds = time.perf_counter() - started
    sorted_ms = sorted(tally.milliseconds) or [0.0]
    return {
        "requests": len(tally.milliseconds),
        "seconds": seconds,
        "p50_ms": sorted_ms[len(sorted_ms) // 2],
        "p99_ms": sorted_ms[int(len(sorted_ms) * 0.99)],
        "errors": tally.errors,
    }


def main() -> None:
    """Read the command line and run."""
    parser = argparse.ArgumentParser()
    parser.add_argument("port", type=int)
    parser.add_argument("file", type=Path)
    parser.add_argument("prefix")
    parser.add_argument("connections", type=int)
    parser.add_argument("--seconds", type=float)
    parser.add_argument("--count", type=int)
    print(json.dumps(uvloop.run(run(parser.parse_args()))))


if __name__ == "__main__":
    main()
