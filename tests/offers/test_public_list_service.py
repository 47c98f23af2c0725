"""The public offer list: filters, orders, pages."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.offers import service as offers
from tests.make.money import find_plan
from tests.make.offers import (
    ALL,
    DIWALI,
    JIO,
    POSTPAID,
    UPI,
    WELCOME,
)


async def names(reader: httpx.AsyncClient, **query: Any) -> list[str]:
    answer = await reader.get("/v1/offers", params=query)
    assert answer.status_code == 200, answer.text
    return [item["name"] for item in answer.json()["items"]]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({}, ALL),
        ({"special": "true"}, {WELCOME, DIWALI}),
        ({"special": "false"}, {UPI, JIO, POSTPAID}),
        ({"operator": "jio"}, ALL),
        ({"operator": "VI"}, ALL - {JIO}),
        ({"type": "cashback"}, {UPI, JIO}),
        ({"type": "Loyalty"}, {POSTPAID}),
        ({"search": "welcome20"}, {WELCOME}),
        ({"search": "weekend upi"}, {UPI}),
        ({"search": "nothing like this"}, set()),
        ({"special": "true", "type": "festive"}, {DIWALI}),
    ],
)
async def test_each_filter_finds_what_it_names(
    reader: httpx.AsyncClient, query: dict[str, Any], expected: set[str]
) -> None:
    assert set(await names(reader, **query)) == expected


async def test_a_plan_is_shown_the_offers_that_it_can_have(
    reader: httpx.AsyncClient, shelf_app: FastAPI
) -> None:
    cheap = await find_plan(shelf_app.state.stores, "JIO", 19)
    middle = await find_plan(shelf_app.state.stores, "JIO", 299)
    other = await find_plan(shelf_app.state.stores, "VI", 299)
    assert set(await names(reader, plan_id=cheap.plan_id)) == ALL - {DIWALI, JIO}
    assert set(await names(reader, plan_id=middle.plan_id)) == ALL
    assert set(await names(reader, plan_id=other.plan_id)) == ALL - {JIO}


async def test_the_orders(reader: httpx.AsyncClient) -> None:
    assert set((await names(reader))[:2]) == {WELCOME, DIWALI}
    assert await names(reader, sort="name") == sorted(ALL, key=str.casefold)
    assert set(await names(reader, sort="newest")) == ALL == set(await names(reader, sort="ending"))


@pytest.mark.parametrize("sort", ["special", "ending", "newest", "name"])
async def test_pages_of_two_give_every_offer_once(reader: httpx.AsyncClient, sort: str) -> None:
    seen: list[str] = []
    cursor: str | None = None
    while True:
        query: dict[str, Any] = {"limit": 2, "sort": sort, "include_total": "true"}
        answer = await reader.get("/v1/offers", params=query | ({"cursor": cursor} if cursor else {}))
        document = answer.json()
        assert document["total"] == 5
        seen += [item["name"] for item in document["items"]]
        cursor = document["next_cursor"]
        if cursor is None:
            break
    assert len(seen) == 5
    assert set(seen) == ALL


async def test_the_types_say_how_many_of_their_offers_hold(reader: httpx.AsyncClient) -> None:
    answer = await reader.get("/v1/offers/types")
    counts = [(item["name"], item["offer_count"]) for item in answer.json()["items"]]
    assert counts == [("Cashback", 2), ("Festive", 1), ("First recharge", 1), ("Loyalty", 1)]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("special=perhaps", "query.special"),
        ("operator=XYZ", "query.operator"),
        ("type=unheard", "query.type"),
        ("plan_id=0198c0de-0000-7000-8000-00000000abcd", "query.plan_id"),
        ("plan_id=7", "query.plan_id"),
        ("sort=price", "query.sort"),
        ("limit=101", "query.limit"),
        ("cursor=abc", "query.cursor"),
        ("search=%00", "query.search"),
        ("spezial=true", "query.spezial"),
        ("special=true&special=false", "query.special"),
    ],
)
async def test_a_wrong_parameter_is_named(reader: httpx.AsyncClient, query: str, field: str) -> None:
    answer = await reader.get(f"/v1/offers?{query}")
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == field


async def test_an_unknown_type_or_operator_is_answered_with_those_there_are(
    reader: httpx.AsyncClient,
) -> None:
    answer = await reader.get("/v1/offers?type=x&operator=yy")
    messages = {problem["field"]: problem["message"] for problem in answer.json()["errors"]}
    assert messages["query.type"] == "Must be one of: Cashback, Festive, First recharge, Loyalty"
    assert "JIO" in messages["query.operator"]


async def test_a_cursor_of_another_order_is_refused(reader: httpx.AsyncClient) -> None:
    cursor = (await reader.get("/v1/offers?limit=1&sort=newest")).json()["next_cursor"]
    answer = await reader.get(f"/v1/offers?limit=1&sort=ending&cursor={cursor}")
    assert (answer.status_code, answer.json()["code"]) == (422, "cursor_invalid")


async def test_an_offer_comes_and_goes_with_its_window(
    visitor: httpx.AsyncClient, market: FastAPI, market_stores: Stores, manager: dict[str, str]
) -> None:
    types = (await visitor.get("/v1/offers/types")).json()["items"]
    start, end = clock.now() + timedelta(days=10), clock.now() + timedelta(days=20)
    created = await visitor.post(
        "/v1/offers",
        headers=manager,
        json={
            "name": "Later",
            "offer_type_id": types[0]["offer_type_id"],
            "status": "active",
            "active_from": start.isoformat(),
            "active_until": end.isoformat(),
            "reward": {"cashback": {"kind": "flat", "amount": 1}},
        },
    )
    assert created.status_code == 201, created.text
    assert created.json()["window"] == "scheduled"
    path = f"/v1/offers/{created.json()['offer_id']}"
    await offers.Offers.of(market).refresh(market_stores.database)
    assert (await visitor.get(path)).status_code == 404
    assert "Later" not in await names(visitor, limit=100)
    with clock.at(start):
        assert (await visitor.get(path)).json()["status"] == "active"
        assert "Later" in await names(visitor, limit=100)
    with clock.at(end):
        assert (await visitor.get(path)).json()["status"] == "inactive"
        assert "Later" not in await names(visitor, limit=100)
