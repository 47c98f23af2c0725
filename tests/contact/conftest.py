"""A customer and an admin."""

from __future__ import annotations

import httpx
import pytest
from fastapi import FastAPI

from gencharge.core.stores.stores import Stores
from tests.make.contact import Customer
from tests.make.factories import know_roles, make_user
from tests.make.staff_client import StaffClient


@pytest.fixture
async def staff(app: FastAPI, client: httpx.AsyncClient) -> StaffClient:
    await know_roles(app)
    return await StaffClient.open(app, client)


@pytest.fixture
async def customer(app: FastAPI, client: httpx.AsyncClient, stores: Stores) -> Customer:
    user = await stores.database.run(make_user)
    return Customer(app, client, user.user_id)
