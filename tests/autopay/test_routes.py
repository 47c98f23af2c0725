"""Autopay over HTTP."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import httpx
import pytest

from gencharge.core.settings import Settings
from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from tests.make.autopay import make_owner
from tests.make.factories import headers_for
from tests.make.money import find_plan, make_number


@pytest.fixture
async def body(shop: Stores) -> dict[str, Any]:
    return {
        "phone_number": await make_number(shop),
        "plan_id": str((await find_plan(shop)).plan_id),
        "tag": "regular",
        "next_due_at": (clock.now() + timedelta(days=5)).isoformat(),
    }


@pytest.fixture
async def owner(shop: Stores, settings: Settings) -> dict[str, str]:
    return headers_for(settings, await make_owner(shop))


async def test_the_life_of_an_autopay(
    client: httpx.AsyncClient, body: dict[str, Any], owner: dict[str, str]
) -> None:
    created = await client.post("/v1/autopay", json=body, headers=owner)
    assert created.status_code == 201, created.text
    answer = created.json()
    assert (answer["status"], answer["price"], answer["every"]) == ("active", 299.0, {"n": 28, "unit": "day"})
    path = f"/v1/autopay/{answer['autopay_id']}"
    assert (await client.get(path, headers=owner)).json() == answer
    assert (await client.get("/v1/autopay", headers=owner)).json()["items"] == [answer]
    changed = await client.patch(path, json={"max_amount": 500}, headers=owner)
    assert changed.json()["max_amount"] == 500.0
    assert (await client.post(f"{path}/pause", headers=owner)).json()["status"] == "paused"
    assert (await client.post(f"{path}/resume", headers=owner)).json()["status"] == "active"
    assert (await client.post(f"{path}/skip", headers=owner)).json()["next_due_at"] > answer["next_due_at"]
    tries = (await client.get(f"{path}/attempts", headers=owner)).json()["items"]
    assert [item["outcome"] for item in tries] == ["skipped"]
    assert (await client.delete(path, headers=owner)).status_code == 204
    assert (await client.get("/v1/autopay", headers=owner)).json()["items"] == []


async def test_a_day_begins_in_india(
    client: httpx.AsyncClient, body: dict[str, Any], owner: dict[str, str]
) -> None:
    day = (clock.now().astimezone(clock.IST) + timedelta(days=3)).date()
    created = await client.post("/v1/autopay", json=body | {"next_due_at": day.isoformat()}, headers=owner)
    assert created.json()["next_due_at"] == clock.start_of_day(day).isoformat().replace("+00:00", "Z")


async def test_overlapping_autopays_are_a_conflict(
    client: httpx.AsyncClient, body: dict[str, Any], owner: dict[str, str]
) -> None:
    await client.post("/v1/autopay", json=body, headers=owner)
    again = await client.post("/v1/autopay", json=body, headers=owner)
    assert (again.status_code, again.json()["code"]) == (409, "autopay_already_exists")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"next_due_at": "2020-01-01"}, "body.next_due_at"),
        ({"next_due_at": "soon"}, "body.next_due_at"),
        ({"tag": "weekly"}, "body.tag"),
        ({"max_amount": 1}, "body.max_amount"),
        ({"max_amount": -5}, "body.max_amount"),
        ({"every": {"n": 0, "unit": "day"}}, "body.every.n"),
        ({"every": {"n": 1, "unit": "year"}}, "body.every.unit"),
        ({"payment_method": "cash"}, "body.payment_method"),
        ({"card_number": "4111111111111111"}, "body.card_number"),
    ],
)
async def test_what_is_wrong_is_named(
    client: httpx.AsyncClient,
    body: dict[str, Any],
    owner: dict[str, str],
    change: dict[str, Any],
    field: str,
) -> None:
    refused = await client.post("/v1/autopay", json=body | change, headers=owner)
    assert refused.status_code == 422, refused.text
    assert [problem["field"] for problem in refused.json()["errors"]] == [field]


async def test_an_unknown_plan_and_a_strangers_autopay_are_not_found(
    client: httpx.AsyncClient, body: dict[str, Any], owner: dict[str, str], settings: Settings, shop: Stores
) -> None:
    unknown = body | {"plan_id": "0198c0de-0000-7000-8000-000000000000"}
    assert (await client.post("/v1/autopay", json=unknown, headers=owner)).json()["code"] == "plan_not_found"
    created = (await client.post("/v1/autopay", json=body, headers=owner)).json()
    stranger = headers_for(settings, await make_owner(shop))
    path = f"/v1/autopay/{created['autopay_id']}"
    for method, where in (
        ("GET", path),
        ("DELETE", path),
        ("POST", f"{path}/skip"),
        ("POST", f"{path}/resume"),
    ):
        answer = await client.request(method, where, headers=stranger)
        assert (answer.status_code, answer.json()["code"]) == (404, "autopay_not_found")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"max_amount": None}, "body.max_amount"),
        ({"max_amount": 0}, "body.max_amount"),
        ({"tag": "onetime", "next_due_at": None}, "body"),
        ({"tag": "onetime", "every": {"n": 1, "unit": "month"}}, "body"),
        ({"plan_id": "01890a5d-ac96-774b-bcce-b302099a8057"}, "body.plan_id"),
        ({"operator": "NOBODY"}, "body.operator"),
    ],
)
async def test_what_is_wrong_with_an_autopay_of_bills_is_named(
    client: httpx.AsyncClient, owner: dict[str, str], change: dict[str, Any], field: str
) -> None:
    body = {
        "phone_number": "9000008001",
        "operator": "JIO",
        "tag": "regular",
        "max_amount": 1_000,
        "next_due_at": (clock.now() + timedelta(days=5)).isoformat(),
    }
    answer = await client.post("/v1/autopay/bills", json=body | change, headers=owner)
    assert answer.status_code == 422, answer.text
    assert any(problem["field"].startswith(field) for problem in answer.json()["errors"])
