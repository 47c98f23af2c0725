"""The product with the staff's roles, and its relay, which delivers what was announced as a worker does."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress

import pytest
from playwright.async_api import Browser

from gencharge import wiring
from gencharge.api import console
from gencharge.core.events.relay import Relay
from gencharge.core.settings import Settings
from gencharge.core.stores import mongo
from tests import one_document
from tests.make.factories import know_roles
from tests.make.live import Served, serving


@pytest.fixture(scope="module")
def overrides() -> dict[str, object]:
    """Settings for one file of tests."""
    return {}


@pytest.fixture(scope="module")
async def served(browser: Browser, settings: Settings, overrides: dict[str, object]) -> AsyncIterator[Served]:
    """The product with the console, if that is built."""
    del browser  # without one nothing needs to be served
    if not (console.PAGES / "index.html").is_file():
        pytest.skip("the console is not built: `make web`")
    # What other files of tests left in MongoDB was encrypted with keys that are gone, and its pictures are gone, too.
    own = {"mongo_database": f"{settings.mongo_database}_console"}
    client = mongo.connect(settings)
    await client.drop_database(own["mongo_database"])
    await client.close()
    limits = own | {"otp_sends_per_address_hour": 100_000, "otp_sends_per_prefix_hour": 100_000}
    async with serving(settings, **(limits | overrides)) as served:
        one_document.share(served.app)
        await know_roles(served.app)
        relay = asyncio.create_task(_deliver(Relay(served.stores, wiring.LISTENERS)))
        yield served
        relay.cancel()
        with suppress(asyncio.CancelledError):
            await relay


async def _deliver(relay: Relay) -> None:
    while True:
        await relay.drain()
        await asyncio.sleep(0.1)
