"""Many resolutions over HTTP: a dry run unless it is asked for, with a recent second factor."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import FastAPI

from gencharge.api.main import create_app
from gencharge.core.stores.stores import Stores
from gencharge.core.values.ids import new_id
from tests.make.factories import headers_for, know_roles, make_admin, new_client
from tests.make.reconciliation import Shop, reload, sell_with_fault

PATH = "/v1/reconciliation/bulk-resolutions"


@pytest.fixture(scope="module")
async def own_app(own: Stores) -> AsyncIterator[FastAPI]:
    app = create_app(own.settings)
    async with app.router.lifespan_context(app):
        await know_roles(app)
        yield app


@pytest.fixture
async def client(own_app: FastAPI, shop: Shop) -> AsyncIterator[httpx.AsyncClient]:
    admin = await shop.stores.database.run(make_admin)
    async with new_client(own_app) as client:
        client.headers.update(headers_for(own_app.state.settings, admin))
        yield client


async def test_nothing_is_resolved_unless_the_dry_run_is_switched_off(
    shop: Shop, client: httpx.AsyncClient
) -> None:
    difference = await sell_with_fault(shop)
    one = {"run_id": str(difference.run_id), "difference_id": str(difference.difference_id)}
    body = {"differences": [one], "resolution": "refund_customer", "note": "the number has no plan"}
    tried = await client.post(PATH, json=body)
    assert (tried.status_code, tried.json()["is_dry_run"], tried.json()["total_moved"]) == (200, True, 299.0)
    assert (await reload(shop, difference)).status == "open"
    done = await client.post(PATH, json=body | {"is_dry_run": False})
    assert done.json()["differences"][0]["outcome"] == "done"
    assert (await reload(shop, difference)).status == "resolved"
    too_many = await client.post(PATH, json=body | {"differences": [one] * 51})
    assert (too_many.status_code, too_many.json()["errors"][0]["field"]) == (422, "body.differences")


async def test_it_needs_a_recent_second_factor(own_app: FastAPI, shop: Shop) -> None:
    admin = await shop.stores.database.run(make_admin)
    async with new_client(own_app) as client:
        headers = headers_for(own_app.state.settings, admin, second_factor_at=0)
        one = {"run_id": str(new_id()), "difference_id": str(new_id())}
        answer = await client.post(PATH, json={"differences": [one], "note": "was checked"}, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (403, "step_up_required")
