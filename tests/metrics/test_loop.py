"""The loop looks at once and again, whatever is away, and only where somebody reads the metrics."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from gencharge.core.errors import DatabaseUnavailable
from gencharge.core.stores.stores import Stores
from gencharge.metrics import loop, service


async def _looks(
    monkeypatch: pytest.MonkeyPatch, stores: Stores, *, port: int, problems: list[Exception]
) -> list[str]:
    """What the loop did in its first moments; each of `problems` is raised by one look."""
    done: list[str] = []

    async def look(_: Stores) -> None:
        done.append("look")
        if problems:
            raise problems.pop()

    async def add_up(_: Stores) -> None:
        done.append("wallets")

    monkeypatch.setattr(service, "look", look)
    monkeypatch.setattr(service, "add_up_wallets", add_up)
    monkeypatch.setattr(loop, "LOOK_SECONDS", 0.01)
    settings = stores.settings.model_copy(update={"worker_metrics_port": port})
    task = asyncio.create_task(loop.keep_measured(replace(stores, settings=settings)))
    for _ in range(200):
        await asyncio.sleep(0.01)
        if done.count("look") >= 4:
            break
        if not port and _ > 10:
            break
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    return done


async def test_it_goes_on_after_a_problem_and_adds_wallets_up_more_rarely(
    monkeypatch: pytest.MonkeyPatch, stores: Stores
) -> None:
    done = await _looks(monkeypatch, stores, port=9, problems=[ValueError("a"), DatabaseUnavailable()])
    assert done.count("look") >= 4
    assert done.count("wallets") == 1
    assert done.index("wallets") > 2


async def test_a_worker_whose_metrics_nobody_can_read_looks_at_nothing(
    monkeypatch: pytest.MonkeyPatch, stores: Stores
) -> None:
    assert await _looks(monkeypatch, stores, port=0, problems=[]) == []
