"""What the tests of devices share."""

from __future__ import annotations

import pytest

from gencharge.core.stores.stores import Stores


@pytest.fixture(autouse=True)
async def _no_devices(stores: Stores) -> None:
    """Each test begins without any."""
    await stores.documents["devices"].delete_many({})
