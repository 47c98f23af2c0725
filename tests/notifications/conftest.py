"""Helpers of these tests."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

import httpx
import pytest

from gencharge.core.events.events import Event, emit
from gencharge.core.events.relay import Relay
from gencharge.core.settings import Settings
from gencharge.core.stores.stores import Stores
from gencharge.notifications.listeners import NOTICES
from tests.make.notifications import Person

Announce = Callable[..., Awaitable[None]]


@pytest.fixture
def announce(stores: Stores) -> Announce:
    """Emit events and deliver them to the inboxes."""

    async def run(*happened: Event) -> None:
        await stores.database.run(lambda db: emit(db, *happened))
        await Relay(stores, [NOTICES]).drain()

    return run


def inbox(stores: Stores, user: UUID | str) -> Any:
    """The documents of an inbox, also deleted ones."""
    return stores.documents["notices"].find({"recipient_id": UUID(str(user))}).to_list()


@pytest.fixture
def customer(settings: Settings, client: httpx.AsyncClient) -> Person:
    return Person(settings, client)
