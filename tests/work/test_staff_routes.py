"""The staff's work queue over HTTP: what waits, who works on it, and trying again."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import httpx
from fastapi import FastAPI
from sqlalchemy import text

from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from tests.make.delivery import purchase, reach_jio
from tests.make.recharge import run_sql, staff_headers
from tests.make.work import add_parked_delivery, add_parked_gateway_event

REASON = {"reason": "the listener was repaired"}


async def waiting(
    client: httpx.AsyncClient, headers: dict[str, str], query: str = ""
) -> list[dict[str, Any]]:
    answer = await client.get(f"/v1/work?limit=100&{query}", headers=headers)
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


async def stuck_recharge(stores: Stores) -> str:
    """A recharge at Jio that the staff were alerted about."""
    await reach_jio(stores)
    bought = await purchase(stores)
    await run_sql(
        stores,
        "UPDATE fulfilments SET alerted_at = now(), created_at = now() - interval '1 hour' WHERE user_id = :user AND recharge_id = :id",
        user=bought.user_id,
        id=bought.id,
    )
    return str(bought.id)


async def test_what_waits_is_listed_with_age_owner_and_path_and_counted(
    app: FastAPI, shop: Stores, client: httpx.AsyncClient
) -> None:
    recharge_id, parked = await stuck_recharge(shop), await add_parked_delivery(shop)
    boss = await staff_headers(app, shop, "SuperAdmin")
    items = {item["item"]: item for item in await waiting(client, boss)}
    stuck = items[recharge_id]
    assert (stuck["kind"], stuck["operator"], stuck["can_rerun"]) == ("stuck_recharge", "JIO", False)
    assert 3_500 < stuck["age_seconds"] < 3_700
    assert stuck["path"].endswith(f"/{recharge_id}/story")
    assert (await client.get(stuck["path"], headers=boss)).status_code == 200
    assert stuck["title"] == "Recharge of JIO is due"
    hindi = boss | {"Accept-Language": "hi"}
    [same] = [item for item in await waiting(client, hindi) if item["item"] == recharge_id]
    assert same["title"] == "JIO का रिचार्ज due स्थिति में है"
    assert same | {"title": ""} == stuck | {"title": "", "age_seconds": same["age_seconds"]}
    answer = await client.get("/v1/work", headers=hindi)
    assert (answer.headers["content-language"], answer.headers["vary"]) == ("hi", "Accept-Language")
    assert items[parked]["can_rerun"]
    assert {item["kind"] for item in await waiting(client, boss, "kind=stuck_recharge")} == {"stuck_recharge"}
    summary = (await client.get("/v1/work/summary", headers=boss)).json()["kinds"]
    figures = {each["kind"]: each for each in summary}
    assert len(figures) == 14
    assert figures["stuck_recharge"]["count"] >= 1
    assert figures["stuck_recharge"]["oldest_at"] <= stuck["waiting_since"]


async def test_a_page_goes_on_where_the_last_one_stopped(
    app: FastAPI, shop: Stores, client: httpx.AsyncClient
) -> None:
    ids = {await add_parked_delivery(shop) for _ in range(3)}
    boss = await staff_headers(app, shop, "SuperAdmin")
    seen: set[str] = set()
    cursor = ""
    while True:
        query = "kind=parked_delivery&limit=2" + (f"&cursor={cursor}" if cursor else "")
        page = (await client.get(f"/v1/work?{query}", headers=boss)).json()
        seen |= {item["item"] for item in page["items"]}
        cursor = page["next_cursor"]
        if not cursor:
            break
    assert ids <= seen


async def test_an_item_is_taken_given_and_given_back(
    app: FastAPI, shop: Stores, client: httpx.AsyncClient
) -> None:
    item = {"kind": "stuck_recharge", "item": await stuck_recharge(shop)}
    boss = await staff_headers(app, shop, "SuperAdmin")
    own_id = (await client.get("/v1/admins/me", headers=boss)).json()["admin_id"]
    taken = await client.put("/v1/work/assignee", json=item | {"assignee_id": own_id}, headers=boss)
    assert (taken.status_code, taken.json()["assignee_id"]) == (200, own_id)
    assert item["item"] in [each["item"] for each in await waiting(client, boss, "owner=me")]
    assert item["item"] not in [each["item"] for each in await waiting(client, boss, "owner=nobody")]
    stranger = "0198c0de-0000-7000-8000-000000000000"
    refused = await client.put("/v1/work/assignee", json=item | {"assignee_id": stranger}, headers=boss)
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "body.assignee_id")
    back = await client.put("/v1/work/assignee", json=item | {"assignee_id": None}, headers=boss)
    assert back.json()["assignee_id"] is None


async def test_a_role_sees_its_kinds_and_a_scope_its_operators(
    app: FastAPI, shop: Stores, client: httpx.AsyncClient
) -> None:
    recharge_id, parked = await stuck_recharge(shop), await add_parked_delivery(shop)
    support = await staff_headers(app, shop, "Support")
    ids = [item["item"] for item in await waiting(client, support)]
    assert recharge_id in ids
    assert parked not in ids
    item = {"kind": "parked_delivery", "item": parked}
    manager = await staff_headers(app, shop, "Manager")
    hidden = await client.post("/v1/work/reruns", json=item | REASON, headers=manager)
    assert (hidden.status_code, hidden.json()["code"]) == (404, "work_item_not_found")
    jio = await staff_headers(app, shop, "SuperAdmin", operators=["JIO"])
    airtel = await staff_headers(app, shop, "SuperAdmin", operators=["AIRTEL"])
    assert [each["item"] for each in await waiting(client, jio, "kind=stuck_recharge")].count(
        recharge_id
    ) == 1
    assert await waiting(client, airtel) == []


async def test_a_parked_delivery_is_tried_again_once(
    app: FastAPI, shop: Stores, client: httpx.AsyncClient
) -> None:
    item = {"kind": "parked_delivery", "item": await add_parked_delivery(shop)}
    boss = await staff_headers(app, shop, "SuperAdmin")
    assert (await client.post("/v1/work/reruns", json=item | REASON, headers=boss)).status_code == 204
    async with shop.database.transaction() as db:
        event_id = item["item"].split("/")[1]
        query = text("SELECT attempts, parked_at FROM deliveries WHERE event_id = CAST(:id AS uuid)")
        row = (await db.execute(query, {"id": event_id})).one()
    assert (row.attempts, row.parked_at) == (0, None)
    again = await client.post("/v1/work/reruns", json=item | REASON, headers=boss)
    assert again.json()["code"] == "work_item_not_found"


async def test_a_parked_event_of_the_gateway_is_due_again_or_closed(
    app: FastAPI, shop: Stores, client: httpx.AsyncClient
) -> None:
    first, second = await add_parked_gateway_event(shop), await add_parked_gateway_event(shop)
    boss = await staff_headers(app, shop, "SuperAdmin")
    item = {"kind": "parked_gateway_event", "item": first} | REASON
    assert (await client.post("/v1/work/reruns", json=item, headers=boss)).status_code == 204
    async with shop.database.transaction() as db:
        query = text("SELECT outcome, next_attempt_at FROM gateway_events WHERE event_id = :id")
        row = (await db.execute(query, {"id": first})).one()
    assert row.outcome is None
    assert row.next_attempt_at - clock.now() < timedelta(seconds=5)
    item = {"kind": "parked_gateway_event", "item": second} | REASON
    assert (await client.post("/v1/work/closings", json=item, headers=boss)).status_code == 204
    ids = [each["item"] for each in await waiting(client, boss)]
    assert first not in ids
    assert second not in ids


async def test_what_is_settled_elsewhere_is_neither_tried_again_nor_closed_here(
    app: FastAPI, shop: Stores, client: httpx.AsyncClient
) -> None:
    item = {"kind": "stuck_recharge", "item": await stuck_recharge(shop)} | REASON
    boss = await staff_headers(app, shop, "SuperAdmin")
    for path, code in (("reruns", "work_not_repeatable"), ("closings", "work_not_closable")):
        answer = await client.post(f"/v1/work/{path}", json=item, headers=boss)
        assert (answer.status_code, answer.json()["code"]) == (409, code)
