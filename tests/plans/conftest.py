"""A database of its own for these tests: they say exactly what is on sale."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from gencharge.core.config import Settings
from gencharge.core.stores import Stores
from gencharge.operators import service as operators
from gencharge.plans import service as plans
from tests.conftest import database_of, test_settings


@pytest.fixture(scope="session")
def plans_settings(servers: Path, worker_id: str) -> Settings:
    """Settings with databases that only the tests of plans use."""
    return test_settings(servers, database_of(servers, worker_id, "plans"))


@pytest.fixture(scope="session")
async def shop(plans_settings: Settings) -> AsyncIterator[FastAPI]:
    """An application whose database has the operators and the sample catalogue."""
    from gencharge.main import create_app

    app = create_app(plans_settings)
    async with app.router.lifespan_context(app):
        stores: Stores = app.state.stores
        async with stores.database.transaction() as db:
            assert await operators.seed(db)
            assert await plans.seed(db)
        await plans.catalogue_of(app).refresh(stores.database)
        yield app


@pytest.fixture(scope="session")
def shop_stores(shop: FastAPI) -> Stores:
    """The stores of `shop`."""
    found: Stores = shop.state.stores
    return found


@pytest.fixture
async def visitor(shop: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """An HTTP client of `shop`."""
    transport = httpx.ASGITransport(app=shop)
    async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as client:
        yield client
