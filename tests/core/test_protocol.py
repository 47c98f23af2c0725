"""What one connection may cost: deadlines, limits, and problem documents for what is no HTTP."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from functools import partial
from typing import Any

import pytest
import uvicorn

from gencharge.core.http.protocol import Connection, Limits

LIMITS = Limits(head_seconds=5, body_seconds=5, head_bytes=32_768, connections=100, per_address=100)
GET = b"GET /length HTTP/1.1\r\nHost: test\r\n\r\n"
Connect = Callable[[], Awaitable[tuple[asyncio.StreamReader, asyncio.StreamWriter]]]


async def application(scope: Any, receive: Any, send: Any) -> None:
    """Answers with the number of bytes that it got; `/large` with 8 MB."""
    size, more = 0, True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        size, more = size + len(message["body"]), message["more_body"]
    body = b"x" * 8_000_000 if scope["path"] == "/large" else str(size).encode()
    headers = [(b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


@asynccontextmanager
async def serving(**overrides: Any) -> AsyncIterator[tuple[Connect, uvicorn.Server]]:
    """A server with these limits, and a way to connect to it."""
    protocol: Any = partial(Connection, limits=replace(LIMITS, **overrides))
    config = uvicorn.Config(application, http=protocol, lifespan="off", log_config=None, ws="none")
    server = uvicorn.Server(config)
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
        task = asyncio.create_task(server.serve([listener]))
        while not server.started:
            await asyncio.sleep(0.01)
        writers = []

        async def connect() -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writers.append(writer)
            return reader, writer

        try:
            yield connect, server
        finally:
            for writer in writers:
                writer.close()
            server.should_exit = True
            await task


async def answer_of(reader: asyncio.StreamReader) -> tuple[int, dict[str, str], Any]:
    """The status, the headers and the document of the next answer."""
    async with asyncio.timeout(10):
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        headers = dict(line.split(": ", 1) for line in head[1:] if line)
        body = await reader.readexactly(int(headers["content-length"]))
    return int(head[0].split()[1]), headers, json.loads(body)


@asynccontextmanager
async def dripped(writer: asyncio.StreamWriter, begin: bytes = b"") -> AsyncIterator[None]:
    """A byte each 20 ms, for as long as the connection takes one."""

    async def drip() -> None:
        with suppress(ConnectionError):
            writer.write(begin)
            while True:
                writer.write(b"x")
                await writer.drain()
                await asyncio.sleep(0.02)

    dripping = asyncio.create_task(drip())
    yield
    dripping.cancel()
    await asyncio.wait([dripping])


async def ends(reader: asyncio.StreamReader) -> bool:
    """Whether the server closes the connection without another byte."""
    async with asyncio.timeout(10):
        try:
            return await reader.read() == b""
        except ConnectionError:  # it was closed while more was on its way to it
            return True


async def test_a_head_that_drips_is_answered_408_and_a_silent_connection_is_closed() -> None:
    async with serving(head_seconds=0.4) as (connect, _):
        silent, _ = await connect()
        dripping, writer = await connect()
        # No byte puts the deadline off.
        async with dripped(writer, b"GET / HTTP/1.1\r\nHost: te"):
            status, headers, problem = await answer_of(dripping)
        assert (status, problem["code"], headers["connection"]) == (408, "request_timeout", "close")
        assert await ends(dripping)
        assert await ends(silent)


async def test_a_body_that_drips_is_answered_408_and_one_that_flows_is_not() -> None:
    async with serving(body_seconds=0.4) as (connect, _):
        dripping, slow = await connect()
        flowing, quick = await connect()
        for writer, length in ((slow, 1_000_000), (quick, 12_000)):
            writer.write(b"POST / HTTP/1.1\r\nHost: test\r\nContent-Length: %d\r\n\r\n" % length)
        refused = asyncio.create_task(answer_of(dripping))
        async with dripped(slow):
            for _ in range(12):
                quick.write(b"x" * 1_000)
                await asyncio.sleep(0.1)
            # No byte puts the deadline off.
            assert (await refused)[2]["code"] == "request_timeout"
        assert (await answer_of(flowing))[2] == 12_000


@pytest.mark.parametrize(
    "head",
    [
        b"GET / HTTP/1.1\r\nHost: test\r\nX-Long: " + b"x" * 33_000 + b"\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: test\r\nX-Endless: " + b"x" * 40_000,
        b"GET /" + b"x" * 33_000 + b" HTTP/1.1\r\nHost: test\r\n\r\n",
        b"GET / HTTP/1.1\r\n" + b"a: b\r\n" * 200 + b"\r\n",
    ],
    ids=["one long header", "a header without an end", "a long address", "many headers"],
)
async def test_a_large_head_is_answered_431(head: bytes) -> None:
    async with serving() as (connect, _):
        reader, writer = await connect()
        writer.write(head)
        status, _, problem = await answer_of(reader)
        assert (status, problem["code"]) == (431, "headers_too_large")
        assert await ends(reader)


async def test_a_hundred_megabytes_of_header_are_not_taken() -> None:
    async with serving() as (connect, _):
        _, writer = await connect()
        writer.write(b"GET / HTTP/1.1\r\nHost: test\r\nX-Endless: ")
        written = 0
        with suppress(ConnectionError):
            while written < 100_000_000:
                writer.write(b"x" * 1_000_000)
                await writer.drain()
                written += 1_000_000
        assert written < 20_000_000, "more than fits into the sockets' buffers"


@pytest.mark.parametrize(
    "head",
    [
        b"not http at all\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: te\0st\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: test\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: test\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n",
    ],
)
async def test_what_is_no_http_gets_a_problem_document(head: bytes) -> None:
    async with serving(fixed_headers=((b"x-frame-options", b"DENY"),)) as (connect, _):
        reader, writer = await connect()
        writer.write(head)
        status, headers, problem = await answer_of(reader)
        assert (status, problem["code"]) == (400, "bad_request")
        assert headers["content-type"] == "application/problem+json"
        assert (headers["x-request-id"], headers["x-frame-options"]) == (problem["request_id"], "DENY")


async def test_requests_in_one_piece_and_in_many_are_answered_in_order() -> None:
    body = b"x" * 40_000
    post = b"POST /length HTTP/1.1\r\nHost: test\r\nContent-Length: %d\r\n\r\n" % len(body) + body
    async with serving() as (connect, _):
        reader, writer = await connect()
        writer.write(GET * 3 + post * 3 + GET * 2)
        assert [(await answer_of(reader))[2] for _ in range(8)] == [0, 0, 0, 40_000, 40_000, 40_000, 0, 0]
        for position in range(0, len(post), 7_001):
            writer.write(post[position : position + 7_001])
            await writer.drain()
        assert (await answer_of(reader))[2] == 40_000
        # A thousand requests in one go are no large head.
        writer.write(GET * 1_000)
        assert [(await answer_of(reader))[0] for _ in range(1_000)] == [200] * 1_000


async def test_too_many_connections_from_one_address_are_answered_429() -> None:
    async with serving(per_address=3) as (connect, _):
        opened = [await connect() for _ in range(3)]
        for reader, writer in opened:
            writer.write(GET)
            await answer_of(reader)
        refused, _ = await connect()
        status, headers, problem = await answer_of(refused)
        assert (status, problem["code"], headers["retry-after"]) == (429, "too_many_connections", "1")
        opened[0][1].close()
        await asyncio.sleep(0.1)
        reader, writer = await connect()
        writer.write(GET)
        assert (await answer_of(reader))[0] == 200


async def test_the_connection_that_has_waited_longest_makes_room_for_a_new_one() -> None:
    async with serving(connections=3) as (connect, _):
        oldest, _ = await connect()
        used = [await connect() for _ in range(2)]
        for reader, writer in used:
            writer.write(GET)
            await answer_of(reader)
        reader, writer = await connect()
        writer.write(GET)
        assert (await answer_of(reader))[0] == 200
        assert await ends(oldest)
        used[0][1].write(GET)
        assert (await answer_of(used[0][0]))[0] == 200


async def test_a_client_that_reads_nothing_is_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gencharge.core.http.protocol._UNREAD_SECONDS", 0.3)
    async with serving(head_seconds=1) as (connect, server):
        reader, writer = await connect()
        writer.write(b"GET /large HTTP/1.1\r\nHost: test\r\n\r\n")
        async with asyncio.timeout(5):
            while not server.server_state.connections:
                await asyncio.sleep(0.01)
            while server.server_state.connections:
                await asyncio.sleep(0.05)
        with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
            await reader.readexactly(8_000_000)


async def test_bodies_that_are_half_sent_are_bounded_all_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gencharge.core.http.protocol._MAX_UNFINISHED_BYTES", 10_000)
    begin = b"POST / HTTP/1.1\r\nHost: test\r\nContent-Length: 9000\r\n\r\n"
    async with serving() as (connect, _):
        first, writer = await connect()
        writer.write(begin + b"x" * 8_000)
        await asyncio.sleep(0.1)
        second, other = await connect()
        other.write(begin + b"x" * 8_000)
        status, headers, problem = await answer_of(second)
        assert (status, problem["code"]) == (503, "server_busy")
        assert headers["retry-after"]
        writer.write(b"x" * 1_000)
        assert (await answer_of(first))[2] == 9_000


async def test_a_request_to_change_the_protocol_is_answered_as_an_ordinary_one() -> None:
    async with serving() as (connect, _):
        reader, writer = await connect()
        writer.write(
            b"GET /length HTTP/1.1\r\nHost: test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"
        )
        assert (await answer_of(reader))[0] == 200


async def test_a_head_that_is_too_large_is_refused_in_its_language() -> None:
    async with serving() as (connect, _):
        reader, writer = await connect()
        writer.write(
            b"GET / HTTP/1.1\r\nHost: a\r\nAccept-Language: hi-IN\r\nX-A: " + b"a" * 40_000 + b"\r\n\r\n"
        )
        status, headers, problem = await answer_of(reader)
        assert (status, headers["content-language"], headers["vary"]) == (431, "hi", "Accept-Language")
        assert problem["detail"].startswith("अनुरोध का पता और हेडर बहुत बड़े हैं")
