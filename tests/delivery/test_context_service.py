"""What an application needs to ask operators: one client, closed with it."""

from __future__ import annotations

import asyncio

import pytest
from fastapi import FastAPI

from gencharge.core.stores.stores import Stores
from gencharge.delivery.context_service import ASK_SECONDS, DeliveryContext, watch_operators


async def test_an_application_has_one_context_whose_client_is_closed_at_its_end(
    app: FastAPI, stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    context = DeliveryContext.of(app)
    assert DeliveryContext.of(app) is context
    assert context.operators._timeout_seconds == ASK_SECONDS
    closed: list[bool] = []

    async def close() -> None:
        closed.append(True)

    monkeypatch.setattr(context.operators, "close", close)
    task = asyncio.create_task(watch_operators(app, stores))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert closed == [True]
