"""What tests of users share: a customer with a session, an admin, a client."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import FastAPI

from gencharge.core.stores.stores import Stores
from gencharge.sessions.gate import Gate
from gencharge.users.models import User
from tests.make import factories
from tests.make.users import Headers


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
async def user_headers(app: FastAPI, user: User) -> Headers:
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
