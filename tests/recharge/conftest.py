"""Jio over two channels without anybody behind them; the other operators deliver at once."""

from __future__ import annotations

import pytest

from gencharge.core.stores.stores import Stores
from tests.make.delivery import reach_jio


@pytest.fixture(scope="module")
async def jio(shop: Stores) -> Stores:
    """The stores; what is bought for Jio stays pending until a test ends it."""
    await reach_jio(shop)
    return shop
