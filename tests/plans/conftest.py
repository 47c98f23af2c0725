"""A database of its own for these tests: they say exactly what is on sale."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from gencharge.admins import service as admins
from gencharge.core.settings import Settings
from gencharge.core.stores.stores import Stores
from gencharge.operators import service as operators
from gencharge.plans import service as plans
from gencharge.sessions.gate import Gate
from tests import one_document
from tests.conftest import database_of, test_settings
from tests.make.factories import new_client
from tests.make.plans import staff


@pytest.fixture(scope="session")
def plans_settings(servers: Path, worker_id: str) -> Settings:
    """Settings with databases that only the tests of plans use."""
    return test_settings(servers, database_of(servers, worker_id, "plans"))


@asynccontextmanager
async def open_shop(settings: Settings) -> AsyncIterator[FastAPI]:
    """An application whose database has the operators, the sample catalogue and the seeded roles."""
    from gencharge.api.main import create_app

    app = one_document.share(create_app(settings))
    async with app.router.lifespan_context(app):
        stores: Stores = app.state.stores
        async with stores.database.transaction() as db:
            assert await operators.seed(db)
            assert await plans.seed(db)
            await admins.seed_roles(db)
        while "Plans:edit" not in Gate.of(app).grants.get("Manager", ()):
            await asyncio.sleep(0.02)
        await plans.Catalogue.of(app).refresh(stores.database)
        yield app


@pytest.fixture(scope="session")
async def shop(plans_settings: Settings) -> AsyncIterator[FastAPI]:
    """An application with the sample catalogue and nothing else."""
    async with open_shop(plans_settings) as app:
        yield app


@pytest.fixture(scope="session")
def staff_settings(servers: Path, worker_id: str) -> Settings:
    """Settings with databases in which the staff may do what they like to the catalogue."""
    return test_settings(servers, database_of(servers, worker_id, "plan_staff"))


@pytest.fixture(scope="session")
async def staff_app(staff_settings: Settings) -> AsyncIterator[FastAPI]:
    """The application at which the staff work."""
    async with open_shop(staff_settings) as app:
        yield app


@pytest.fixture(scope="session")
def staff_stores(staff_app: FastAPI) -> Stores:
    """The stores of `staff_app`."""
    stores: Stores = staff_app.state.stores
    return stores


@pytest.fixture
async def staff_client(staff_app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """An HTTP client of `staff_app`."""
    async with new_client(staff_app) as client:
        yield client


@pytest.fixture(scope="session")
def shop_stores(shop: FastAPI) -> Stores:
    """The stores of `shop`."""
    stores: Stores = shop.state.stores
    return stores


@pytest.fixture
async def visitor(shop: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """An HTTP client of `shop`."""
    async with new_client(shop) as client:
        yield client


@pytest.fixture
def manager(staff_settings: Settings) -> dict[str, str]:
    """The headers of a manager of all operators."""
    return staff(staff_settings)


@pytest.fixture
def jio(staff_settings: Settings) -> dict[str, str]:
    """The headers of a manager of Jio only."""
    return staff(staff_settings, "Manager", "JIO")
