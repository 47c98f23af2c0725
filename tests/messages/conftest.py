"""What the tests of messages share."""

from __future__ import annotations

import pytest

from gencharge.core.stores.stores import Stores


@pytest.fixture(autouse=True)
async def _empty_queue(stores: Stores) -> None:
    """Each test begins with nothing queued, and with full rates."""
    for name in await stores.documents.list_collection_names(filter={"name": {"$regex": "^message"}}):
        await stores.documents[name].delete_many({})
