"""The staff's list of mandates over HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import FastAPI

from gencharge.core.settings import Settings
from gencharge.core.stores.stores import Stores
from tests.make.factories import headers_for, know_roles, make_admin, new_client
from tests.make.mandates import add_mandate
from tests.make.payments import make_payer


@pytest.fixture(scope="module")
async def client(app: FastAPI, stores: Stores) -> AsyncIterator[httpx.AsyncClient]:
    del stores
    await know_roles(app)
    async with new_client(app) as client:
        yield client


async def test_a_viewer_lists_mandates_with_the_owners_number_masked(
    client: httpx.AsyncClient, stores: Stores, settings: Settings
) -> None:
    owner = await make_payer(stores)
    mandate_id = await add_mandate(stores, owner)
    admin = await stores.database.run(lambda db: make_admin(db, "Viewer"))
    viewer = headers_for(settings, admin, role="Viewer")
    answer = await client.get("/v1/mandates/admin", params={"user_id": str(owner)}, headers=viewer)
    assert answer.status_code == 200, answer.text
    [item] = answer.json()["items"]
    assert (item["mandate_id"], item["status"]) == (str(mandate_id), "active")
    assert "*" in item["user"]["phone_number"]
    unknown = await client.get("/v1/mandates/admin", params={"status": "revoked"}, headers=viewer)
    assert unknown.status_code == 422
