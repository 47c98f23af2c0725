"""More application instances on the same stores, and how soon they see a change."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import httpx
from fastapi import FastAPI

from gencharge.api.main import create_app
from gencharge.core.rooms.snapshots import Watch
from gencharge.core.settings import Settings

# What a round of waiting counts at most, however long the machine takes for it.
_ROUND_SECONDS = 0.05


@asynccontextmanager
async def another_process(
    settings: Settings, *, poll_seconds: float | None = None
) -> AsyncIterator[tuple[FastAPI, httpx.AsyncClient]]:
    """Another application on the same stores. `poll_seconds`: how often its snapshots ask PostgreSQL."""
    app = create_app(settings)
    if poll_seconds is not None:
        Watch.of(app).poll_seconds = poll_seconds
    async with app.router.lifespan_context(app):
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as client:
            yield app, client


async def seconds_until(happens: Callable[[], Awaitable[bool]], *, at_most: float = 5.0) -> float:
    """Seconds until `happens()` is true; fails after `at_most`.

    On a busy machine every round is late, and what is waited for is late as well. So a round counts 0.05 s at most,
    and a bound on the result means the same on a busy machine as on a quiet one.
    """
    loop, seconds = asyncio.get_running_loop(), 0.0
    while True:
        began_at = loop.time()
        if await happens():
            return seconds + min(loop.time() - began_at, _ROUND_SECONDS)
        await asyncio.sleep(0.01)
        seconds += min(loop.time() - began_at, _ROUND_SECONDS)
        assert seconds < at_most, f"not within {at_most} s"


@asynccontextmanager
async def within(seconds: float) -> AsyncIterator[None]:
    """Fail if what is inside takes `seconds` or more, counted like this: time in which the machine gave us no core doesn't count.

    A task looks at the clock every 0.01 s, and what lies between two of its looks counts 0.05 s at most.
    """
    loop = asyncio.get_running_loop()
    counted = 0.0

    async def count() -> None:
        nonlocal counted
        while True:
            began_at = loop.time()
            await asyncio.sleep(0.01)
            counted += min(loop.time() - began_at, _ROUND_SECONDS)

    counter = asyncio.create_task(count())
    try:
        yield
    finally:
        counter.cancel()
    assert counted < seconds, f"it took {counted:.2f} s, not less than {seconds}"


async def eventually(happens: Callable[[], Awaitable[bool]], seconds: float = 1.0) -> None:
    """Wait until `happens()` is true; fail after `seconds`, as `seconds_until` counts them."""
    await seconds_until(happens, at_most=seconds)
