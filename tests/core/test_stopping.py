"""A background loop ends when it is cancelled, even if another error takes the cancellation's place."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

import pytest

from gencharge.core import stopping
from gencharge.core.stopping import raise_if_cancelled


async def _fails_while_cancelled() -> None:
    """As a unit of work does whose roll-back fails because the database has gone."""
    try:
        await asyncio.sleep(60)
    finally:
        raise ConnectionError


async def _fails_beside_a_task_group() -> None:
    async with asyncio.TaskGroup() as group:
        group.create_task(_fails_while_cancelled())
        await _fails_while_cancelled()


async def _looping(step: Callable[[], Awaitable[None]]) -> None:
    while True:
        try:
            await step()
        except Exception:
            raise_if_cancelled()
        await asyncio.sleep(60)


@pytest.mark.parametrize("step", [_fails_while_cancelled, _fails_beside_a_task_group])
async def test_a_loop_whose_step_swallows_the_cancellation_ends(step: Callable[[], Awaitable[None]]) -> None:
    task = asyncio.create_task(_looping(step))
    await asyncio.sleep(0.01)
    task.cancel()
    done, _ = await asyncio.wait({task}, timeout=5)
    assert done
    assert task.cancelled()


async def test_a_loop_that_is_not_cancelled_goes_on_after_an_error() -> None:
    steps = 0

    async def step() -> None:
        nonlocal steps
        steps += 1
        try:
            raise ConnectionError
        except ConnectionError:
            raise_if_cancelled()

    await step()
    await step()
    assert steps == 2


async def test_a_time_limit_inside_the_loop_is_no_cancellation() -> None:
    try:
        async with asyncio.timeout(0):
            await asyncio.sleep(60)
    except TimeoutError:
        raise_if_cancelled()
    with suppress(asyncio.CancelledError):
        raise asyncio.CancelledError
    raise_if_cancelled()


def test_what_lasts_is_told_once_that_the_server_stops() -> None:
    calls: list[str] = []
    forget = stopping.on_stop(lambda: calls.append("one"))
    stopping.on_stop(lambda: calls.append("two"))()
    stopping.begin()
    forget()
    forget()
    stopping.begin()
    assert calls == ["one"]
