"""Reports that are answered at once: a few at a time, and none without an entry of who took it."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from gencharge.core.errors import ServerBusy, ValidationFailed
from gencharge.core.stores.stores import Stores
from gencharge.reports import direct_service, service
from gencharge.reports.direct_service import DirectReports
from tests.make.reports import order_of


async def test_who_waits_too_long_is_told_to_come_back(shop: Stores, monkeypatch: pytest.MonkeyPatch) -> None:
    go_on, started = asyncio.Event(), asyncio.Semaphore(0)
    answer = service.answer

    async def slow(stores: Stores, order: Any) -> Any:
        started.release()
        await go_on.wait()
        return await answer(stores, order)

    monkeypatch.setattr(service, "answer", slow)
    monkeypatch.setattr(direct_service, "PATIENCE_SECONDS", 0.05)
    direct = DirectReports(shop)
    order = order_of(shop, "roles")
    first = [asyncio.create_task(direct.answer(order)) for _ in range(direct_service.AT_A_TIME)]
    for _ in first:
        await started.acquire()
    with pytest.raises(ServerBusy):
        await direct.answer(order)
    go_on.set()
    for file in await asyncio.gather(*first):
        assert file.read(4) == b"role"
        file.close()
    # Their places are free again.
    (await direct.answer(order)).close()


async def test_columns_that_there_are_not_cost_no_place(shop: Stores) -> None:
    with pytest.raises(ValidationFailed):
        await DirectReports(shop).answer(order_of(shop, "roles", columns="nothing"))


async def test_no_file_leaves_if_its_taking_cannot_be_written_down(
    shop: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    files: list[Any] = []
    answer = service.answer

    async def remembered(stores: Stores, order: Any) -> Any:
        file, rows = await answer(stores, order)
        files.append(file)
        return file, rows

    async def refused(*_: Any) -> None:
        raise ConnectionError("away")

    monkeypatch.setattr(service, "answer", remembered)
    monkeypatch.setattr(service, "announce", refused)
    with pytest.raises(Exception, match=r"away|unavailable"):
        await DirectReports(shop).answer(order_of(shop, "roles"))
    assert files[0].closed
