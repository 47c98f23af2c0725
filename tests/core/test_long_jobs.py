"""Work with a pulse: it ends when nobody wants it any more, and a store that is away for a moment stops nothing."""

from __future__ import annotations

import asyncio

import pytest

from gencharge.core.background.long_jobs import with_pulse
from gencharge.core.errors import Unavailable


async def test_work_that_ends_in_time_was_done() -> None:
    done = []

    async def work() -> None:
        await asyncio.sleep(0.05)
        done.append(True)

    async def renew() -> bool:
        raise Unavailable

    assert await with_pulse(work(), renew, seconds=0.01)
    assert done == [True]


async def test_work_that_nobody_wants_is_stopped() -> None:
    ended = asyncio.Event()

    async def work() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            ended.set()

    async def renew() -> bool:
        return False

    assert not await with_pulse(work(), renew, seconds=0.01)
    assert ended.is_set()


async def test_what_the_work_raises_is_raised() -> None:
    async def work() -> None:
        raise KeyError("x")

    async def renew() -> bool:
        return True

    with pytest.raises(KeyError):
        await with_pulse(work(), renew, seconds=0.01)


async def test_a_cancellation_ends_the_work_too() -> None:
    started, ended = asyncio.Event(), asyncio.Event()

    async def work() -> None:
        started.set()
        try:
            await asyncio.sleep(60)
        finally:
            ended.set()

    async def renew() -> bool:
        return True

    task = asyncio.create_task(with_pulse(work(), renew, seconds=10))
    await started.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await asyncio.wait_for(ended.wait(), 1)
