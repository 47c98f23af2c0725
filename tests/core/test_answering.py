"""What can wait gives way to the requests that a process is answering, and not for ever."""

from __future__ import annotations

import asyncio
import time

import httpx
from fastapi import FastAPI
from starlette.types import Receive, Scope, Send

from gencharge.core.http.answering import Answering
from gencharge.core.http.edge import Edge
from gencharge.core.settings import Settings

LONG_SECONDS = 30.0


async def test_who_gives_way_goes_on_when_the_last_request_is_answered() -> None:
    answering, order = Answering(), list[str]()

    async def wait(name: str) -> None:
        await answering.give_way(LONG_SECONDS)
        order.append(name)

    answering.begin()
    answering.begin()
    async with asyncio.TaskGroup() as group:
        for name in ("first", "second"):
            group.create_task(wait(name))
        await asyncio.sleep(0)
        answering.end()
        await asyncio.sleep(0.02)
        assert order == []
        answering.end()
    assert order == ["first", "second"]


async def test_nobody_waits_for_nothing_nor_longer_than_they_want_to() -> None:
    answering = Answering()
    began = time.monotonic()
    await answering.give_way(LONG_SECONDS)
    answering.begin()
    await answering.give_way(0)
    await answering.give_way(-1)
    assert time.monotonic() - began < LONG_SECONDS / 2
    began = time.monotonic()
    await answering.give_way(0.05)
    assert 0.04 < time.monotonic() - began < LONG_SECONDS / 2
    answering.end()
    assert answering.count == 0


async def test_who_stops_waiting_leaves_nothing_behind() -> None:
    answering = Answering()
    answering.begin()
    waiting = asyncio.create_task(answering.give_way(LONG_SECONDS))
    await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    assert waiting.cancelled()
    answering.end()
    await answering.give_way(LONG_SECONDS)


async def test_each_request_counts_until_its_answer_is_sent_however_it_ends(settings: Settings) -> None:
    answering, seen = Answering(), list[int]()

    async def inner(scope: Scope, receive: Receive, send: Send) -> None:
        del receive
        seen.append(answering.count)
        if scope["path"].endswith("/fails"):
            raise RuntimeError("planted")
        stream = scope["path"].endswith("/stream")
        kind = b"text/event-stream; charset=utf-8" if stream else b"application/json"
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", kind)]})
        seen.append(answering.count)
        await send({"type": "http.response.body", "body": b"{}"})

    layer = Edge(inner, settings=settings, rooms=frozenset({"room"}), answering=answering)
    transport = httpx.ASGITransport(app=layer)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
        for path, status, counts in (
            ("/room", 200, [1, 1]),
            ("/room/stream", 200, [1, 0]),
            ("/room/fails", 500, [1]),
        ):
            seen.clear()
            assert (await client.get(path)).status_code == status
            assert seen == counts
            assert answering.count == 0
        seen.clear()
        refused = await client.post("/room", content=b"", headers={"Content-Length": "x"})
        assert refused.status_code == 413
        assert (seen, answering.count) == ([], 0)


async def test_an_application_counts_its_own(app: FastAPI, client: httpx.AsyncClient) -> None:
    answering: Answering = app.state.answering
    assert (await client.get("/health/live")).status_code == 200
    assert answering.count == 0
