"""What tests of users share: a customer with a session, an admin, a client."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import text

from gencharge.core.stores.stores import Stores
from gencharge.sessions.gate import Gate
from gencharge.users.models import User
from tests import factories

Headers = dict[str, str]


@pytest.fixture
async def http(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """A client from an address of its own."""
    async with factories.new_client(app) as client:
        yield client


@pytest.fixture
async def user(stores: Stores) -> User:
    """A registered customer with an empty wallet."""
    return await stores.database.run(factories.make_user)


@pytest.fixture
async def me(app: FastAPI, user: User) -> Headers:
    """The customer's session."""
    return await factories.sign_in(app, user)


@pytest.fixture
async def boss(app: FastAPI, stores: Stores) -> Headers:
    """A SuperAdmin's token, and an application that knows the roles."""
    admin = await stores.database.run(factories.make_admin)
    async with asyncio.timeout(10):
        while "SuperAdmin" not in Gate.of(app).grants:
            await asyncio.sleep(0.02)
    return factories.headers_for(stores.settings, admin)


async def events_of(stores: Stores, user_id: UUID, topic: str) -> list[dict[str, Any]]:
    """The payloads of the events of this topic about a user, the oldest first."""
    async with stores.database.transaction() as db:
        rows = await db.scalars(
            text("SELECT payload FROM events WHERE user_id = :user_id AND topic = :topic ORDER BY id"),
            {"user_id": user_id, "topic": topic},
        )
        return list(rows)
