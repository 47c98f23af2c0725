"""A database of its own for these tests: they say exactly which offers there are."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from gencharge.admins import service as admins
from gencharge.core.settings import Settings
from gencharge.core.stores.stores import Stores
from gencharge.offers import service as offers
from gencharge.operators import service as operators
from gencharge.plans import service as plans
from gencharge.sessions.gate import Gate
from gencharge.users.models import User
from tests import one_document
from tests.conftest import database_of, test_settings
from tests.make.factories import headers_for, make_admin, make_user, new_client
from tests.make.money import sell_sample_plans

Headers = dict[str, str]


@pytest.fixture(scope="session")
def offers_settings(servers: Path, worker_id: str) -> Settings:
    """Settings with databases that only the tests of offers use."""
    return test_settings(servers, database_of(servers, worker_id, "offers"))


@pytest.fixture(scope="session")
async def market(offers_settings: Settings) -> AsyncIterator[FastAPI]:
    """An application whose database has the operators, the sample catalogue and the sample offers."""
    from gencharge.api.main import create_app

    app = one_document.share(create_app(offers_settings))
    async with app.router.lifespan_context(app):
        stores: Stores = app.state.stores
        async with stores.database.transaction() as db:
            assert await operators.seed(db)
            assert await plans.seed(db)
            assert await offers.seed(db)
            await admins.seed_roles(db)
        while "Offers:write" not in Gate.of(app).grants.get("Manager", ()):
            await asyncio.sleep(0.01)
        await plans.Catalogue.of(app).refresh(stores.database)
        await offers.Offers.of(app).refresh(stores.database)
        yield app


@pytest.fixture(scope="session")
def market_stores(market: FastAPI) -> Stores:
    """The stores of `market`."""
    stores: Stores = market.state.stores
    return stores


@pytest.fixture
async def visitor(market: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """An HTTP client of `market`."""
    async with new_client(market) as client:
        yield client


@pytest.fixture
async def manager(market_stores: Stores, offers_settings: Settings) -> Headers:
    """A manager for all operators."""
    admin = await market_stores.database.run(lambda db: make_admin(db, "Manager"))
    return headers_for(offers_settings, admin, role="Manager")


@pytest.fixture
async def jio_manager(market_stores: Stores, offers_settings: Settings) -> Headers:
    """A manager for Jio and Vi."""
    admin = await market_stores.database.run(
        lambda db: make_admin(db, "Manager", operator_scope=("JIO", "VI"))
    )
    return headers_for(offers_settings, admin, role="Manager")


@pytest.fixture
async def viewer(market_stores: Stores, offers_settings: Settings) -> Headers:
    """An admin who may see and not change."""
    admin = await market_stores.database.run(lambda db: make_admin(db, "Viewer"))
    return headers_for(offers_settings, admin, role="Viewer")


@pytest.fixture
async def customer(market_stores: Stores, offers_settings: Settings) -> Headers:
    """A customer."""
    user: User = await market_stores.database.run(lambda db: make_user(db))
    return headers_for(offers_settings, user)


@pytest.fixture(scope="module")
async def shelf_app(servers: Any, worker_id: str) -> AsyncIterator[FastAPI]:
    """An application with the sample offers and nothing else."""
    from gencharge.api.main import create_app

    app = create_app(test_settings(servers, database_of(servers, worker_id, "offershelf")))
    async with app.router.lifespan_context(app):
        stores: Stores = app.state.stores
        await sell_sample_plans(stores)
        assert await stores.database.run(offers.seed)
        await plans.Catalogue.of(app).refresh(stores.database)
        await offers.Offers.of(app).refresh(stores.database)
        yield app


@pytest.fixture
async def reader(shelf_app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """A client of it."""
    transport = httpx.ASGITransport(app=shelf_app)
    async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as client:
        yield client
