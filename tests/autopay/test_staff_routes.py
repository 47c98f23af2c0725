"""The staff's routes of autopay."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import httpx
import pytest
from fastapi import FastAPI

from gencharge.core.settings import Settings
from gencharge.core.stores.stores import Stores
from tests.make.autopay import make_autopay, make_owner
from tests.make.factories import headers_for, know_roles, make_admin, new_client


@pytest.fixture(scope="module")
async def client(app: FastAPI, shop: Stores) -> AsyncIterator[httpx.AsyncClient]:
    await know_roles(app)
    async with new_client(app) as client:
        yield client


async def staff(stores: Stores, settings: Settings, role: str) -> dict[str, str]:
    admin = await stores.database.run(lambda db: make_admin(db, role))
    return headers_for(settings, admin, role=role)


async def test_a_support_admin_reads_and_only_who_may_edit_runs(
    client: httpx.AsyncClient, shop: Stores, settings: Settings
) -> None:
    user_id = await make_owner(shop)
    autopay = await make_autopay(shop, user_id, due_in=timedelta(hours=1))
    viewer, manager = await staff(shop, settings, "Viewer"), await staff(shop, settings, "Manager")
    path = f"/v1/autopay/admin/{user_id}/{autopay.autopay_id}"
    shown = (await client.get(path, headers=viewer)).json()
    assert shown["user_id"] == str(user_id)
    assert "*" in shown["phone_number"], "masked without PersonalData:read"
    assert (await client.get(f"{path}/attempts", headers=viewer)).json()["items"] == []
    listed = await client.get("/v1/autopay/admin", params={"user_id": str(user_id)}, headers=viewer)
    assert [item["autopay_id"] for item in listed.json()["items"]] == [str(autopay.autopay_id)]
    refused = await client.post("/v1/autopay/process-due", json={}, headers=viewer)
    assert (refused.status_code, refused.json()["code"]) == (403, "permission_denied")
    run = await client.post("/v1/autopay/process-due", headers=manager)
    assert run.status_code == 200, run.text
    outcomes = {item["autopay_id"]: item["outcome"] for item in run.json()["items"]}
    assert outcomes[str(autopay.autopay_id)] == "announced"


@pytest.mark.parametrize(
    ("method", "path", "field"),
    [
        ("GET", "/v1/autopay/admin/calendar?days=32", "query.days"),
        ("GET", "/v1/autopay/admin?status=asleep", "query.status"),
        ("GET", "/v1/autopay/admin?plan=x", "query.plan"),
        ("POST", "/v1/autopay/process-due", "body.limit"),
    ],
)
async def test_what_is_wrong_is_named(
    client: httpx.AsyncClient, shop: Stores, settings: Settings, method: str, path: str, field: str
) -> None:
    headers = await staff(shop, settings, "SuperAdmin")
    answer = await client.request(
        method, path, headers=headers, json={"limit": 0} if method == "POST" else None
    )
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == field


async def test_the_calendar_names_days(client: httpx.AsyncClient, shop: Stores, settings: Settings) -> None:
    await make_autopay(shop, await make_owner(shop))
    headers = await staff(shop, settings, "SuperAdmin")
    calendar = (await client.get("/v1/autopay/admin/calendar", headers=headers)).json()
    assert sum(day["count"] for day in calendar["days"]) >= 1
    assert all(set(day) == {"day", "count", "total"} for day in calendar["days"])
