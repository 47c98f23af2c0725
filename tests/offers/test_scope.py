"""A manager of Jio and Vi: what such a role sees, changes and may not."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.make.offers import make, make_type, plain
from tests.offers.conftest import Headers


async def listed(visitor: httpx.AsyncClient, staff: Headers, **query: Any) -> list[str]:
    """The names of all offers that a list of the staff gives, page by page."""
    found: list[str] = []
    cursor: str | None = None
    while True:
        page = query | {"limit": 3} | ({"cursor": cursor} if cursor else {})
        answer = await visitor.get("/v1/offers/admin", params=page, headers=staff)
        assert answer.status_code == 200, answer.text
        found += [item["name"] for item in answer.json()["items"]]
        cursor = answer.json()["next_cursor"]
        if cursor is None:
            return found


@pytest.fixture
async def mark(visitor: httpx.AsyncClient, manager: Headers) -> str:
    """A word in the names of five offers that differ in their operators only."""
    mark = uuid4().hex
    for operators in (["JIO"], ["JIO", "VI"], ["JIO", "AIRTEL"], ["AIRTEL"], []):
        name = f"{mark} {'+'.join(operators) or 'all'}"
        await make(visitor, manager, name=name, conditions={"operators": operators})
    return mark


async def test_the_list_has_the_offers_that_are_for_operators_of_the_scope_alone(
    visitor: httpx.AsyncClient, manager: Headers, jio_manager: Headers, mark: str
) -> None:
    assert len(await listed(visitor, manager, search=mark)) == 5
    assert set(await listed(visitor, jio_manager, search=mark)) == {f"{mark} JIO", f"{mark} JIO+VI"}
    counted = await visitor.get(
        "/v1/offers/admin", params={"search": mark, "include_total": "true"}, headers=jio_manager
    )
    assert counted.json()["total"] == 2


async def test_what_is_out_of_scope_is_not_found(
    visitor: httpx.AsyncClient, manager: Headers, jio_manager: Headers
) -> None:
    for operators in (["AIRTEL"], ["JIO", "AIRTEL"], []):
        made = await make(visitor, manager, conditions={"operators": operators})
        path = f"/v1/offers/{made['offer_id']}"
        for answer in (
            await visitor.get(f"/v1/offers/admin/{made['offer_id']}", headers=jio_manager),
            await visitor.patch(path, headers=jio_manager, json={"name": "Mine now"}),
            await visitor.delete(path, headers=jio_manager),
        ):
            assert (answer.status_code, answer.json()["code"]) == (404, "offer_not_found")


async def test_a_limited_manager_works_on_offers_of_the_scope(
    visitor: httpx.AsyncClient, jio_manager: Headers
) -> None:
    made = await make(visitor, jio_manager, conditions={"operators": ["JIO", "VI"]})
    path = f"/v1/offers/{made['offer_id']}"
    narrower = {"conditions": {"operators": ["VI"]}}
    assert (await visitor.patch(path, headers=jio_manager, json=narrower)).status_code == 200
    assert (await visitor.delete(path, headers=jio_manager)).status_code == 204


@pytest.mark.parametrize("operators", [["AIRTEL"], ["JIO", "AIRTEL"], []])
async def test_nothing_is_made_or_moved_beyond_the_scope(
    visitor: httpx.AsyncClient, jio_manager: Headers, operators: list[str]
) -> None:
    beyond = {"conditions": {"operators": operators}}
    made = await visitor.post("/v1/offers", json=await plain(visitor, **beyond), headers=jio_manager)
    assert (made.status_code, made.json()["code"]) == (403, "operator_out_of_scope")
    mine = await make(visitor, jio_manager, conditions={"operators": ["JIO"]})
    moved = await visitor.patch(f"/v1/offers/{mine['offer_id']}", headers=jio_manager, json={**beyond})
    assert (moved.status_code, moved.json()["code"]) == (403, "operator_out_of_scope")
    read = await visitor.get(f"/v1/offers/admin/{mine['offer_id']}", headers=jio_manager)
    assert (read.json()["conditions"]["operators"], read.json()["version"]) == (["JIO"], 1)


async def test_types_are_seen_by_all_and_changed_by_those_who_have_all_operators(
    visitor: httpx.AsyncClient, manager: Headers, jio_manager: Headers
) -> None:
    kind = await make_type(visitor, manager)
    for operators in (["JIO"], ["AIRTEL"], []):
        await make(visitor, manager, offer_type_id=kind["offer_type_id"], conditions={"operators": operators})
    for staff, count in ((manager, 3), (jio_manager, 1)):
        answer = await visitor.get("/v1/offers/types/admin", params={"search": kind["name"]}, headers=staff)
        [item] = answer.json()["items"]
        assert item["offer_count"] == count
    path = f"/v1/offers/types/{kind['offer_type_id']}"
    for answer in (
        await visitor.post("/v1/offers/types", json={"name": "Ours"}, headers=jio_manager),
        await visitor.patch(path, json={"name": "Ours"}, headers=jio_manager),
        await visitor.delete(path, headers=jio_manager),
    ):
        assert (answer.status_code, answer.json()["code"]) == (403, "operator_scope_too_narrow")
