"""Jio over two channels: without anybody behind them, or with the sandbox's operators and a dispatcher."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest

from gencharge.channels.client import OperatorClient
from gencharge.core.stores.stores import Stores
from gencharge.delivery.loop import Dispatcher
from tests.make.delivery import reach_jio
from tests.make.outside import Outside, reach_over_api, sandbox

# For scripts that never answer; everywhere else a busy machine must not look like a silent operator.
IMPATIENT_SECONDS = 0.4


@pytest.fixture(scope="module")
async def jio(shop: Stores) -> Stores:
    """The stores; Jio is reached over two channels, and nobody takes what is due."""
    await reach_jio(shop)
    return shop


@pytest.fixture(scope="module")
def outside(shop: Stores) -> Iterator[Outside]:
    """The sandbox."""
    with sandbox(shop.settings) as running:
        yield running


@pytest.fixture
async def dispatcher(shop: Stores, outside: Outside) -> AsyncIterator[Dispatcher]:
    """Jio over two channels of the sandbox, and a dispatcher."""
    outside.reset()
    await reach_jio(shop, outside)
    dispatcher = Dispatcher(shop, OperatorClient(shop.settings, timeout_seconds=5))
    yield dispatcher
    await dispatcher.close()
    await reach_over_api(shop, "JIO")


@pytest.fixture
async def impatient(shop: Stores, dispatcher: Dispatcher) -> AsyncIterator[Dispatcher]:
    """A dispatcher that waits 0.4 s for an operator."""
    impatient = Dispatcher(shop, OperatorClient(shop.settings, timeout_seconds=IMPATIENT_SECONDS))
    yield impatient
    await impatient.close()
