"""A stop cuts off all that an act had begun, at places that follow from the seed."""

from __future__ import annotations

import asyncio

import pytest

from gencharge.core import faultpoints
from simulation.crashes import Crashes


async def places(rate: float, seed: int) -> list[bool]:
    crashes = Crashes(rate, seed)

    async def act() -> None:
        await faultpoints.point("here.committed")

    return [await crashes.survive(act) for _ in range(200)]


async def test_where_it_stops_follows_from_the_seed() -> None:
    first, again, other = await places(0.1, 1), await places(0.1, 1), await places(0.1, 2)
    assert first == again
    assert first != other
    assert 5 < first.count(False) < 50
    assert all(await places(0, 1))


async def test_nothing_goes_on_after_a_stop() -> None:
    crashes, done = Crashes(1, 1), list[str]()

    async def beside() -> None:
        await asyncio.sleep(0)
        await asyncio.sleep(0.01)
        done.append("beside")

    async def act() -> None:
        task = asyncio.create_task(beside())
        done.append("before")
        await faultpoints.point("here.written")
        done.append("after")
        await task

    assert not await crashes.survive(act)
    await asyncio.sleep(0.05)
    assert done == ["before"]
    assert crashes.counts == {"here.written": 1}
    assert faultpoints.on_passing is None


async def test_what_an_act_raises_is_raised() -> None:
    async def refused() -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await Crashes(0.5, 1).survive(refused)
