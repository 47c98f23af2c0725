"""What the tests of messages share."""

from __future__ import annotations

import pytest

from gencharge.core.stores.stores import Stores
from tests.make.messages import empty_queue


@pytest.fixture(autouse=True)
async def _empty_queue(stores: Stores) -> None:
    """Each test begins with nothing queued, and with full rates."""
    await empty_queue(stores)
