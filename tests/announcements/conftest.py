"""Staff who announce, and customers who read."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI

from gencharge.core.stores.stores import Stores
from gencharge.operators import service as operators
from gencharge.users.models import User
from tests.make.factories import headers_for, know_roles, make_user
from tests.make.staff_client import StaffClient

Inboxes = Callable[..., Awaitable[Any]]


@pytest.fixture
async def staff(app: FastAPI, client: httpx.AsyncClient, stores: Stores) -> AsyncIterator[StaffClient]:
    await know_roles(app)
    await stores.database.run(operators.seed)
    await stores.documents["announcements"].delete_many({})
    yield await StaffClient.open(app, client)
    # What is announced to all would be in the inboxes of other tests.
    await stores.documents["announcements"].delete_many({})


@pytest.fixture
async def customer(stores: Stores) -> User:
    """A prepaid customer, whose operator is only known by the block of the number."""
    return await stores.database.run(make_user)


@pytest.fixture
def inbox(app: FastAPI, client: httpx.AsyncClient) -> Inboxes:
    """Ask for somebody's notifications."""

    async def ask(user_id: UUID, method: str = "GET", path: str = "", **query: Any) -> Any:
        headers = headers_for(app.state.settings, user_id)
        answer = await client.request(method, f"/v1/notifications{path}", headers=headers, params=query)
        assert answer.is_success, answer.text
        return answer.json() if answer.content else None

    return ask
