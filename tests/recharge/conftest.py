"""What the tests of recharges share."""

from __future__ import annotations

import pytest

from gencharge.core.stores import Stores
from tests.money import sell_sample_plans


@pytest.fixture(scope="session")
async def shop(stores: Stores) -> Stores:
    """The stores, with the sample catalogue on sale."""
    await sell_sample_plans(stores)
    return stores
