"""Jio over two channels of the sandbox, which knows postpaid numbers."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest

from gencharge.bills.context_service import BillsContext
from gencharge.channels.client import OperatorClient
from gencharge.core.stores.stores import Stores
from gencharge.delivery.loop import Dispatcher
from tests.make.delivery import reach_jio
from tests.make.outside import Outside, reach_over_api, sandbox


@pytest.fixture(scope="module")
def running(shop: Stores) -> Iterator[Outside]:
    """The sandbox."""
    with sandbox(shop.settings) as outside:
        yield outside


@pytest.fixture
async def outside(shop: Stores, running: Outside) -> AsyncIterator[Outside]:
    """The sandbox without scripts; Jio is reached over two of its channels."""
    running.reset()
    await reach_jio(shop, running)
    yield running
    await reach_over_api(shop, "JIO")


@pytest.fixture
async def context(shop: Stores, outside: Outside) -> AsyncIterator[BillsContext]:
    """What asks about bills. It is patient: a busy machine must not look like a silent operator."""
    del outside
    context = BillsContext.at(shop, ask_seconds=10)
    yield context
    await context.client.close()


@pytest.fixture
async def dispatcher(shop: Stores, outside: Outside) -> AsyncIterator[Dispatcher]:
    """What carries payments to the operator."""
    del outside
    dispatcher = Dispatcher(shop, OperatorClient(shop.settings, timeout_seconds=5))
    yield dispatcher
    await dispatcher.close()
