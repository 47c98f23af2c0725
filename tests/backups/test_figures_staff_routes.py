"""Who may not see backups sees no figures of them either."""

from __future__ import annotations

import httpx
from fastapi import FastAPI

from gencharge.core.stores.stores import Stores
from tests.make.recharge import staff_headers


async def test_figures_of_backups_take_the_permission_for_backups(
    app: FastAPI, stores: Stores, client: httpx.AsyncClient
) -> None:
    narrow = await staff_headers(app, stores, "Manager")
    answer = await client.get("/v1/backups/figures", headers=narrow)
    assert (answer.status_code, answer.json()["code"]) == (403, "permission_denied")
