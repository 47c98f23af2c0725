"""What the tests of the staff share."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from gencharge.admins import service as admins
from gencharge.admins.models import Admin
from gencharge.core.settings import Settings
from gencharge.core.stores.stores import Stores
from gencharge.operators import service as operators
from tests.conftest import database_of, test_settings
from tests.make import factories
from tests.make.admins import Headers, granted


@pytest.fixture
async def staffed(app: FastAPI, stores: Stores) -> FastAPI:
    """The application, once it knows operators and what the seeded roles allow."""
    await stores.database.run(operators.seed)
    await operators.Operators.of(app).refresh(stores.database)
    await stores.database.run(admins.seed_roles)
    await granted(app, "SuperAdmin", "Admins:edit")
    return app


@pytest.fixture
async def boss(staffed: FastAPI, stores: Stores) -> Admin:
    """A SuperAdmin."""
    return await stores.database.run(factories.make_admin)


@pytest.fixture
def as_admin(settings: Settings) -> Headers:
    """Headers of an admin with this role, who gave a second factor just now."""

    def headers(admin: Admin, role: str = "SuperAdmin", **overrides: Any) -> dict[str, str]:
        return factories.headers_for(settings, admin, role=role, **overrides)

    return headers


@pytest.fixture
async def api(staffed: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the application."""
    async with factories.new_client(staffed) as client:
        yield client


@pytest.fixture
async def empty(servers: Path, worker_id: str) -> Any:
    """Stores of a database without any admin."""
    settings: Settings = test_settings(servers, database_of(servers, worker_id, "staff"))
    stores = Stores.open(settings)
    yield stores
    await stores.close()
