"""Fixtures of the wallet's tests."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import FastAPI

from gencharge.core.settings import Settings
from gencharge.core.stores.stores import Stores
from tests.conftest import database_of, test_settings
from tests.make.factories import headers_for, know_roles, make_admin
from tests.make.money import sell_sample_plans
from tests.make.wallet import AdjustmentCase, make_funded_user


@pytest.fixture
async def case(app: FastAPI, stores: Stores, client: httpx.AsyncClient, settings: Settings) -> AdjustmentCase:
    """A customer with Rs 1,000 and the admins who adjust balances."""
    await know_roles(app)
    admins = [await stores.database.run(make_admin) for _ in range(3)]
    requester, approver, other = (headers_for(settings, admin, role="Manager") for admin in admins)
    customer = await make_funded_user(stores, 1_000)
    return AdjustmentCase(stores, client, settings, customer, requester, approver, other)


@pytest.fixture(scope="module")
async def owner(settings: Settings, worker_id: str) -> AsyncIterator[Stores]:
    """A database of its own, open as its owner, who may do what the application may not."""
    name = database_of(settings.data_dir, worker_id, "owner")
    stores = Stores.open(test_settings(settings.data_dir, name, database_app_role=""))
    await sell_sample_plans(stores)
    yield stores
    await stores.close()
