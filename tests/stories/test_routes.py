"""The timeline over HTTP: mine only."""

from __future__ import annotations

import httpx

from gencharge.core.stores.stores import Stores
from gencharge.core.values.ids import new_id
from tests.make.factories import headers_for
from tests.make.receipts import sell


async def test_a_customer_reads_what_happened_to_a_recharge(shop: Stores, client: httpx.AsyncClient) -> None:
    user_id, recharge_id = await sell(shop)
    path = f"/v1/recharge/{recharge_id}/timeline"
    answer = await client.get(path, headers=headers_for(shop.settings, user_id))
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert (body["recharge_id"], body["status"], body["waits_for"]) == (str(recharge_id), "active", None)
    assert [step["step"] for step in body["steps"]] == ["ordered", "delivered"]
    assert all(step["at"].endswith("Z") and step["text"] for step in body["steps"])


async def test_nobody_else_does(shop: Stores, client: httpx.AsyncClient) -> None:
    _, recharge_id = await sell(shop)
    path = f"/v1/recharge/{recharge_id}/timeline"
    stranger = await client.get(path, headers=headers_for(shop.settings, new_id()))
    assert (stranger.status_code, stranger.json()["code"]) == (404, "recharge_not_found")
    assert (await client.get(path)).status_code == 401


async def test_the_timeline_is_in_the_language_of_who_reads_it(
    shop: Stores, client: httpx.AsyncClient
) -> None:
    user_id, recharge_id = await sell(shop)
    path, headers = f"/v1/recharge/{recharge_id}/timeline", headers_for(shop.settings, user_id)
    english = await client.get(path, headers=headers)
    hindi = await client.get(path, headers={**headers, "Accept-Language": "hi-IN,hi;q=0.9,en;q=0.5"})
    assert english.json()["steps"][0]["text"].startswith("You ordered ")
    assert hindi.json()["steps"][0]["text"].startswith("आपने ")
    assert [each.headers["Content-Language"] for each in (english, hindi)] == ["en", "hi"]
    assert hindi.headers["Vary"] == "Accept-Language"
