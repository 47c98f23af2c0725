"""A line to another side: it gets through again as soon as the other side does, however many calls broke off before."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest

from gencharge.core.http.http_pool import Line, LineBusy

PLACES = 8


class Silent:
    """A server that answers `/now` at once and everything else never."""

    def __init__(self) -> None:
        self.open = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.open += 1
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                if b" /now " in head:
                    writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}")
                    await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            return
        finally:
            self.open -= 1
            writer.close()


@pytest.fixture
async def other() -> AsyncIterator[tuple[Silent, str]]:
    silent = Silent()
    server = await asyncio.start_server(silent.serve, "127.0.0.1", 0)
    yield silent, f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    server.close()


def make(base: str) -> Line:
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=PLACES)
    return Line(
        lambda: httpx.AsyncClient(base_url=base, timeout=5, limits=limits, trust_env=False), at_a_time=PLACES
    )


async def call(line: Line, path: str, seconds: float) -> int | str:
    try:
        async with (
            asyncio.timeout(seconds),
            line.client(patience_seconds=seconds / 2) as client,
            client.stream("GET", path) as answer,
        ):
            await answer.aread()
            return answer.status_code
    except (LineBusy, TimeoutError) as error:
        return type(error).__name__


async def test_hundreds_of_calls_that_broke_off_cost_the_line_no_place(other: tuple[Silent, str]) -> None:
    silent, base = other
    line = make(base)
    for _ in range(5):
        ended = await asyncio.gather(*(call(line, "/never", 0.05) for _ in range(10 * PLACES)))
        assert {"LineBusy", "TimeoutError"} >= set(ended)
    assert await asyncio.gather(*(call(line, "/now", 10) for _ in range(10 * PLACES))) == [200] * 10 * PLACES
    await line.close()
    async with asyncio.timeout(5):
        while silent.open:  # no connection is left behind
            await asyncio.sleep(0.01)


async def test_who_finds_no_place_in_time_has_sent_nothing(other: tuple[Silent, str]) -> None:
    silent, base = other
    line = make(base)
    busy = [asyncio.create_task(call(line, "/never", 1)) for _ in range(PLACES)]
    while silent.open < PLACES:
        await asyncio.sleep(0.01)
    assert await call(line, "/now", 0.1) == "LineBusy"
    assert silent.open == PLACES
    assert await asyncio.gather(*busy) == ["TimeoutError"] * PLACES
    await line.close()
