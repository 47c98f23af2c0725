"""The gauges are looked after by workers whose metrics are served, also after the storage was away."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from gencharge.backups import loop, measuring_service
from gencharge.core.settings import Settings
from gencharge.core.stores.storage import StorageUnavailable
from gencharge.core.stores.stores import Stores


async def test_a_storage_that_is_away_is_asked_again(stores: Stores, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = 0

    async def tell(_settings: Settings) -> None:
        nonlocal asked
        asked += 1
        raise StorageUnavailable

    monkeypatch.setattr(measuring_service, "tell", tell)
    monkeypatch.setattr(loop, "LOOK_SECONDS", 0.01)
    measured = replace(stores, settings=stores.settings.model_copy(update={"worker_metrics_port": 9}))
    task = asyncio.create_task(loop.keep_measured(measured))
    while asked < 3:
        await asyncio.sleep(0.01)
    task.cancel()
    silent = replace(stores, settings=stores.settings.model_copy(update={"worker_metrics_port": 0}))
    before, other = asked, asyncio.create_task(loop.keep_measured(silent))
    await asyncio.sleep(0.05)
    assert asked == before
    other.cancel()
