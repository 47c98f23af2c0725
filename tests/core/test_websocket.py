"""What one WebSocket may cost: bounds on fragments, frames and what a client leaves unread, and an orderly end."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import pytest
import uvicorn
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from gencharge.core.http.protocol import Connection, Limits, Watch
from gencharge.core.http.websocket import WRITE_FRAME, WebSocketConnection, text_frame

LIMITS = Limits(head_seconds=5, body_seconds=5, head_bytes=32_768, connections=100, per_address=3)


async def application(scope: Any, receive: Any, send: Any) -> None:
    """Echoes texts; `flood` is answered with 16 MB in pieces, `frames` with as many frames as can be written at once."""
    if scope["type"] == "http":
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0")]})
        await send({"type": "http.response.body", "body": b""})
        return
    await receive()
    await send({"type": "websocket.accept"})
    while (message := await receive())["type"] == "websocket.receive":
        if message.get("text") == "flood":
            for _ in range(1_000):
                await send({"type": "websocket.send", "text": "x" * 16_000})
        elif message.get("text") == "frames":
            written = 0
            while written < 1_000 and scope["extensions"][WRITE_FRAME](text_frame("x" * 16_000)):
                written += 1
            await send({"type": "websocket.send", "text": f"{written}"})
        else:
            await send({"type": "websocket.send", "text": message.get("text") or "binary"})


@asynccontextmanager
async def serving() -> AsyncIterator[tuple[int, uvicorn.Server]]:
    """A server with these protocols: its port."""
    http: Any = partial(Connection, limits=LIMITS)
    websocket: Any = partial(WebSocketConnection, limits=LIMITS)
    config = uvicorn.Config(
        application, http=http, ws=websocket, ws_max_size=8_192, lifespan="off", log_config=None,
        ws_per_message_deflate=False,
    )  # fmt: skip
    server = uvicorn.Server(config)
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        task = asyncio.create_task(server.serve([listener]))
        while not server.started:
            await asyncio.sleep(0.01)
        try:
            yield listener.getsockname()[1], server
        finally:
            server.should_exit = True
            await task


async def client(port: int) -> ClientConnection:
    return await connect(f"ws://127.0.0.1:{port}/", compression=None, proxy=None, ping_interval=None)


async def closed_with(websocket: ClientConnection) -> int:
    async with asyncio.timeout(10):
        while True:
            try:
                await websocket.recv()
            except ConnectionClosed as closed:
                return closed.rcvd.code if closed.rcvd else 1006


async def gone(server: uvicorn.Server) -> None:
    """Return when the server has no connection left, and its watch knows of none."""
    async with asyncio.timeout(10):
        while server.server_state.connections:
            await asyncio.sleep(0.01)
    watch = Watch.of(server.server_state, LIMITS, asyncio.get_running_loop())
    assert not watch.waiting
    assert not watch.unread


async def test_texts_go_both_ways_and_connections_count_for_their_address() -> None:
    async with serving() as (port, server):
        clients = [await client(port) for _ in range(3)]
        for number, websocket in enumerate(clients):
            await websocket.send(str(number))
            assert await websocket.recv() == str(number)
        # It is refused before it has asked for anything, which the client of the others takes for an error of its own.
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        assert (await reader.readline()).startswith(b"HTTP/1.1 429 ")
        writer.close()
        for websocket in clients:
            await websocket.close()
        await gone(server)
        again = await client(port)
        await again.close()
        await gone(server)


async def test_a_long_message_and_one_of_many_fragments_end_the_connection() -> None:
    async with serving() as (port, server):
        long = await client(port)
        await long.send("x" * 8_193)
        assert await closed_with(long) == 1009
        pieces = await client(port)
        await pieces.send("" for _ in range(200))
        assert await closed_with(pieces) == 1008
        whole = await client(port)
        await whole.send(["a", "b", "c"])
        assert await whole.recv() == "abc"
        await whole.close()
        await gone(server)


async def test_a_client_that_reads_nothing_is_dropped_and_its_pings_are_not_answered_into_memory(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("gencharge.core.http.protocol._UNREAD_SECONDS", 0.3)
    async with serving() as (port, server):
        websocket = await client(port)
        websocket.transport.pause_reading()
        await websocket.send("flood")
        async with asyncio.timeout(10):
            while not any(
                connection.transport.get_write_buffer_size() for connection in server.server_state.connections
            ):  # type: ignore[union-attr]
                await asyncio.sleep(0.01)
        (connection,) = server.server_state.connections
        assert not connection.transport.is_reading()  # type: ignore[union-attr]
        assert connection.transport.get_write_buffer_size() < 200_000  # type: ignore[union-attr]
        await gone(server)
        websocket.transport.abort()
        await websocket.wait_closed()


@pytest.mark.parametrize(
    ("method", "fields", "status"),
    [
        ("GET", "", 400),
        ("GET", "Sec-WebSocket-Version: 8\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n", 400),
        ("GET", "Content-Length: 5\r\n", 400),
        ("POST", "Content-Length: 0\r\n", 200),
    ],
)
async def test_a_handshake_that_is_none_is_refused_and_a_post_is_an_ordinary_request(
    method: str, fields: str, status: int
) -> None:
    async with serving() as (port, server):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        head = (
            f"{method} / HTTP/1.1\r\nHost: test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n{fields}\r\n"
        )
        writer.write(head.encode())
        async with asyncio.timeout(10):
            assert int((await reader.readline()).split()[1]) == status
        writer.close()
        await gone(server)


async def test_what_is_no_text_closes_the_connection_without_a_line_in_the_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with serving() as (port, server):
        websocket = await client(port)
        websocket.transport.write(b"\x81\x82\x00\x00\x00\x00\xff\xfe")
        assert await closed_with(websocket) == 1007
        await gone(server)
    assert "Traceback" not in json.dumps([record.getMessage() for record in caplog.records])


async def test_frames_are_written_at_once_until_the_client_has_to_read() -> None:
    async with serving() as (port, server):
        websocket = await client(port)
        await websocket.send("frames")
        seen = []
        async with asyncio.timeout(10):
            while not seen or seen[-1].startswith("x"):
                seen.append(str(await websocket.recv()))
        written = int(seen[-1])
        assert seen[:-1] == ["x" * 16_000] * written
        assert 1 <= written < 1_000, "what a client leaves unread is bounded"
        (connection,) = server.server_state.connections
        assert isinstance(connection, WebSocketConnection)
        assert connection.write_frame(text_frame("नमस्ते"))
        assert await websocket.recv() == "नमस्ते"
        await websocket.close()
        await gone(server)
        assert not connection.write_frame(text_frame("late")), "nobody is there"
