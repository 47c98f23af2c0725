"""The search over HTTP: for the staff, within what their role may read."""

from __future__ import annotations

import httpx
import pytest
from fastapi import FastAPI

from gencharge.core.stores.stores import Stores
from tests.make.factories import headers_for
from tests.make.receipts import sell
from tests.make.recharge import staff_headers
from tests.make.search import sell_to_somebody

PATH = "/v1/search"


async def test_the_staff_find_a_recharge_and_open_what_the_hit_names(
    shop: Stores, app: FastAPI, client: httpx.AsyncClient
) -> None:
    _, recharge_id = await sell(shop)
    headers = await staff_headers(app, shop, "Support")
    answer = await client.get(PATH, params={"q": str(recharge_id)}, headers=headers)
    assert answer.status_code == 200, answer.text
    [hit] = answer.json()["hits"]
    opened = await client.get(hit["path"], headers=headers)
    assert opened.json()["recharge_id"] == str(recharge_id) == hit["recharge_id"]


async def test_an_admin_of_some_operators_finds_no_customers(
    shop: Stores, app: FastAPI, client: httpx.AsyncClient
) -> None:
    (user_id, _), _ = await sell_to_somebody(shop)
    for operators, count in (((), 1), (("JIO",), 0)):
        headers = await staff_headers(app, shop, "Manager", operators=operators)
        answer = await client.get(PATH, params={"q": str(user_id)}, headers=headers)
        assert len(answer.json()["hits"]) == count


@pytest.mark.parametrize("text", ["ab", "", "x" * 81, "abc\x00"])
async def test_what_is_too_short_too_long_or_not_a_text_is_refused(
    shop: Stores, app: FastAPI, client: httpx.AsyncClient, text: str
) -> None:
    headers = await staff_headers(app, shop, "Support")
    refused = await client.get(PATH, params={"q": text}, headers=headers)
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["field"] == "query.q"


async def test_customers_search_nothing(shop: Stores, client: httpx.AsyncClient) -> None:
    user_id, recharge_id = await sell(shop)
    headers = headers_for(shop.settings, user_id)
    assert (await client.get(PATH, params={"q": str(recharge_id)}, headers=headers)).status_code == 403
